/**
 * Damaged and forged advertisements: every kind that a receiver must not act on. A copy is damaged so that it cannot
 * be taken for a good one by chance.
 */

import { isMulticast } from "../src/base/ip.ts";
import type { Prng } from "../src/base/prng.ts";
import { readAdvert, withRightChecksum } from "./independent.ts";
import type { LanPacket } from "./network.ts";
import type { VrrpLanPacket } from "./packets.ts";
import { TRAILER_BYTES } from "./signatures.ts";

export type DamageKind =
  | "bit"
  | "checksum"
  | "hop-limit"
  | "cut"
  | "version"
  | "type"
  | "interval"
  | "password"
  | "vrid"
  | "signature";

const KINDS: readonly DamageKind[] = [
  "bit",
  "bit",
  "checksum",
  "checksum",
  "hop-limit",
  "cut",
  "version",
  "type",
  "interval",
  "password",
  "vrid",
  "signature",
];

/** Damages a copy of an advertisement in a way of the generator's choice; undefined where that way does not exist. */
export function corrupt(packet: LanPacket, random: Prng): { packet: LanPacket; damage: string } | undefined {
  if (packet.kind !== "vrrp") return undefined;
  const kind = random.pick(KINDS);
  const damaged = damageAs(kind, packet, random);
  return damaged === undefined ? undefined : { packet: damaged, damage: kind };
}

/** Damages an advertisement in the given way; undefined where that way does not exist for it. */
export function damageAs(kind: DamageKind, packet: VrrpLanPacket, random: Prng): VrrpLanPacket | undefined {
  if (packet.ipHeader !== undefined) return damageSealed(kind, packet, random);
  const payload = packet.payload.slice();
  const isV2 = (payload[0] ?? 0) >> 4 === 2;
  const resum = (): VrrpLanPacket => ({
    ...packet,
    payload: withRightChecksum(payload, packet.source, packet.destination, packet.family),
  });
  switch (kind) {
    case "bit": {
      // One bit: no Internet checksum misses that.
      const index = random.integer(0, payload.length - 1);
      payload[index] = (payload[index] ?? 0) ^ (1 << random.integer(0, 7));
      return stillBad({ ...packet, payload });
    }
    case "checksum":
      // A master of high priority, or one that gives up, but for the sum.
      payload[2] = random.pick([0, 254, 254]);
      return stillBad({ ...packet, payload });
    case "hop-limit":
      // Between peers it may come from anywhere.
      if (!isMulticast(packet.destination)) return undefined;
      payload[2] = 254;
      return { ...resum(), hopLimit: random.pick([1, 64, 254]) };
    case "cut":
      return { ...packet, payload: payload.slice(0, random.integer(0, messageLength(packet) - 1)) };
    case "version":
      payload[0] = isV2 ? 0x31 : 0x21;
      payload[2] = 254;
      return resum();
    case "type":
      payload[0] = ((payload[0] ?? 0) & 0xf0) | random.pick([0, 2, 15]);
      payload[2] = 254;
      return resum();
    case "interval":
      if (!isV2) return undefined;
      payload[5] = ((payload[5] ?? 0) % 200) + 1;
      payload[2] = 254;
      return resum();
    case "password": {
      if (!isV2) return undefined;
      const last = payload.length - 8;
      payload[last] = (payload[last] ?? 0) ^ 0x20;
      payload[4] = 1;
      payload[2] = 254;
      return resum();
    }
    case "signature":
      return forgeSigned(packet);
    case "vrid":
      payload[1] = ((payload[1] ?? 0) % 200) + 37;
      payload[2] = 254;
      return resum();
  }
}

/** Behind an Authentication Header nothing can be put right again. */
function damageSealed(kind: DamageKind, packet: VrrpLanPacket, random: Prng): VrrpLanPacket | undefined {
  const payload = packet.payload.slice();
  if (kind === "cut") return { ...packet, payload: payload.slice(0, random.integer(0, payload.length - 1)) };
  if (kind === "hop-limit") return undefined;
  const index = kind === "bit" ? random.integer(0, payload.length - 1) : random.integer(12, 26);
  payload[index] = (payload[index] ?? 0) ^ (1 << random.integer(0, 7));
  return { ...packet, payload };
}

/** A master of high priority, with the next number and all sums right, by somebody who has no key. */
function forgeSigned(packet: VrrpLanPacket): VrrpLanPacket | undefined {
  const payload = packet.payload.slice();
  const end = messageLength(packet);
  if (payload.length - end !== TRAILER_BYTES) return undefined;
  payload[2] = 254;
  payload[end + 11] = (payload[end + 11] ?? 0) + 1;
  const { source, destination, family } = packet;
  if (family === "ipv6")
    return { ...packet, payload: withRightChecksum(payload, source, destination, family) };
  payload.set(withRightChecksum(payload.slice(0, end), source, destination, family));
  return { ...packet, payload };
}

/** Without a trailer: cut off as a whole it would leave a sound message. */
function messageLength({ payload, source, destination, family }: VrrpLanPacket): number {
  return payload.length - (readAdvert(payload, source, destination, family)?.trailing ?? 0);
}

function stillBad(packet: VrrpLanPacket): VrrpLanPacket | undefined {
  const reading = readAdvert(packet.payload, packet.source, packet.destination, packet.family);
  return reading === undefined || reading.checksums.length === 0 ? packet : undefined;
}
