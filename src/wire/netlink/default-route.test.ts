import { describe, expect, it } from "vitest";
import { ipToBytes } from "../../base/ip.ts";
import {
  AF_INET,
  AF_INET6,
  RTA_GATEWAY,
  RTA_MULTIPATH,
  RTA_OIF,
  RTA_PRIORITY,
  RTA_TABLE,
  RTM_NEWADDR,
  RTM_NEWROUTE,
} from "./constants.ts";
import { decodeDefaultRoute } from "./default-route.ts";
import { writeHost16, writeHost32 } from "./host-order.ts";
import { MessageBuilder, splitMessages } from "./message.ts";

const bytesOf = (address: string): Uint8Array => ipToBytes(address) ?? new Uint8Array(0);

/** struct rtmsg: family, destination and source length, tos, table, protocol, scope, type. */
function route(
  family: number,
  changes: { destination?: number; routeType?: number; type?: number } = {},
): MessageBuilder {
  const { destination = 0, routeType = 1, type = RTM_NEWROUTE } = changes;
  const fixed = Uint8Array.of(family, destination, 0, 0, 254, 3, 0, routeType, 0, 0, 0, 0);
  return new MessageBuilder(type, 0, 1).fixed(fixed);
}

function decode(builder: MessageBuilder): ReturnType<typeof decodeDefaultRoute> {
  const [message] = splitMessages(builder.finish());
  return message && decodeDefaultRoute(message);
}

function hop(index: number, gateway: string): Uint8Array {
  const bytes = new Uint8Array(16);
  writeHost16(bytes, 0, 16);
  writeHost32(bytes, 4, index);
  writeHost16(bytes, 8, 8);
  writeHost16(bytes, 10, RTA_GATEWAY);
  bytes.set(bytesOf(gateway), 12);
  return bytes;
}

describe("decodeDefaultRoute", () => {
  it("reads gateway and interface, and tells routes apart by table and priority", () => {
    const plain = route(AF_INET).attribute(RTA_GATEWAY, bytesOf("10.9.0.254")).uint32(RTA_OIF, 2);
    const first = decode(plain);
    expect(first?.hops).toEqual([{ index: 2, gateway: "10.9.0.254" }]);
    const other = decode(route(AF_INET).uint32(RTA_TABLE, 100).uint32(RTA_PRIORITY, 5));
    expect(other?.hops).toEqual([]);
    expect(other?.key).not.toBe(first?.key);
  });

  it("reads all hops of a multipath route", () => {
    const hops = Uint8Array.from([...hop(2, "10.9.0.253"), ...hop(3, "10.8.0.254")]);
    expect(decode(route(AF_INET).attribute(RTA_MULTIPATH, hops))?.hops).toEqual([
      { index: 2, gateway: "10.9.0.253" },
      { index: 3, gateway: "10.8.0.254" },
    ]);
  });

  it("takes the hops of one IPv6 route for routes of their own", () => {
    const one = route(AF_INET6).attribute(RTA_GATEWAY, bytesOf("fe80::1")).uint32(RTA_OIF, 2);
    const two = route(AF_INET6).attribute(RTA_GATEWAY, bytesOf("fe80::2")).uint32(RTA_OIF, 2);
    expect(decode(one)?.hops).toEqual([{ index: 2, gateway: "fe80::1" }]);
    expect(decode(one)?.key).not.toBe(decode(two)?.key);
  });

  it("passes over other routes, other messages and damage", () => {
    expect(decode(route(AF_INET, { destination: 24 }))).toBeUndefined();
    expect(decode(route(AF_INET, { routeType: 6 }))).toBeUndefined();
    expect(decode(route(7))).toBeUndefined();
    expect(decode(route(AF_INET, { type: RTM_NEWADDR }))).toBeUndefined();
    expect(decode(route(AF_INET).attribute(RTA_OIF, Uint8Array.of(1)))).toBeUndefined();
    expect(decode(new MessageBuilder(RTM_NEWROUTE, 0, 1))).toBeUndefined();
  });
});
