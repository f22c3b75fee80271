/** What a machine has from boot, and plain helpers around it. */
import type { IpAddress } from "../src/base/ip.ts";
import { bytesToIp, isMulticast } from "../src/base/ip.ts";
import type { MacAddress } from "../src/base/mac.ts";
import { bytesToMac } from "../src/base/mac.ts";
import type { VrrpModel } from "../src/model/model.ts";
import type { InterfaceAddress, LinkState, VrrpInput } from "../src/vrrp/input.ts";
import { neighbourSight } from "../src/wire/neighbour-sight.ts";
import { kernelAcceptsIpv6 } from "./independent.ts";
import type { FakeKernel } from "./kernel.ts";
import type { LanPacket } from "./network.ts";
import type { RouterSpec } from "./spec.ts";
import { LAN_INTERFACE } from "./spec.ts";

/** What to add to the simulated time for microseconds since 1970: 2026, give or take. */
export const WALL_CLOCK = 1_767_225_600_000_000;

/** The machine's own addresses. */
export function ownAddresses(spec: RouterSpec): InterfaceAddress[] {
  const own = (address: IpAddress, prefixLength: number, scope: number): InterfaceAddress => ({
    interface: LAN_INTERFACE,
    address,
    prefixLength,
    family: scope === 0 ? "ipv4" : "ipv6",
    scope,
    secondary: false,
    tentative: false,
    dadFailed: false,
  });
  return [own(spec.ipv4, 24, 0), own(spec.ipv6, 64, 253)];
}

/** One of its two links. */
export function linkState(spec: RouterSpec, name: string, running: boolean): LinkState {
  return { index: name === LAN_INTERFACE ? 2 : 3, name, up: true, running, mtu: 1500, mac: spec.mac };
}

/** A copy by way of text, as a process boundary makes it. */
export function clone<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** Someone deletes the first virtual address and the first route of each instance. Returns the addresses. */
export function deleteFirsts(kernel: FakeKernel, { instances }: VrrpModel): readonly IpAddress[] {
  const deleted: IpAddress[] = [];
  for (const { virtualAddresses, routing } of instances) {
    const [first] = virtualAddresses;
    if (first === undefined || !kernel.hasAddress(first.interface, first.address)) continue;
    deleted.push(first.address);
    kernel.deleteByOther(first.interface, first.address);
    const [item] = routing;
    if (item !== undefined) kernel.deleteRoutingByOther(item.key);
  }
  return deleted;
}

/** What the process is told of a packet that comes to the machine; undefined if that is nothing. */
export function hear(packet: LanPacket, spec: RouterSpec): VrrpInput | undefined {
  if (packet.kind !== "vrrp") return hearFrame(packet.bytes, spec.mac);
  const { family, source, destination, hopLimit, ipHeader } = packet;
  const isIpv6 = family === "ipv6";
  if (!isMulticast(destination) && destination !== spec[family]) return undefined;
  if (isIpv6 && !kernelAcceptsIpv6(packet.payload, source, destination)) return undefined;
  return {
    kind: "PacketReceived",
    interface: LAN_INTERFACE,
    family,
    source,
    destination,
    hopLimit,
    payload: packet.payload.slice(),
    checksumVerified: isIpv6,
    ...(ipHeader === undefined ? {} : { ipHeader: ipHeader.slice() }),
  };
}

/** As the card and the edge do: what is for another station is not heard, what is about nobody's address not told. */
function hearFrame(bytes: Uint8Array, mac: MacAddress): VrrpInput | undefined {
  const isForAll = ((bytes[0] ?? 0) & 1) !== 0;
  if (!isForAll && bytesToMac(bytes, 0) !== mac) return undefined;
  const ip = bytes.subarray(14);
  if (bytes[12] === 8 && bytes[13] === 0) {
    if (ip[9] !== 1 || ip[20] !== 0) return undefined;
    return { kind: "EchoAnswered", from: bytesToIp(ip.subarray(12, 16)), to: bytesToIp(ip.subarray(16, 20)) };
  }
  const sight = neighbourSight(bytes);
  return sight && { kind: "NeighbourSeen", interface: LAN_INTERFACE, ...sight };
}
