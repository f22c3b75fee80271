import { describe, expect, it } from "vitest";
import type {
  FoundDestination,
  FoundService,
  TableDestination,
  TableService,
  TableStatistics,
} from "../director/table.ts";
import type { Endpoint } from "../model/director-models.ts";
import { plainPaint } from "./style.ts";
import { tableRows } from "./table-rows.ts";
import { tableLines } from "./table-text.ts";

const STATISTICS: TableStatistics = {
  connections: 12,
  packetsIn: 40,
  packetsOut: 30,
  bytesIn: 4_000,
  bytesOut: 3_000,
  connectionRate: 7,
  packetRateIn: 21,
  packetRateOut: 22,
  byteRateIn: 1_023,
  byteRateOut: 24_000,
};
const NO_FLAGS = { flag1: false, flag2: false, flag3: false };

function destination(address: string, more: Partial<TableDestination> = {}): TableDestination {
  return {
    address,
    port: 80,
    family: address.includes(":") ? "ipv6" : "ipv4",
    forwarding: { method: "dr" },
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    ...more,
  };
}

function service(
  endpoint: Endpoint,
  destinations: readonly TableDestination[],
  more: Partial<TableService> = {},
): TableService {
  return {
    endpoint,
    scheduler: "rr",
    flags: NO_FLAGS,
    onePacket: false,
    persistence: undefined,
    destinations,
    ...more,
  };
}

function tcp(address: string): Endpoint {
  return { kind: "address", protocol: "tcp", address, port: 80 };
}

/** As the kernel would tell it. */
function found(one: TableService): FoundService {
  const destinations = one.destinations.map(
    (destination): FoundDestination => ({
      ...destination,
      activeConnections: 3,
      inactiveConnections: 14,
      persistentConnections: 0,
      statistics: STATISTICS,
    }),
  );
  return { ...one, destinations, statistics: STATISTICS };
}

function text(
  programmed: readonly TableService[] | undefined,
  kernel: readonly FoundService[],
  rates = false,
): string[] {
  const lines = tableLines("IP Virtual Server version 1.2.1 (size=4096)", tableRows(programmed, kernel), {
    paint: plainPaint,
    rates,
  });
  return lines.slice(1);
}

const HEAD = [
  "Prot LocalAddress:Port Scheduler Flags",
  "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn",
];

describe("the forwarding table", () => {
  it("looks as ipvsadm prints it, in its order", () => {
    const table = [
      service({ kind: "fwmark", mark: 6, family: "ipv6" }, [destination("fd00:8:1::1", { port: 0 })]),
      service({ kind: "fwmark", mark: 5, family: "ipv4" }, [destination("10.8.1.1", { port: 0 })], {
        scheduler: "wlc",
      }),
      service(
        { kind: "address", protocol: "tcp", address: "fd00:8::1", port: 443 },
        [destination("fd00:8:1::1", { port: 8443, forwarding: { method: "nat" } })],
        { persistence: { timeout: 30, prefixLength: 64, engine: undefined } },
      ),
      service({ kind: "address", protocol: "sctp", address: "10.8.0.3", port: 2905 }, []),
      service({ kind: "address", protocol: "udp", address: "10.8.0.2", port: 5060 }, [], {
        onePacket: true,
        persistence: { timeout: 90, prefixLength: 20, engine: "sip" },
      }),
      service(tcp("10.8.0.11"), [destination("10.8.1.10"), destination("10.8.1.9")], {
        scheduler: "sh",
        flags: { flag1: true, flag2: true, flag3: false },
      }),
      service(tcp("10.8.0.4"), [], {
        flags: { flag1: false, flag2: true, flag3: true },
        persistence: { timeout: 360, prefixLength: 32, engine: undefined },
      }),
    ];
    expect(text(undefined, table.map(found))).toEqual([
      ...HEAD,
      "TCP  10.8.0.4:80 rr (flag-2,flag-3) persistent 360",
      "TCP  10.8.0.11:80 sh (sh-fallback,sh-port)",
      "  -> 10.8.1.9:80                  Route   1      3          14",
      "  -> 10.8.1.10:80                 Route   1      3          14",
      "UDP  10.8.0.2:5060 rr persistent 90 mask 255.255.240.0 pe sip ops",
      "SCTP 10.8.0.3:2905 rr",
      "TCP  [fd00:8::1]:443 rr persistent 30 mask 64",
      "  -> [fd00:8:1::1]:8443           Masq    1      3          14",
      "FWM  5 wlc",
      "  -> 10.8.1.1:0                   Route   1      3          14",
      "FWM  6 IPv6 rr",
      "  -> [fd00:8:1::1]:0              Route   1      3          14",
    ]);
  });

  it("says what a tunnel is made of", () => {
    const gue = { method: "tun", type: "gue", port: 6080, checksum: "remcsum" } as const;
    const plain = { method: "tun", type: "ipip", port: undefined, checksum: "none" } as const;
    const one = service(tcp("10.8.0.1"), [
      destination("10.8.1.1", { forwarding: gue }),
      destination("10.8.1.2", { forwarding: plain }),
    ]);
    expect(text([one], [found(one)]).slice(3)).toEqual([
      "  -> 10.8.1.1:80                  Tunnel  1      3          14          # gue:6080 remcsum".replace(
        / +#/,
        "  #",
      ),
      "  -> 10.8.1.2:80                  Tunnel  1      3          14",
    ]);
  });

  it("has rates behind each line where they are asked for", () => {
    const one = service(tcp("10.8.0.1"), [destination("10.8.1.1")]);
    expect(text([one], [found(one)], true)).toEqual([
      HEAD[0],
      "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn       CPS    InPPS   OutPPS    InBPS   OutBPS",
      "TCP  10.8.0.1:80 rr                                                           7       21       22     1023    24000",
      "  -> 10.8.1.1:80                  Route   1      3          14                7       21       22     1023    24000",
    ]);
  });

  it("says nothing where the kernel has what was programmed", () => {
    const one = service(tcp("10.8.0.1"), [destination("10.8.1.1")]);
    expect(text([one], [found(one)]).join("\n")).not.toContain("#");
  });

  it("marks what is missing, changed, and somebody else's", () => {
    const programmed = [
      service(tcp("10.8.0.1"), [destination("10.8.1.1", { weight: 3 }), destination("10.8.1.2")]),
      service(tcp("10.8.0.2"), [destination("10.8.1.1")]),
    ];
    const kernel = [
      service(
        tcp("10.8.0.1"),
        [
          destination("10.8.1.1", { forwarding: { method: "nat" }, upperThreshold: 5 }),
          destination("10.8.1.3"),
        ],
        { scheduler: "wlc" },
      ),
      service(tcp("10.8.0.3"), [destination("10.8.1.9")]),
    ];
    expect(text(programmed, kernel.map(found)).slice(2)).toEqual([
      "TCP  10.8.0.1:80 wlc  # programmed: rr",
      "  -> 10.8.1.1:80                  Masq    1      3          14  # programmed: Route; programmed: weight 3, not 1; programmed: upper limit 0, not 5",
      "  -> 10.8.1.2:80                  Route   1      -          -  # not in the kernel",
      "  -> 10.8.1.3:80                  Route   1      3          14  # not ours",
      "TCP  10.8.0.2:80 rr  # not in the kernel",
      "  -> 10.8.1.1:80                  Route   1      -          -  # not in the kernel",
      "TCP  10.8.0.3:80 rr  # not ours",
      "  -> 10.8.1.9:80                  Route   1      3          14  # not ours",
      "",
      "differs from what is programmed: 3 missing, 2 changed, 3 not ours",
    ]);
  });
});
