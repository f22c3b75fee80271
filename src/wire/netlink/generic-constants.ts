/** Numbers of generic netlink (linux/genetlink.h), named as the kernel names them. */
export const NETLINK_GENERIC = 16;

/** The family that tells the numbers of the others. */
export const GENL_ID_CTRL = 16;
export const CTRL_CMD_NEWFAMILY = 1;
export const CTRL_CMD_GETFAMILY = 3;
export const CTRL_ATTR_FAMILY_ID = 1;
export const CTRL_ATTR_FAMILY_NAME = 2;
