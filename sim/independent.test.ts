import { expect, it } from "vitest";
import { fromHex } from "../src/base/bytes.ts";
import { Prng } from "../src/base/prng.ts";
import { corrupt } from "./corrupt.ts";
import { kernelAcceptsIpv6, readAdvert, withKernelChecksum, withRightChecksum } from "./independent.ts";
import type { LanPacket } from "./network.ts";
import { readClaim } from "./observer.ts";

const SOURCE = "10.9.0.1";
const GROUP = "224.0.0.18";

it.each([
  ["2133960100013e5d0a0900640000000000000000", 2, 1_000_000, "message-only", ""],
  ["213396020101f6a10a0900640a0900657365637265740000", 2, 1_000_000, "message-only", "secret"],
  ["31339601003243930a090064", 3, 500_000, "pseudo-header", ""],
  ["3133960100642dfa0a090064", 3, 1_000_000, "message-only", ""],
])("reads a captured message: %s", (hex, version, interval, checksum, password) => {
  const reading = readAdvert(fromHex(hex), SOURCE, GROUP, "ipv4");
  expect(reading).toMatchObject({
    version,
    type: 1,
    virtualRouterId: 51,
    priority: 150,
    interval,
    password,
    trailing: 0,
  });
  expect(reading?.addresses[0]).toBe("10.9.0.100");
  expect(reading?.checksums).toEqual([checksum]);
});

it("sums as an IPv6 stack does", () => {
  const addresses = "fe800000000000000000000000000051 20010db8000000000000000000000100";
  const message = fromHex(`313396020064f220 ${addresses}`);
  const source = "fe80::bc78:e4ff:fe5f:7ab3";
  expect(kernelAcceptsIpv6(message, source, "ff02::12")).toBe(true);
  expect(kernelAcceptsIpv6(message, "fe80::1", "ff02::12")).toBe(false);
  const blank = message.slice();
  blank.fill(0, 6, 8);
  expect(withKernelChecksum(blank, source, "ff02::12")).toEqual(message);
  expect(withRightChecksum(blank, source, "ff02::12", "ipv6")).toEqual(message);
});

it("damages messages so that no reading of the checksum passes them as they were sent", () => {
  const payload = fromHex("2133960100013e5d0a0900640000000000000000");
  const packet: LanPacket = {
    kind: "vrrp",
    family: "ipv4",
    source: SOURCE,
    destination: GROUP,
    hopLimit: 255,
    payload,
  };
  const random = new Prng(7);
  const seen = new Set<string>();
  for (let round = 0; round < 500; round++) {
    const damaged = corrupt(packet, random);
    if (damaged === undefined || damaged.packet.kind !== "vrrp") continue;
    seen.add(damaged.damage);
    const reading = readAdvert(damaged.packet.payload, SOURCE, GROUP, "ipv4");
    const isSound =
      reading !== undefined &&
      reading.checksums.length > 0 &&
      damaged.packet.hopLimit === 255 &&
      reading.version === 2 &&
      reading.type === 1 &&
      reading.virtualRouterId === 51 &&
      reading.interval === 1_000_000 &&
      reading.authType === 0;
    expect(isSound, damaged.damage).toBe(false);
  }
  expect(seen.size).toBe(9);
  expect(payload).toEqual(fromHex("2133960100013e5d0a0900640000000000000000"));
});

it("reads who claims an address, and refuses a frame that is not as it should be", () => {
  const arp =
    "ffffffffffff be78e45f7ab3 0806 0001 0800 06 04 0001 be78e45f7ab3 0a090064 ffffffffffff 0a090064";
  expect(readClaim(fromHex(arp))).toEqual({ address: "10.9.0.100", mac: "be:78:e4:5f:7a:b3" });
  expect(() => readClaim(fromHex(arp.replace("04 0001", "04 0002")))).toThrow("ARP header");
  expect(() => readClaim(fromHex(arp.replace(/0a090064$/, "0a090065")))).toThrow("differ");
  const target = "20010db8000000000000000000000100";
  const advertisement = (checksum: string): string =>
    `333300000001 be78e45f7ab3 86dd 60000000 0020 3a ff ${target} ff020000000000000000000000000001 ` +
    `8800 ${checksum} 20000000 ${target} 0201be78e45f7ab3`;
  expect(readClaim(fromHex(advertisement("dba1")))).toEqual({
    address: "2001:db8::100",
    mac: "be:78:e4:5f:7a:b3",
  });
  expect(() => readClaim(fromHex(advertisement("dba2")))).toThrow("checksum");
});
