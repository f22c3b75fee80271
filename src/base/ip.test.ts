import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "./bytes.ts";
import {
  bytesToIp,
  compareIp,
  familyOf,
  ipAfter,
  ipDistance,
  ipLength,
  ipToBytes,
  ipv4ToNumber,
  isIpv6LinkLocal,
  isMulticast,
  maxPrefixLength,
  parseIp,
  parseIpPrefix,
  prefixContains,
  readIp,
  withoutHostBits,
} from "./ip.ts";

describe("parseIp", () => {
  it("gives the canonical text of RFC 5952", () => {
    const cases: readonly (readonly [string, string])[] = [
      // Section 4.1: leading zeros. 4.2.1: as short as possible. 4.2.2: no lone zero group.
      ["2001:0db8::0001", "2001:db8::1"],
      ["2001:db8:0:0:0:0:2:1", "2001:db8::2:1"],
      ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
      ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
      // 4.2.3: the longest run, the first of equals. 4.3: lower case.
      ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
      ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
      ["2001:DB8::ABCD", "2001:db8::abcd"],
      // The ends.
      ["0:0:0:0:0:0:0:0", "::"],
      ["0:0:0:0:0:0:0:1", "::1"],
      ["1:0:0:0:0:0:0:0", "1::"],
      ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
      ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
      ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
      // An embedded dotted quad is read but not written.
      ["::ffff:192.0.2.1", "::ffff:c000:201"],
      ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
      ["1:2:3:4:5:6:255.255.255.255", "1:2:3:4:5:6:ffff:ffff"],
      ["10.9.0.100", "10.9.0.100"],
      ["0.0.0.0", "0.0.0.0"],
      ["255.255.255.255", "255.255.255.255"],
    ];
    for (const [text, canonical] of cases) {
      expect(parseIp(text), text).toBe(canonical);
      expect(parseIp(canonical), canonical).toBe(canonical);
    }
  });

  it("refuses what is no address", () => {
    const wrong = [
      "",
      " ",
      "1",
      "1.2.3",
      "1.2.3.4.5",
      "1.2.3.256",
      "1.2.3.",
      ".1.2.3",
      "1..2.3",
      "1.2.3.04",
      "00.1.2.3",
      "1.2.3.0004",
      "1.2.3.4 ",
      "+1.2.3.4",
      "0x1.2.3.4",
      ":",
      ":::",
      "1:",
      ":1",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7:8::",
      "::1:2:3:4:5:6:7:8",
      "1::2::3",
      "1:::2",
      "12345::",
      "g::",
      "::1.2.3",
      "::1.2.3.4:5",
      "1.2.3.4::",
      "1:2:3:4:5:6:7:1.2.3.4",
      "fe80::1%eth0",
      "fe80::1/64",
      "[::1]",
      "::é",
    ];
    for (const text of wrong) expect(parseIp(text), JSON.stringify(text)).toBeUndefined();
  });
});

describe("parseIpPrefix", () => {
  it("takes the length apart, too long ones included", () => {
    expect(parseIpPrefix("10.0.0.1/24")).toEqual({ address: "10.0.0.1", prefixLength: 24 });
    expect(parseIpPrefix("10.0.0.1")).toEqual({ address: "10.0.0.1", prefixLength: undefined });
    expect(parseIpPrefix("FE80::1/129")).toEqual({ address: "fe80::1", prefixLength: 129 });
    for (const text of ["10.0.0.1/", "10.0.0.1/x", "10.0.0.1/-1", "10.0.0.1/1000", "/24", "10.0.0.1/24/1"]) {
      expect(parseIpPrefix(text), text).toBeUndefined();
    }
  });
});

describe("bytes of addresses", () => {
  it("are in network order", () => {
    expect(toHex(ipToBytes("10.9.0.100") ?? new Uint8Array())).toBe("0a090064");
    expect(toHex(ipToBytes("2001:db8::100") ?? new Uint8Array())).toBe("20010db8000000000000000000000100");
    expect(ipToBytes("ten")).toBeUndefined();
    expect(ipv4ToNumber("255.0.0.1")).toBe(0xff00_0001);
    expect(ipv4ToNumber("::1")).toBeUndefined();
  });

  it("are 4 or 16", () => {
    expect(bytesToIp(fromHex("e0000012"))).toBe("224.0.0.18");
    expect(bytesToIp(fromHex("ff020000000000000000000000000012"))).toBe("ff02::12");
    expect(() => bytesToIp(new Uint8Array(5))).toThrow(RangeError);
    expect([ipLength("ipv4"), ipLength("ipv6")]).toEqual([4, 16]);
    expect([maxPrefixLength("ipv4"), maxPrefixLength("ipv6")]).toEqual([32, 128]);
    expect([familyOf("1.2.3.4"), familyOf("::")]).toEqual(["ipv4", "ipv6"]);
  });

  it("are read in the middle of a packet", () => {
    expect(readIp(fromHex("ffff 0a090064 ff"), 2, "ipv4")).toBe("10.9.0.100");
    expect(readIp(fromHex("ff 20010db8000000000000000000000100 ff"), 1, "ipv6")).toBe("2001:db8::100");
  });
});

describe("compareIp", () => {
  it("goes by value, not by text", () => {
    expect(compareIp("10.0.0.9", "10.0.0.10")).toBeLessThan(0);
    expect(compareIp("192.0.2.1", "9.255.255.255")).toBeGreaterThan(0);
    expect(compareIp("fe80::9", "fe80::10")).toBeLessThan(0);
    expect(compareIp("fe80::1", "fe80::1")).toBe(0);
    expect(compareIp("255.255.255.255", "::")).toBeLessThan(0);
    expect(() => compareIp("10.0.0.1", "ten")).toThrow(RangeError);
  });
});

describe("kinds of addresses", () => {
  it("multicast is 224.0.0.0/4 and ff00::/8", () => {
    const multicast = ["224.0.0.18", "239.255.255.255", "ff02::12"];
    const other = ["223.255.255.255", "240.0.0.0", "255.255.255.255", "fe80::1", "::"];
    expect(multicast.filter(isMulticast)).toEqual(multicast);
    expect(other.filter(isMulticast)).toEqual([]);
  });

  it("link-local is fe80::/10", () => {
    expect(["fe80::1", "febf::1"].every(isIpv6LinkLocal)).toBe(true);
    expect(["fec0::1", "fe7f::1", "169.254.0.1", "::1"].some(isIpv6LinkLocal)).toBe(false);
  });
});

describe("prefixContains", () => {
  it("compares as many bits as the prefix has", () => {
    const within = (prefix: string, length: number, address: string): boolean =>
      prefixContains({ address: prefix, prefixLength: length }, address);
    expect(within("10.0.0.129", 25, "10.0.0.255")).toBe(true);
    expect(within("10.0.0.129", 25, "10.0.0.1")).toBe(false);
    expect(within("10.0.0.1", 32, "10.0.0.1")).toBe(true);
    expect(within("10.0.0.1", 32, "10.0.0.2")).toBe(false);
    expect(within("10.0.0.1", 0, "192.0.2.1")).toBe(true);
    expect(within("2001:db8::", 33, "2001:db8:7fff::1")).toBe(true);
    expect(within("2001:db8::", 33, "2001:db8:8000::1")).toBe(false);
    expect(within("::", 0, "10.0.0.1")).toBe(false);
  });
});

describe("addresses of a range", () => {
  it("follow each other over the bounds of octets", () => {
    expect(ipAfter("192.0.2.254", 3)).toBe("192.0.3.1");
    expect(ipAfter("2001:db8::fffe", 3)).toBe("2001:db8::1:1");
    expect(() => ipAfter("foo", 1)).toThrow(RangeError);
  });

  it("lie apart, where only the last 32 bits differ", () => {
    expect(ipDistance("192.0.2.254", "192.0.3.1")).toBe(3);
    expect(ipDistance("192.0.3.1", "192.0.2.254")).toBe(-3);
    expect(ipDistance("2001:db8::1", "2001:db9::1")).toBeUndefined();
    expect(ipDistance("192.0.2.1", "2001:db8::1")).toBeUndefined();
  });

  it("begin with that of their network", () => {
    expect(withoutHostBits("192.0.2.77", 26)).toBe("192.0.2.64");
    expect(withoutHostBits("2001:db8::abcd:1234", 112)).toBe("2001:db8::abcd:0");
  });
});
