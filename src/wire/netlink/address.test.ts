import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../base/bytes.ts";
import { decodeAddress, encodeAddAddress, encodeRemoveAddress } from "./address.ts";
import type { AddressRequest } from "./facts.ts";
import { splitMessages } from "./message.ts";

/** As rtnetlink tells it: 10.77.0.2/24 added to lo beside 10.77.0.1/24, label lo:x (little-endian). */
const NOTIFICATION =
  "50000000 1400 0000 07000000 d2040000 02188000 01000000" +
  "0800 0100 0a4d0002 0800 0200 0a4d0002 0900 0300 6c6f3a7800 000000" +
  "0800 0800 81000000 1400 0600 ffffffff ffffffff 00000000 00000000";

function decodeOnly(bytes: Uint8Array): ReturnType<typeof decodeAddress> {
  const [message] = splitMessages(bytes);
  return message === undefined ? undefined : decodeAddress(message);
}

describe("addresses of rtnetlink", () => {
  it("decodes what the kernel says", () => {
    const bytes = fromHex(NOTIFICATION);
    bytes[0] = bytes.length;
    expect(decodeOnly(bytes)).toEqual({
      index: 1,
      address: "10.77.0.2",
      prefixLength: 24,
      family: "ipv4",
      scope: 0,
      flags: 0x81,
      secondary: true,
      tentative: false,
      dadFailed: false,
      permanent: true,
      label: "lo:x",
    });
  });

  it("lays an IPv4 address out byte for byte", () => {
    const bytes = encodeAddAddress(
      { index: 2, address: "10.9.0.100", prefixLength: 24, broadcast: "10.9.0.255", label: "eth0:1" },
      5,
    );
    expect(toHex(bytes)).toBe(
      [
        "44000000140005050500000000000000", // length, RTM_NEWADDR, REQUEST|ACK|REPLACE|CREATE, sequence
        "0218000002000000",
        "080002000a090064",
        "080001000a090064",
        "080004000a0900ff",
        "0b000300657468303a310000",
        "05000b0012000000",
      ].join(""),
    );
  });

  it("puts the peer and its prefix where point-to-point addresses have them", () => {
    const request: AddressRequest = {
      index: 2,
      address: "10.9.0.100",
      prefixLength: 32,
      peer: "10.8.0.1",
      peerPrefixLength: 30,
    };
    expect(decodeOnly(encodeAddAddress(request, 1))).toMatchObject({
      address: "10.9.0.100",
      peer: "10.8.0.1",
      prefixLength: 30,
    });
    expect(toHex(encodeRemoveAddress(request, 1)).slice(32, 40)).toBe("021e0000");
  });

  it.each([
    ["nodad", 0x02],
    ["home", 0x10],
    ["mngtmpaddr", 0x100],
    ["noprefixroute", 0x200],
    ["autojoin", 0x400],
  ] as const)("sets the bit of %s", (flag, bit) => {
    const request: AddressRequest = { index: 2, address: "2001:db8::1", prefixLength: 64, flags: [flag] };
    expect(decodeOnly(encodeAddAddress(request, 1))?.flags).toBe(bit);
  });

  it("takes the first bit for secondary in IPv4 only: in IPv6 it means temporary", () => {
    const bytes = encodeAddAddress({ index: 2, address: "2001:db8::1", prefixLength: 64 }, 1);
    bytes[18] = 0x01;
    expect(decodeOnly(bytes)).toMatchObject({ flags: 1, secondary: false });
  });

  it("gives a preferred lifetime of zero beside a validity for ever", () => {
    const request: AddressRequest = {
      index: 2,
      address: "2001:db8::1",
      prefixLength: 128,
      preferredLifetime: 0,
    };
    expect(toHex(encodeAddAddress(request, 1))).toContain("14000600" + "00000000" + "ffffffff");
  });

  it("refuses a mixture of families", () => {
    const request: AddressRequest = {
      index: 2,
      address: "10.0.0.1",
      prefixLength: 24,
      peer: "2001:db8::1",
    };
    expect(() => encodeAddAddress(request, 1)).toThrow("differ in family");
  });
});
