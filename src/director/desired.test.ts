import { describe, expect, it } from "vitest";
import type { Endpoint, Forwarding } from "../model/director-models.ts";
import { portAt } from "./desired.ts";

const WEB: Endpoint = { kind: "address", protocol: "tcp", address: "192.0.2.1", port: 80 };
const MARK: Endpoint = { kind: "fwmark", mark: 7, family: "ipv4" };
const NAT: Forwarding = { method: "nat" };
const DR: Forwarding = { method: "dr" };

describe("the port of a server", () => {
  it.each([
    ["translated, one of its own", 8080, NAT, WEB, 8080],
    ["translated, none of its own", 0, NAT, WEB, 80],
    ["passed on as it is: the one that packets have", 8080, DR, WEB, 80],
    ["of a mark, translated", 8080, NAT, MARK, 8080],
    ["of a mark, passed on as it is", 8080, DR, MARK, 0],
  ])("%s", (_, port, forwarding, endpoint, expected) => {
    expect(portAt({ port, forwarding }, endpoint)).toBe(expected);
  });
});
