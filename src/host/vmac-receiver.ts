/**
 * Hears the advertisements that carry our own virtual MAC as their source, which another router with that VMAC sends. The
 * kernel gives such multicast frames to the VMAC and to nobody else, not even to its base. A packet socket hears them
 * there without joining a group: a membership would be reported to the LAN with the virtual MAC, and switches would turn
 * the master's traffic to a backup.
 */
import type { IpFamily } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import type { OsError } from "../base/result.ts";
import { AH_PROTOCOL } from "../wire/ah.ts";
import { decodeEthernet } from "../wire/ethernet.ts";
import { decodeIpv4, readIpv4HeaderLength, verifyIpv4HeaderChecksum } from "../wire/ipv4.ts";
import { decodeIpv6 } from "../wire/ipv6.ts";
import { listen } from "./arp-socket.ts";
import type { Loop } from "./loop.ts";
import { ETH_P_IP, ETH_P_IPV6 } from "./socket.ts";
import type { ReceivedVrrp } from "./vrrp-socket.ts";

export interface VmacReceiverOptions {
  readonly interface: string;
  readonly index: number;
  readonly family: IpFamily;
  readonly mac: MacAddress;
  /** The interface that packets are said to come from: the base. */
  readonly base: string;
  readonly onError?: (error: OsError) => void;
}

const VRRP_PROTOCOL = 112;
const ETHERNET_HEADER = 14;
/** 255 IPv6 addresses, headers and trailer fit. */
const FRAME_SIZE = 4672;

/** Classic BPF, as in `arp-socket.ts`. */
const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const JUMP_EQUAL = 0x15;
const RETURN = 0x06;

/** Opens it; throws SystemError. What is passed on is valid only during the call. */
export function openVmacReceiver(
  loop: Loop,
  options: VmacReceiverOptions,
  onPacket: (packet: ReceivedVrrp) => void,
): { close(): void } {
  const { family } = options;
  const etherType = family === "ipv4" ? ETH_P_IP : ETH_P_IPV6;
  return listen(loop, options, etherType, filterFor(options, etherType), FRAME_SIZE, (frame) => {
    const packet = family === "ipv4" ? readIpv4(frame) : readIpv6(frame);
    if (packet !== undefined)
      onPacket({
        kind: "PacketReceived",
        ...packet,
        interface: options.base,
        family,
        checksumVerified: false,
      });
  });
}

type IpPacket = Omit<ReceivedVrrp, "kind" | "interface" | "family" | "checksumVerified">;

function readIpv4(frame: Uint8Array): IpPacket | undefined {
  const ethernet = decodeEthernet(frame);
  const packet = ethernet.ok ? decodeIpv4(ethernet.value.payload) : undefined;
  if (!ethernet.ok || packet === undefined || !packet.ok) return undefined;
  if (!verifyIpv4HeaderChecksum(ethernet.value.payload)) return undefined;
  const { source, destination, ttl, protocol, payload } = packet.value;
  const read = { source, destination, hopLimit: ttl, payload };
  if (protocol !== AH_PROTOCOL) return read;
  // The engine keeps what it is given of an authenticated header.
  return { ...read, ipHeader: ethernet.value.payload.slice(0, readIpv4HeaderLength(ethernet.value.payload)) };
}

function readIpv6(frame: Uint8Array): IpPacket | undefined {
  const ethernet = decodeEthernet(frame);
  const packet = ethernet.ok ? decodeIpv6(ethernet.value.payload) : undefined;
  if (packet === undefined || !packet.ok) return undefined;
  const { source, destination, hopLimit, payload } = packet.value;
  return { source, destination, hopLimit, payload };
}

/** Ethernet source our own MAC, this type of packet, protocol (or next header) VRRP or Authentication Header. */
function filterFor({ mac, family }: VmacReceiverOptions, etherType: number): Uint32Array {
  const digits = mac.replaceAll(":", "");
  const protocolAt = ETHERNET_HEADER + (family === "ipv4" ? 9 : 6);
  return Uint32Array.of(
    ...[LOAD_WORD, 0, 0, 6],
    ...[JUMP_EQUAL, 0, 8, Number.parseInt(digits.slice(0, 8), 16)],
    ...[LOAD_HALF, 0, 0, 10],
    ...[JUMP_EQUAL, 0, 6, Number.parseInt(digits.slice(8), 16)],
    ...[LOAD_HALF, 0, 0, 12],
    ...[JUMP_EQUAL, 0, 4, etherType],
    ...[LOAD_BYTE, 0, 0, protocolAt],
    ...[JUMP_EQUAL, 1, 0, VRRP_PROTOCOL],
    ...[JUMP_EQUAL, 0, 1, AH_PROTOCOL],
    ...[RETURN, 0, 0, FRAME_SIZE],
    ...[RETURN, 0, 0, 0],
  );
}
