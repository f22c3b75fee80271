/** Which address of ours the advertisements come from. */
import type { IpAddress } from "../base/ip.ts";
import { isIpv6LinkLocal } from "../base/ip.ts";
import type { VrrpInstanceModel } from "../model/model.ts";
import type { InterfaceAddress } from "./input.ts";
import { OWNER_PRIORITY } from "./timers.ts";

/** rtnetlink's scope of addresses that never leave the host. */
const SCOPE_HOST = 254;

/**
 * The configured address, else the interface's primary one: for IPv4 the first that is not secondary, for IPv6 a usable
 * link-local one. A virtual address (of any instance) is nobody's primary one, but for the owner, whose only address it
 * may be. Undefined: there is none, and the instance cannot speak.
 */
export function sourceAddressFor(
  model: VrrpInstanceModel,
  addresses: readonly InterfaceAddress[],
  virtual: ReadonlySet<IpAddress>,
): IpAddress | undefined {
  if (model.sourceAddress !== undefined) {
    const present = addresses.some((known) => known.address === model.sourceAddress && usable(known));
    return present || !model.trackSourceAddress ? model.sourceAddress : undefined;
  }
  const candidates = addresses.filter((known) => known.family === model.family && isPrimary(known));
  const own = candidates.find((known) => !virtual.has(known.address));
  if (own !== undefined) return own.address;
  return model.priority === OWNER_PRIORITY ? candidates[0]?.address : undefined;
}

function isPrimary(address: InterfaceAddress): boolean {
  if (address.family === "ipv6") return isIpv6LinkLocal(address.address) && usable(address);
  return !address.secondary && address.scope < SCOPE_HOST;
}

function usable(address: InterfaceAddress): boolean {
  return !address.tentative && !address.dadFailed;
}
