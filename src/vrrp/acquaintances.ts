/** Whom we have met on the LAN: the stations of neighbours, and who lately asked for which virtual address. */
import type { IpAddress } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import type { Instant, Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { EngineMemory } from "./memory.ts";
import type { Acquaintance } from "./watch-memory.ts";

/** More are not remembered: the oldest makes room. */
const MOST = 128;
/** A station known for longer may have another card by now. */
const STATION_AGE: Micros = seconds(600);
/** Who asked for an address may remember the answer for so long: the longest that routers usually keep it. */
const INTEREST_AGE: Micros = seconds(4 * 3600);

/** Notes where an address is; `wanted` is the virtual address that it asked for, if it did. */
export function meet(
  memory: EngineMemory,
  met: {
    readonly interface: string;
    readonly address: IpAddress;
    readonly mac: MacAddress;
    readonly wanted?: IpAddress | undefined;
  },
  at: Instant,
): void {
  const list = memory.acquaintances;
  const index = list.findIndex((one) => one.address === met.address && one.interface === met.interface);
  const [known] = index < 0 ? [] : list.splice(index, 1);
  const { interface: name, address, mac } = met;
  list.push({ interface: name, address, mac, wanted: met.wanted ?? known?.wanted, at });
  if (list.length > MOST) list.shift();
}

/** The station of an address, if it is known well enough. */
export function stationOf(
  memory: EngineMemory,
  name: string,
  address: IpAddress,
  now: Instant,
): MacAddress | undefined {
  const known = memory.acquaintances.find((one) => one.address === address && one.interface === name);
  return known !== undefined && now - known.at < STATION_AGE ? known.mac : undefined;
}

/** An address of the station's own, if it has been met: the latest. */
export function neighbourAt(memory: EngineMemory, name: string, mac: MacAddress): IpAddress | undefined {
  return memory.acquaintances.findLast((one) => one.mac === mac && one.interface === name)?.address;
}

/** Who asked for this address and may still remember the answer, the latest first. */
export function interestedIn(
  memory: EngineMemory,
  name: string,
  address: IpAddress,
  now: Instant,
): readonly Acquaintance[] {
  return memory.acquaintances
    .filter((one) => one.wanted === address && one.interface === name && now - one.at < INTEREST_AGE)
    .reverse();
}
