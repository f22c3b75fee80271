/** Generic netlink: families get their numbers when they are registered, and one of them, the controller, tells them. */
import { AttributeReader } from "./attributes.ts";
import { NLM_F_ACK, NLM_F_REQUEST } from "./constants.ts";
import {
  CTRL_ATTR_FAMILY_ID,
  CTRL_ATTR_FAMILY_NAME,
  CTRL_CMD_GETFAMILY,
  CTRL_CMD_NEWFAMILY,
  GENL_ID_CTRL,
} from "./generic-constants.ts";
import type { NetlinkMessage } from "./message.ts";
import { MessageBuilder } from "./message.ts";

/** Bytes of struct genlmsghdr: command, version, two reserved. */
const GENERIC_HEADER = 4;
const CONTROLLER_VERSION = 1;

/** A request to a family, to be filled with attributes. */
export function genericRequest(
  family: number,
  command: number,
  version: number,
  flags: number,
  sequence: number,
): MessageBuilder {
  return new MessageBuilder(family, NLM_F_REQUEST | flags, sequence).fixed(
    Uint8Array.of(command, version, 0, 0),
  );
}

/** The command of a message and its attributes; undefined for another family's, and for what is cut off. */
export function readGeneric(
  message: NetlinkMessage,
  family: number,
): { readonly command: number; readonly attributes: AttributeReader } | undefined {
  const { bytes, body, end } = message;
  const command = bytes[body];
  if (message.type !== family || body + GENERIC_HEADER > end || command === undefined) return undefined;
  return { command, attributes: new AttributeReader(bytes, body + GENERIC_HEADER, end) };
}

/** Asks for a family's number. The kernel loads its module where there is one, else it answers ENOENT. */
export function encodeFamilyQuestion(name: string, sequence: number): Uint8Array {
  return genericRequest(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CONTROLLER_VERSION, NLM_F_ACK, sequence)
    .text(CTRL_ATTR_FAMILY_NAME, name)
    .finish();
}

/** The family's number in the controller's answer; undefined for other messages. */
export function decodeFamily(message: NetlinkMessage): number | undefined {
  const answer = readGeneric(message, GENL_ID_CTRL);
  if (answer?.command !== CTRL_CMD_NEWFAMILY) return undefined;
  const { attributes } = answer;
  let family: number | undefined;
  while (attributes.next()) if (attributes.type === CTRL_ATTR_FAMILY_ID) family = attributes.uint16();
  return attributes.error === undefined ? family : undefined;
}
