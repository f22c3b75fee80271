/** Which address of ours the advertisements come from. */
import { present } from "../base/assert.ts";
import type { IpAddress } from "../base/ip.ts";
import { bytesToIp, isIpv6LinkLocal } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import { macToBytes } from "../base/mac.ts";
import { baseInterfaceOf } from "../model/keys.ts";
import type { VrrpInstanceModel } from "../model/model.ts";
import type { InterfaceAddress } from "./input.ts";
import type { Surroundings } from "./surroundings.ts";
import { addressesOn } from "./surroundings.ts";
import { OWNER_PRIORITY } from "./timers.ts";

/** rtnetlink's scope of addresses that never leave the host. */
const SCOPE_HOST = 254;

/** Whose address it is: a VMAC speaks with its base's, an ipvlan with its own. */
export function sourceInterfaceOf(model: VrrpInstanceModel): string {
  return model.virtualInterface?.kind === "ipvlan" ? model.interface : baseInterfaceOf(model);
}

/** Whether addresses of this interface may matter to the instance: all do where it belongs to none. */
export function livesBy(model: VrrpInstanceModel, name: string): boolean {
  return model.interface === "" || name === model.interface || name === baseInterfaceOf(model);
}

/**
 * The configured address, else the interface's primary one: for IPv4 the first that is not secondary, for IPv6 a usable
 * link-local one. A virtual address (of any instance) is nobody's primary one, but for the owner, whose only address it
 * may be. Undefined: there is none, and the instance cannot speak.
 */
export function sourceAddressFor(
  model: VrrpInstanceModel,
  surroundings: Surroundings,
  virtual: ReadonlySet<IpAddress>,
): IpAddress | undefined {
  const name = sourceInterfaceOf(model);
  const addresses = addressesOn(surroundings, name);
  if (model.sourceAddress !== undefined) {
    const there = addresses.some((known) => known.address === model.sourceAddress && usable(known));
    return there || !model.trackSourceAddress ? model.sourceAddress : undefined;
  }
  const candidates = addresses.filter((known) => known.family === model.family && isPrimary(known));
  const own = candidates.find((known) => !virtual.has(known.address));
  if (own !== undefined) return own.address;
  if (model.priority === OWNER_PRIORITY) return candidates[0]?.address;
  // A VMAC may speak with an address that nobody holds. One that is being checked for duplicates is waited for.
  const derives = model.family === "ipv6" && model.virtualInterface?.kind === "macvlan";
  if (!derives || addresses.some((known) => isIpv6LinkLocal(known.address))) return undefined;
  const mac = surroundings.links.get(name)?.mac;
  return mac === undefined ? undefined : linkLocalOf(mac);
}

/** The link-local address that follows from a MAC (RFC 4291 appendix A). */
function linkLocalOf(mac: MacAddress): IpAddress {
  const octets = macToBytes(mac);
  const at = (index: number): number => present(octets[index], "an octet of a MAC");
  const identifier = [at(0) ^ 2, at(1), at(2), 0xff, 0xfe, at(3), at(4), at(5)];
  return bytesToIp(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...identifier));
}

function isPrimary(address: InterfaceAddress): boolean {
  if (address.family === "ipv6") return isIpv6LinkLocal(address.address) && usable(address);
  return !address.secondary && address.scope < SCOPE_HOST;
}

function usable(address: InterfaceAddress): boolean {
  return !address.tentative && !address.dadFailed;
}
