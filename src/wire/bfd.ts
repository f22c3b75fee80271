/**
 * The BFD control packet (RFC 5880 section 4.1), carried by UDP to port 3784 (single hop, RFC 5881) or 4784 (multihop,
 * RFC 5883). Authentication sections are recognised, not read.
 *
 *      0               1               2               3
 *     +-----+---------+---+-----------+---------------+---------------+
 *     | ver | diag    |sta|P F C A D M| detect mult   | length        |
 *     +-----+---------+---+-----------+---------------+---------------+
 *     | my discriminator                                              |
 *     | your discriminator                                            |
 *     | desired min TX interval, microseconds                         |
 *     | required min RX interval, microseconds                        |
 *     | required min echo RX interval, microseconds                   |
 *     +---------------------------------------------------------------+
 */
import { readUint32, writeUint32 } from "../base/bytes.ts";
import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";
import type { Micros } from "../base/time.ts";

/** Bytes of a packet without an authentication section. */
export const BFD_LENGTH = 24;
/** With an authentication section there are at least these. */
const BFD_LENGTH_WITH_AUTHENTICATION = 26;
const BFD_VERSION = 1;
const HIGHEST_DIAGNOSTIC = 31;

/** RFC 5880 section 4.1, field Sta: the number on the wire is the place in this list. */
export const BFD_STATES = ["AdminDown", "Down", "Init", "Up"] as const;
export type BfdState = (typeof BFD_STATES)[number];

/** Diagnostic codes that are used here (RFC 5880 section 4.1, field Diag). */
export const BFD_DIAGNOSTIC_NONE = 0;
export const BFD_DIAGNOSTIC_TIME_EXPIRED = 1;
export const BFD_DIAGNOSTIC_NEIGHBOUR_DOWN = 3;
export const BFD_DIAGNOSTIC_ADMIN_DOWN = 7;

export interface BfdPacket {
  /** 0..31, why the sender's session was last not Up. */
  readonly diagnostic: number;
  readonly state: BfdState;
  readonly poll: boolean;
  readonly final: boolean;
  readonly controlPlaneIndependent: boolean;
  readonly demand: boolean;
  /** 1..255. */
  readonly multiplier: number;
  /** Not zero. */
  readonly myDiscriminator: number;
  /** Zero while the sender does not know ours. */
  readonly yourDiscriminator: number;
  readonly desiredMinTx: Micros;
  /** Zero: the sender wants no periodic packets. */
  readonly requiredMinRx: Micros;
  readonly requiredMinEchoRx: Micros;
}

/** What RFC 5880 section 6.8.6 says to discard for, before a session is looked for, in its order. */
export type BfdDecodeError =
  /** Fewer bytes than the mandatory section. */
  | "too-short"
  | "version"
  /** The length field is below the minimum for the A bit. */
  | "length"
  /** The length field exceeds the payload. */
  | "truncated"
  | "multiplier-zero"
  | "multipoint"
  | "my-discriminator-zero"
  /** Your Discriminator is zero, and the sender's state is neither Down nor AdminDown. */
  | "your-discriminator-zero"
  /** The A bit is set; no session here uses authentication. */
  | "authentication"
  /** Poll and Final exclude each other (section 6.5). */
  | "poll-and-final";

const POLL = 0x20;
const FINAL = 0x10;
const CONTROL_PLANE_INDEPENDENT = 0x08;
const AUTHENTICATION = 0x04;
const DEMAND = 0x02;
const MULTIPOINT = 0x01;

/** A packet with its meaning, or the first thing that is wrong with it. */
export function decodeBfd(bytes: Uint8Array): Result<BfdPacket, BfdDecodeError> {
  if (bytes.length < BFD_LENGTH) return fail("too-short");
  const first = bytes[0] ?? 0;
  const second = bytes[1] ?? 0;
  const multiplier = bytes[2] ?? 0;
  const length = bytes[3] ?? 0;
  if (first >>> 5 !== BFD_VERSION) return fail("version");
  if (length < ((second & AUTHENTICATION) === 0 ? BFD_LENGTH : BFD_LENGTH_WITH_AUTHENTICATION)) {
    return fail("length");
  }
  if (length > bytes.length) return fail("truncated");
  if (multiplier === 0) return fail("multiplier-zero");
  if ((second & MULTIPOINT) !== 0) return fail("multipoint");
  const myDiscriminator = readUint32(bytes, 4);
  const yourDiscriminator = readUint32(bytes, 8);
  const state = BFD_STATES[second >>> 6] ?? "AdminDown";
  if (myDiscriminator === 0) return fail("my-discriminator-zero");
  if (yourDiscriminator === 0 && (state === "Init" || state === "Up")) return fail("your-discriminator-zero");
  if ((second & AUTHENTICATION) !== 0) return fail("authentication");
  if ((second & (POLL | FINAL)) === (POLL | FINAL)) return fail("poll-and-final");
  return ok({
    diagnostic: first & HIGHEST_DIAGNOSTIC,
    state,
    poll: (second & POLL) !== 0,
    final: (second & FINAL) !== 0,
    controlPlaneIndependent: (second & CONTROL_PLANE_INDEPENDENT) !== 0,
    demand: (second & DEMAND) !== 0,
    multiplier,
    myDiscriminator,
    yourDiscriminator,
    desiredMinTx: readUint32(bytes, 12),
    requiredMinRx: readUint32(bytes, 16),
    requiredMinEchoRx: readUint32(bytes, 20),
  });
}

/** Writes a packet into `into`, which has at least {@link BFD_LENGTH} bytes, or into new bytes. */
export function encodeBfd(packet: BfdPacket, into: Uint8Array = new Uint8Array(BFD_LENGTH)): Uint8Array {
  into[0] = (BFD_VERSION << 5) | (packet.diagnostic & HIGHEST_DIAGNOSTIC);
  into[1] =
    (BFD_STATES.indexOf(packet.state) << 6) |
    (packet.poll ? POLL : 0) |
    (packet.final ? FINAL : 0) |
    (packet.controlPlaneIndependent ? CONTROL_PLANE_INDEPENDENT : 0) |
    (packet.demand ? DEMAND : 0);
  into[2] = packet.multiplier;
  into[3] = BFD_LENGTH;
  writeUint32(into, 4, packet.myDiscriminator);
  writeUint32(into, 8, packet.yourDiscriminator);
  writeUint32(into, 12, packet.desiredMinTx);
  writeUint32(into, 16, packet.requiredMinRx);
  writeUint32(into, 20, packet.requiredMinEchoRx);
  return into;
}
