/** Rates of a table whose data plane only counts: what was added since the last look, a second. */
import type { Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { FoundService, TableStatistics } from "../director/table.ts";
import { destinationKey, endpointKey } from "./table-rows.ts";

const RATES = [
  ["connectionRate", "connections"],
  ["packetRateIn", "packetsIn"],
  ["packetRateOut", "packetsOut"],
  ["byteRateIn", "bytesIn"],
  ["byteRateOut", "bytesOut"],
] as const satisfies readonly (readonly [keyof TableStatistics, keyof TableStatistics])[];

/** Rates that the data plane measures itself stay; what was not there at the last look has none. */
export function withRates(
  found: readonly FoundService[],
  before: readonly FoundService[],
  elapsed: Micros,
): readonly FoundService[] {
  const services = new Map(before.map((service) => [endpointKey(service.endpoint), service]));
  return found.map((service) => {
    const old = services.get(endpointKey(service.endpoint));
    const servers = new Map(old?.destinations.map((one) => [destinationKey(one), one.statistics]));
    return {
      ...service,
      statistics: rated(service.statistics, old?.statistics, elapsed),
      destinations: service.destinations.map((one) => ({
        ...one,
        statistics: rated(one.statistics, servers.get(destinationKey(one)), elapsed),
      })),
    };
  });
}

function rated(
  statistics: TableStatistics,
  before: TableStatistics | undefined,
  elapsed: Micros,
): TableStatistics {
  const rates: { -readonly [Field in keyof TableStatistics]?: TableStatistics[Field] } = {};
  for (const [rate, counter] of RATES) {
    const [now, then] = [statistics[counter], before?.[counter]];
    if (statistics[rate] !== undefined || now === undefined || then === undefined || elapsed <= 0) continue;
    // Counters of a table that was made anew begin again.
    rates[rate] = Math.round((Math.max(0, now - then) * seconds(1)) / elapsed);
  }
  return { ...statistics, ...rates };
}
