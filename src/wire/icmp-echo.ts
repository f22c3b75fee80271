/** Echo requests and replies over IPv4 (RFC 792): a question whose answer finds its way by what the neighbour believes. */
import { readUint16, writeUint16 } from "../base/bytes.ts";
import { finishChecksum, sumWords } from "../base/checksum.ts";
import type { IpAddress } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import { ETHERTYPE_IPV4, encodeEthernet } from "./ethernet.ts";
import { encodeIpv4 } from "./ipv4.ts";

export const ICMP_PROTOCOL = 1;
export const ICMP_ECHO_REPLY = 0;
const ICMP_ECHO_REQUEST = 8;
/** Tells our echoes from those of others on this host. */
const IDENTIFIER = 0x6275;
const LENGTH = 8;
const TTL = 64;

/** The whole frame of an echo request from `address` at `mac` to a neighbour at a known station. */
export function encodeEchoQuestion(question: {
  readonly address: IpAddress;
  readonly mac: MacAddress;
  readonly target: IpAddress;
  readonly destination: MacAddress;
}): Uint8Array {
  const { address, mac, target, destination } = question;
  const message = new Uint8Array(LENGTH);
  message[0] = ICMP_ECHO_REQUEST;
  writeUint16(message, 4, IDENTIFIER);
  writeUint16(message, 2, finishChecksum(sumWords(message)));
  const payload = encodeIpv4({
    tos: 0,
    identification: 0,
    dontFragment: true,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: TTL,
    protocol: ICMP_PROTOCOL,
    source: address,
    destination: target,
    options: new Uint8Array(0),
    payload: message,
  });
  return encodeEthernet({ destination, source: mac, etherType: ETHERTYPE_IPV4, payload });
}

/** Whether an ICMP message answers a question of ours. */
export function isOwnEchoReply(message: Uint8Array): boolean {
  return message.length >= LENGTH && message[0] === ICMP_ECHO_REPLY && readUint16(message, 4) === IDENTIFIER;
}
