import { expect, it } from "vitest";
import type { TableDestination } from "../../director/table.ts";
import type { Endpoint } from "../../model/director-models.ts";
import {
  chainOf,
  endpointOf,
  isLocalServer,
  nftFamilyOf,
  readServerComment,
  readServiceComment,
  type ServiceHead,
  serverChainOf,
  serverComment,
  serverOf,
  serviceComment,
} from "./names.ts";

const ENDPOINTS: readonly Endpoint[] = [
  { kind: "address", protocol: "tcp", address: "10.0.0.1", port: 80 },
  { kind: "address", protocol: "sctp", address: "2001:db8::1", port: 0 },
  { kind: "fwmark", mark: 4_000_000_000, family: "ipv6" },
];

function server(address: string): TableDestination {
  return {
    address,
    port: 8080,
    family: address.includes(":") ? "ipv6" : "ipv4",
    forwarding: { method: "dr" },
    weight: 0,
    upperThreshold: 100,
    lowerThreshold: 0,
  };
}

it("names give services and servers back", () => {
  expect(ENDPOINTS.map(chainOf)).toEqual(["tcp/10.0.0.1/80", "sctp/2001-db8--1/0", "fwm/4000000000"]);
  for (const endpoint of ENDPOINTS) {
    const family = nftFamilyOf(endpoint);
    expect(endpointOf(chainOf(endpoint), family)).toEqual(endpoint);
    const address = family === "ip" ? "10.1.0.2" : "::2";
    const chain = serverChainOf(endpoint, server(address));
    expect(serverOf(chain, family)).toEqual({ service: chainOf(endpoint), address, port: 8080 });
  }
  expect(endpointOf("unserved", "ip")).toBeUndefined();
  expect(serverOf("tcp/10.0.0.1/80", "ip")).toBeUndefined();
});

it("comments give back all that the engine compares", () => {
  const [endpoint] = ENDPOINTS as readonly [Endpoint];
  const plain: ServiceHead = {
    endpoint,
    scheduler: "wrr",
    flags: { flag1: false, flag2: false, flag3: false },
    onePacket: false,
    persistence: undefined,
  };
  const full: ServiceHead = {
    ...plain,
    flags: { flag1: true, flag2: false, flag3: true },
    onePacket: true,
    persistence: { timeout: 300, prefixLength: 24, engine: "sip" },
  };
  expect(serviceComment(full)).toBe("wrr flags=101 ops persistent=300/24 engine=sip");
  for (const head of [plain, full]) expect(readServiceComment(endpoint, serviceComment(head))).toEqual(head);
  expect(readServiceComment(endpoint, "somebody else's")).toBeUndefined();
  const one = server("10.1.0.2");
  expect(serverComment(one, true)).toBe("dr weight=0 upper=100 local");
  expect(readServerComment(one, serverComment(one, true))).toEqual(one);
  expect([true, false].map((local) => isLocalServer(serverComment(one, local)))).toEqual([true, false]);
  expect(readServerComment(one, undefined)).toBeUndefined();
});
