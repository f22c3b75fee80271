import { expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import type { FoundService, TableStatistics } from "../director/table.ts";
import { UNMEASURED } from "../host/nft/reader.ts";
import { withRates } from "./table-rates.ts";

function service(statistics: Partial<TableStatistics>): FoundService {
  const counted = { ...UNMEASURED, ...statistics };
  return {
    endpoint: { kind: "address", protocol: "tcp", address: "10.0.0.1", port: 80 },
    scheduler: "rr",
    flags: { flag1: false, flag2: false, flag3: false },
    onePacket: false,
    persistence: undefined,
    statistics: counted,
    destinations: [
      {
        address: "10.1.0.1",
        port: 80,
        family: "ipv4",
        forwarding: { method: "nat" },
        weight: 1,
        upperThreshold: 0,
        lowerThreshold: 0,
        activeConnections: 0,
        inactiveConnections: 0,
        persistentConnections: 0,
        statistics: counted,
      },
    ],
  };
}

/** Of the service and its only server, which count alike here. */
function rates(now: Partial<TableStatistics>, before: readonly FoundService[]): TableStatistics | undefined {
  const [found] = withRates([service(now)], before, seconds(2));
  expect(found?.destinations[0]?.statistics).toEqual(found?.statistics);
  return found?.statistics;
}

it("are what was added since the last look, a second", () => {
  expect(rates({ connections: 150 }, [service({ connections: 50 })])).toEqual({
    ...UNMEASURED,
    connections: 150,
    connectionRate: 50,
  });
  expect(rates({ bytesIn: 10_000 }, [service({ bytesIn: 0 })])?.byteRateIn).toBe(5_000);
});

it("are unknown of what was not there, and none of a table that was made anew", () => {
  expect(rates({ connections: 150 }, [])?.connectionRate).toBeUndefined();
  expect(rates({ connections: 3 }, [service({ connections: 50 })])?.connectionRate).toBe(0);
});

it("are those of the data plane where it measures them", () => {
  const now = { connections: 150, connectionRate: 7 };
  expect(rates(now, [service({ connections: 50 })])?.connectionRate).toBe(7);
});
