/**
 * What a subject sent, as comparable text. Nothing here uses buoy's codecs. Left out of the comparison: the IP
 * identification, the sequence number and check value of an AH, ARP requests that ask for somebody else, and
 * answers to such questions.
 */
import type { CapturedFrame } from "../support/pcap.ts";

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_IPV6 = 0x86dd;
const PROTOCOL_AH = 51;
const PROTOCOL_ICMPV6 = 58;
const BROADCAST = "ff:ff:ff:ff:ff:ff";

/** tcpdump's filter for what is compared. */
export const CAPTURE_FILTER = "proto 112 or proto 51 or ip6 proto 112 or arp or (icmp6 and ip6[40] == 136)";

/**
 * What a step brought on the wire: which kind came first, new advertisements and then announcements in the order of their
 * first appearance (of several instances one does not wait for another's), and the advertisements that were sent to the
 * step's end. Announcements are `counted` unless another master was on the LAN, when chance decides how often they are
 * repeated. `before` are those sent to the end of the step before: that they are sent once more says nothing.
 */
export function summarise(
  frames: readonly CapturedFrame[],
  before: ReadonlySet<string>,
  lastingSince: number,
  counted: boolean,
): { readonly lines: string[]; readonly lasting: ReadonlySet<string> } {
  const counts = new Map<string, number>();
  const lasting = new Set<string>();
  for (const { at, bytes } of frames) {
    const text = describe(bytes);
    if (text === undefined) continue;
    if (text.startsWith("advert") && at >= lastingSince) lasting.add(text);
    if (!before.has(text)) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const texts = [...counts.keys()];
  const lines = texts.slice(0, 1).map((text) => `first: ${text.split(" ")[0]}`);
  lines.push(...texts.filter((text) => text.startsWith("advert")));
  for (const text of texts)
    if (text.startsWith("announce")) lines.push(counted ? `${text} x${counts.get(text)}` : text);
  lines.push(...[...lasting].sort().map((text) => `at the end: ${text}`));
  return { lines, lasting };
}

function describe(frame: Uint8Array): string | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const ends = `${mac(frame.subarray(6, 12))} > ${mac(frame.subarray(0, 6))}`;
  const packet = frame.subarray(14);
  switch (view.getUint16(12)) {
    case ETHERTYPE_ARP:
      return describeArp(packet, ends);
    case ETHERTYPE_IPV4:
      return describeIpv4(packet, ends);
    case ETHERTYPE_IPV6:
      return describeIpv6(packet, ends);
    default:
      return undefined;
  }
}

function describeArp(packet: Uint8Array, ends: string): string | undefined {
  const sender = ipv4(packet.subarray(14, 18));
  if (!ends.endsWith(BROADCAST)) return undefined;
  if (sender !== ipv4(packet.subarray(24, 28))) return undefined;
  return `announce ${sender} ${ends} ${hex(packet.subarray(0, 28))}`;
}

function describeIpv4(packet: Uint8Array, ends: string): string {
  const headerLength = ((packet[0] ?? 0) & 15) * 4;
  const length = (packet[2] ?? 0) * 256 + (packet[3] ?? 0);
  const payload = packet.slice(headerLength, length);
  // After the four bytes of lengths and reserved bits come the SPI, the sequence number and the check value.
  if (packet[9] === PROTOCOL_AH) payload.fill(0, 8, 24);
  const header = `tos ${packet[1]} ttl ${packet[8]} proto ${packet[9]}`;
  const addresses = `${ipv4(packet.subarray(12, 16))} > ${ipv4(packet.subarray(16, 20))}`;
  return `advert ${addresses} ${header} ${ends} ${hex(payload)}`;
}

function describeIpv6(packet: Uint8Array, ends: string): string | undefined {
  const neighbour = packet[6] === PROTOCOL_ICMPV6;
  // To one host it is the kernel's answer to that host's question.
  if (neighbour && packet[24] !== 0xff) return undefined;
  const length = (packet[4] ?? 0) * 256 + (packet[5] ?? 0);
  const payload = hex(packet.subarray(40, 40 + length));
  const addresses = `${hex(packet.subarray(8, 24))} > ${hex(packet.subarray(24, 40))}`;
  const kind = neighbour ? "announce" : "advert";
  return `${kind} ${addresses} class ${hex(packet.subarray(0, 2))} hops ${packet[7]} ${ends} ${payload}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function mac(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function ipv4(bytes: Uint8Array): string {
  return bytes.join(".");
}
