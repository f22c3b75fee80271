/** What the rules of virtual servers read of a packet, by family: where it stands in the headers, and how long it is. */
import { TYPE_IPV4, TYPE_IPV6 } from "../../wire/netlink/nftables.ts";
import type { NftExpression, NftFamily } from "../../wire/netlink/nftables-expressions.ts";
import { word } from "../../wire/netlink/nftables-expressions.ts";

/** nft's numbers of types; a concatenation has six bits for each. */
const TYPE_PROTOCOL = 12;
const TYPE_PORT = 13;
const ADDRESS_TYPES = { ip: TYPE_IPV4, ip6: TYPE_IPV6 } as const;
const ADDRESS_LENGTHS = { ip: 4, ip6: 16 } as const;
const SOURCES = { ip: 12, ip6: 8 } as const;
const DESTINATIONS = { ip: 16, ip6: 24 } as const;
/** The register that no key below reaches: a server's number. */
export const SERVER_REGISTER = word(12);
export const ICMP = { ip: 1, ip6: 58 } as const;
const PORT_LENGTH = 2;
const TCP_FLAGS_OFFSET = 13;

/** Keys of maps: how a packet's is loaded from the first register on, and what the map is told of it. */
export interface KeyShape {
  readonly type: number;
  readonly length: number;
  readonly load: readonly NftExpression[];
}

type Part = "protocol" | "source" | "sourcePort" | "destination" | "destinationPort";

/** Protocol, address and port of a service. */
export function serviceKeyShape(family: NftFamily): KeyShape {
  return shape(family, ["protocol", "destination", "destinationPort"]);
}

/** The same without a port: services of all ports. */
export function addressKeyShape(family: NftFamily): KeyShape {
  return shape(family, ["protocol", "destination"]);
}

const ICMP_HEADER = 8;
const ICMP_UNREACHABLE = 3;
/** Without options, which would move what stands behind it. */
const IPV4_START = 0x45;

/**
 * The key of the connection that an ICMP error is about: of the packet in it, which a server sent, with its ends the other way
 * round.
 */
export function errorKey(family: NftFamily): readonly NftExpression[] {
  const at = (offset: number, length: number, index: number): NftExpression => {
    return {
      kind: "payload",
      base: "transport",
      offset: ICMP_HEADER + offset,
      length,
      register: word(index),
    };
  };
  const type: NftExpression = { kind: "payload", base: "transport", offset: 0, length: 1, register: word(0) };
  const is = (byte: number): NftExpression => ({
    kind: "equals",
    bytes: Uint8Array.of(byte),
    register: word(0),
  });
  if (family === "ip")
    return [
      ...isProtocol(ICMP.ip),
      ...[type, is(ICMP_UNREACHABLE)],
      ...[at(0, 1, 0), is(IPV4_START)],
      ...[at(9, 1, 0), at(16, 4, 1), at(22, 2, 2), at(12, 4, 3), at(20, 2, 4)],
    ];
  return [
    ...isProtocol(ICMP.ip6),
    // Errors that end a connection or make its packets smaller: 1 to 3.
    ...[type, { kind: "mask", bytes: Uint8Array.of(0xfc), register: word(0) } as const, is(0)],
    ...[at(6, 1, 0), at(24, 16, 1), at(42, 2, 5), at(8, 16, 6), at(40, 2, 10)],
  ];
}

export function connectionKeyShape(family: NftFamily): KeyShape {
  return shape(family, ["protocol", "source", "sourcePort", "destination", "destinationPort"]);
}

/** A client's network of this prefix length. */
export function clientKeyShape(family: NftFamily, prefixLength: number): KeyShape {
  const key = shape(family, ["source"]);
  const bytes = Uint8Array.from({ length: key.length }, (_, index) => {
    const bits = Math.min(8, Math.max(0, prefixLength - index * 8));
    return (0xff << (8 - bits)) & 0xff;
  });
  if (prefixLength >= key.length * 8) return key;
  return { ...key, load: [...key.load, { kind: "mask", bytes, register: word(0) }] };
}

export function hashKeyShape(family: NftFamily, by: "client" | "service", withPort: boolean): KeyShape {
  if (by === "service") return shape(family, ["destination"]);
  return shape(family, withPort ? ["source", "sourcePort"] : ["source"]);
}

/** The packet is of this protocol. */
export function isProtocol(number: number): readonly NftExpression[] {
  return [
    { kind: "meta", key: "l4proto", register: word(0) },
    { kind: "equals", bytes: Uint8Array.of(number), register: word(0) },
  ];
}

/** Of these flags of a TCP header, exactly these are set, or others. */
export function tcpFlags(mask: number, kind: "equals" | "differs", flags: number): readonly NftExpression[] {
  const register = word(0);
  return [
    { kind: "payload", base: "transport", offset: TCP_FLAGS_OFFSET, length: 1, register },
    { kind: "mask", bytes: Uint8Array.of(mask), register },
    { kind, bytes: Uint8Array.of(flags), register },
  ];
}

function shape(family: NftFamily, parts: readonly Part[]): KeyShape {
  let type = 0;
  let length = 0;
  const load: NftExpression[] = [];
  for (const part of parts) {
    const register = word(length / 4);
    load.push(loadPart(family, part, register));
    const isAddress = part === "source" || part === "destination";
    type = (type << 6) | typeOf(family, part);
    length += isAddress ? ADDRESS_LENGTHS[family] : 4;
  }
  return { type, length, load };
}

function typeOf(family: NftFamily, part: Part): number {
  if (part === "protocol") return TYPE_PROTOCOL;
  return part === "source" || part === "destination" ? ADDRESS_TYPES[family] : TYPE_PORT;
}

function loadPart(family: NftFamily, part: Part, register: number): NftExpression {
  switch (part) {
    case "protocol":
      return { kind: "meta", key: "l4proto", register };
    case "source":
      return network(SOURCES[family], family, register);
    case "destination":
      return network(DESTINATIONS[family], family, register);
    case "sourcePort":
      return { kind: "payload", base: "transport", offset: 0, length: PORT_LENGTH, register };
    case "destinationPort":
      return { kind: "payload", base: "transport", offset: 2, length: PORT_LENGTH, register };
  }
}

function network(offset: number, family: NftFamily, register: number): NftExpression {
  return { kind: "payload", base: "network", offset, length: ADDRESS_LENGTHS[family], register };
}
