/** What a host does to advertisements on their way between a process and the LAN. */
import type { SendAdvertisement, VrrpAction } from "../src/vrrp/action.ts";
import type { PacketReceived } from "../src/vrrp/input.ts";
import { withKernelChecksum } from "./independent.ts";
import type { LanPacket } from "./network.ts";
import { AH_BYTES, IP_HEADER_BYTES, splitAhPacket } from "./signatures.ts";

export type VrrpLanPacket = Extract<LanPacket, { kind: "vrrp" }>;

/** The packet as it is on the LAN. */
export function packetOf(action: SendAdvertisement): VrrpLanPacket {
  const { family, from: source, to: destination, hopLimit } = action;
  const about = { kind: "vrrp" as const, family, source, destination, hopLimit };
  if (action.ah === true) {
    const { ipHeader, body } = splitAhPacket(action.payload);
    // The kernel fills in the header's sum.
    ipHeader.fill(0x5a, 10, 12);
    return { ...about, payload: body, ipHeader };
  }
  const payload =
    family === "ipv6" ? withKernelChecksum(action.payload, source, destination) : action.payload.slice();
  return { ...about, payload };
}

/** The VRRP message within a packet. */
export function messageOf({ payload, ipHeader }: Pick<PacketReceived, "payload" | "ipHeader">): Uint8Array {
  return ipHeader === undefined ? payload : payload.subarray(AH_BYTES);
}

/** The priority that an advertisement of ours names. */
export function priorityOf({ ah, payload }: SendAdvertisement): number | undefined {
  return payload[ah === true ? IP_HEADER_BYTES + AH_BYTES + 2 : 2];
}

/** The advertisements of one instance, under the name it has now. */
export function advertsOf(actions: readonly VrrpAction[], instance: string): SendAdvertisement[] {
  return actions.filter(
    (action): action is SendAdvertisement =>
      action.kind === "SendAdvertisement" && action.instance === instance,
  );
}
