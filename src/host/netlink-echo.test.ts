import { expect, test } from "vitest";
import { familyOf } from "../base/ip.ts";
import type { AddressFact } from "../wire/netlink/facts.ts";
import type { NetlinkMessage } from "../wire/netlink/message.ts";
import { EchoFilter } from "./netlink-echo.ts";

const PORT = 4711;
const IPV6 = "2001:db8::100";

function fact(address: string): AddressFact {
  const rest = { scope: 0, flags: 0, secondary: false, tentative: false, dadFailed: false, permanent: true };
  return { index: 2, address, prefixLength: 64, family: familyOf(address), ...rest };
}

/** What the kernel says of IPv6: no port, no sequence. */
function message(port = 0, sequence = 0): NetlinkMessage {
  return { type: 20, flags: 0, sequence, port, bytes: new Uint8Array(0), body: 0, end: 0 };
}

function added(succeeded: boolean, address = IPV6): EchoFilter {
  const filter = new EchoFilter(PORT);
  filter.expect("add", { index: 2, address, prefixLength: 64 }, 1);
  filter.forget(1, succeeded);
  return filter;
}

test("an IPv6 addition told after its acknowledgement is ours, once", () => {
  const filter = added(true);
  expect(filter.isEcho("add", message(), fact(IPV6))).toBe(true);
  expect(filter.isEcho("add", message(), fact(IPV6))).toBe(false);
});

test("after a refused addition, or another address, it is somebody else's", () => {
  expect(added(false).isEcho("add", message(), fact(IPV6))).toBe(false);
  expect(added(true).isEcho("add", message(), fact("2001:db8::101"))).toBe(false);
  expect(added(true).isEcho("remove", message(), fact(IPV6))).toBe(false);
});

test("an addition told in time is not waited for again", () => {
  const filter = new EchoFilter(PORT);
  filter.expect("add", { index: 2, address: IPV6, prefixLength: 64 }, 1);
  expect(filter.isEcho("add", message(), fact(IPV6))).toBe(true);
  filter.forget(1, true);
  expect(filter.isEcho("add", message(), fact(IPV6))).toBe(false);
});

test("a removal of ours ends the wait for the addition", () => {
  const filter = added(true);
  filter.expect("remove", { index: 2, address: IPV6, prefixLength: 64 }, 2);
  filter.forget(2, true);
  expect(filter.isEcho("add", message(), fact(IPV6))).toBe(false);
});

test("IPv4 is told by port, sequence and address, and nothing is waited for", () => {
  const filter = new EchoFilter(PORT);
  filter.expect("add", { index: 2, address: "10.9.0.100", prefixLength: 24 }, 1);
  expect(filter.isEcho("add", message(PORT, 1), fact("10.9.0.100"))).toBe(true);
  expect(filter.isEcho("add", message(PORT, 1), fact("10.9.0.101"))).toBe(false);
  expect(filter.isCausedByUs(message(PORT, 1)), "whatever the address").toBe(true);
  expect(filter.isCausedByUs(message(PORT, 2))).toBe(false);
  expect(filter.isCausedByUs(message())).toBe(false);
  filter.forget(1, true);
  expect(filter.isCausedByUs(message(PORT, 1))).toBe(false);
  expect(filter.isEcho("add", message(PORT, 1), fact("10.9.0.100"))).toBe(false);
  expect(filter.isEcho("add", message(), fact("10.9.0.100"))).toBe(false);
});
