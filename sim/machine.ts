/** What a machine has from boot, and plain helpers around it. */
import type { IpAddress } from "../src/base/ip.ts";
import type { InterfaceAddress, LinkState } from "../src/vrrp/input.ts";
import type { RouterSpec } from "./spec.ts";
import { LAN_INTERFACE } from "./spec.ts";

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
