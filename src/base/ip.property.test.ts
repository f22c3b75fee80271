import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IpAddress } from "./ip.ts";
import { bytesToIp, compareIp, ipToBytes, parseIp } from "./ip.ts";

/** Bytes with many zero groups, where RFC 5952 has something to decide. */
const ipv6Bytes = fc
  .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])));
const ipv4Bytes = fc.uint8Array({ minLength: 4, maxLength: 4 });
const address = fc.oneof(ipv4Bytes, ipv6Bytes).map((bytes) => bytesToIp(bytes));

/** Another program's canonical text: the URL standard compresses as RFC 5952 does. */
function canonicalByUrl(text: string): IpAddress {
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

/** Texts that are addresses, nearly addresses, or made of the same characters. */
const likely = fc.oneof(
  address,
  fc
    .tuple(address, fc.nat(40), fc.constantFrom("", ":", ".", "0", "f", "::", "1.2", "g"))
    .map(([text, at, piece]) => text.slice(0, at) + piece + text.slice(at + 1)),
  fc
    .array(fc.constantFrom("0", "1", "9", "a", "F", ":", "::", ".", "255"), { maxLength: 20 })
    .map((p) => p.join("")),
  fc
    .tuple(
      fc.array(
        fc.nat(0xffff).map((n) => n.toString(16)),
        { maxLength: 7 },
      ),
      ipv4Bytes,
    )
    .map(([groups, quad]) => `${groups.join(":")}::${quad.join(".")}`),
);

describe("IP addresses", () => {
  it("survive bytes, text and bytes again", () => {
    fc.assert(
      fc.property(fc.oneof(ipv4Bytes, ipv6Bytes), (bytes) => {
        const text = bytesToIp(bytes);
        expect(ipToBytes(text)).toEqual(bytes);
        expect(parseIp(text)).toBe(text);
      }),
    );
  });

  it("are exactly the texts that inet_pton takes", () => {
    fc.assert(
      fc.property(likely, (text) => {
        expect(parseIp(text) !== undefined).toBe(isIPv4(text) || isIPv6(text));
      }),
      { numRuns: 3000 },
    );
  });

  it("are shortened as the URL standard does", () => {
    fc.assert(
      fc.property(ipv6Bytes, fc.boolean(), (bytes, upper) => {
        const long = bytesToGroups(bytes);
        expect(parseIp(upper ? long.toUpperCase() : long)).toBe(canonicalByUrl(long));
      }),
      { numRuns: 1000 },
    );
  });

  it("have a total order, that of their bytes", () => {
    fc.assert(
      fc.property(address, address, address, (a, b, c) => {
        expect(Math.sign(compareIp(a, b))).toBe(-Math.sign(compareIp(b, a)) + 0);
        expect(compareIp(a, b) === 0).toBe(a === b);
        if (compareIp(a, b) <= 0 && compareIp(b, c) <= 0) expect(compareIp(a, c)).toBeLessThanOrEqual(0);
        expect(Math.sign(compareIp(a, b))).toBe(compareByHex(a, b));
      }),
      { numRuns: 1000 },
    );
  });
});

function bytesToGroups(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  return (hex.match(/.{4}/g) ?? []).join(":");
}

function compareByHex(a: IpAddress, b: IpAddress): number {
  const [left, right] = [a, b].map((text) => {
    const hex = Buffer.from(ipToBytes(text) ?? []).toString("hex");
    return `${String(hex.length).padStart(2, "0")}${hex}`;
  });
  if (left === undefined || right === undefined || left === right) return 0;
  return left < right ? -1 : 1;
}
