/** Requests to make, change and remove interfaces; all ask for an acknowledgement. */
import { macToBytes } from "../../base/mac.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_AF_SPEC,
  IFLA_GROUP,
  IFLA_IFNAME,
  IFLA_INET_CONF,
  IFLA_INET6_ADDR_GEN_MODE,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_IPVLAN_FLAGS,
  IFLA_IPVLAN_MODE,
  IFLA_LINK,
  IFLA_LINKINFO,
  IFLA_MACVLAN_MODE,
  IFLA_MASTER,
  IPVLAN_MODE_L2,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  RTM_DELLINK,
  RTM_NEWLINK,
} from "./constants.ts";
import type { Ipv4Setting, LinkChange, LinkRequest } from "./facts.ts";
import { writeHost32 } from "./host-order.ts";
import { IPV4_SETTING_NUMBERS, IPVLAN_FLAGS, MACVLAN_MODES } from "./link.ts";
import { MessageBuilder } from "./message.ts";

/** Makes an interface, down. EEXIST where the name is taken. */
export function encodeCreateLink(request: LinkRequest, sequence: number): Uint8Array {
  const builder = begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sequence, 0)
    .text(IFLA_IFNAME, request.name)
    .uint32(IFLA_LINK, request.parent);
  if (request.mac !== undefined) builder.attribute(IFLA_ADDRESS, macToBytes(request.mac));
  if (request.group !== undefined) builder.uint32(IFLA_GROUP, request.group);
  if (request.master !== undefined) builder.uint32(IFLA_MASTER, request.master);
  return builder
    .nested(IFLA_LINKINFO, (info) =>
      info.text(IFLA_INFO_KIND, request.kind).nested(IFLA_INFO_DATA, (data) => {
        if (request.kind === "macvlan") data.uint32(IFLA_MACVLAN_MODE, MACVLAN_MODES[request.mode]);
        else
          data.uint16(IFLA_IPVLAN_MODE, IPVLAN_MODE_L2).uint16(IFLA_IPVLAN_FLAGS, IPVLAN_FLAGS[request.mode]);
      }),
    )
    .finish();
}

/**
 * Changes flags and settings. The settings of IPv4 go to the kernel directly, so that a /proc/sys that may not be written
 * (a container's) does not keep them from being set.
 */
export function encodeChangeLink(change: LinkChange, sequence: number): Uint8Array {
  const { addressGeneration, ipv4 } = change;
  const builder = begin(RTM_NEWLINK, 0, sequence, change.index, change.up === true ? IFF_UP : 0);
  if (addressGeneration === undefined && ipv4 === undefined) return builder.finish();
  return builder
    .nested(IFLA_AF_SPEC, (families) => {
      if (ipv4 !== undefined) {
        families.nested(AF_INET, (family) =>
          family.nested(IFLA_INET_CONF, (settings) => {
            for (const [setting, value] of Object.entries(ipv4))
              settings.uint32(IPV4_SETTING_NUMBERS[setting as Ipv4Setting], value);
          }),
        );
      }
      if (addressGeneration !== undefined) {
        families.nested(AF_INET6, (family) => family.uint8(IFLA_INET6_ADDR_GEN_MODE, addressGeneration));
      }
    })
    .finish();
}

export function encodeRemoveLink(index: number, sequence: number): Uint8Array {
  return begin(RTM_DELLINK, 0, sequence, index).finish();
}

/** `raised` are the flags of the interface that are to be set. */
function begin(type: number, flags: number, sequence: number, index: number, raised = 0): MessageBuilder {
  const fixed = new Uint8Array(16);
  fixed[0] = AF_UNSPEC;
  writeHost32(fixed, 4, index);
  writeHost32(fixed, 8, raised);
  writeHost32(fixed, 12, raised);
  return new MessageBuilder(type, NLM_F_REQUEST | NLM_F_ACK | flags, sequence).fixed(fixed);
}
