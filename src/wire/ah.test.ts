import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../base/bytes.ts";
import { AH_LENGTH, encodeAhPacket, isVrrpAh, peekAh, verifyAh } from "./ah.ts";
import { IPV4_MIN_HEADER_LENGTH } from "./ipv4.ts";
import { passwordToAuthData } from "./vrrp-auth.ts";

const KEY = passwordToAuthData("secret");
const MESSAGE = fromHex("2133960102013c5d 0a090064 0000000000000000");

/** As keepalived 2.2.7 sent its first packet. */
const CAPTURED =
  "70040000 0a090001 00000001 30eed98b248dccb53feb4de4 2133960102013c5d 0a090064 0000000000000000";

function packet(changes: Partial<Parameters<typeof encodeAhPacket>[1]> = {}): Uint8Array {
  const options = {
    source: "10.9.0.1",
    destination: "224.0.0.18",
    ttl: 255,
    identification: 1,
    sequence: 1,
    key: KEY,
  };
  return encodeAhPacket(MESSAGE, { ...options, ...changes });
}

function split(bytes: Uint8Array): [Uint8Array, Uint8Array] {
  return [bytes.subarray(0, IPV4_MIN_HEADER_LENGTH), bytes.subarray(IPV4_MIN_HEADER_LENGTH)];
}

describe("the Authentication Header", () => {
  it("is the one keepalived sends", () => {
    const [header, body] = split(packet());
    expect(toHex(body)).toBe(CAPTURED.replace(/ /g, ""));
    expect(toHex(header)).toBe("45c0004000010000ff3300000a090001e0000012");
  });

  it("verifies, whatever routers change on the way", () => {
    const [header, body] = split(packet());
    const changed = header.slice();
    changed.set([0x00], 1);
    changed.set([0x40, 0x00], 6);
    changed.set([0x12, 0x34], 10);
    expect(verifyAh(changed, body, KEY)).toBe(true);
  });

  it.each([
    ["the identification", 5],
    ["the TTL", 8],
    ["the source", 15],
    ["the sequence number", IPV4_MIN_HEADER_LENGTH + 11],
    ["the value", IPV4_MIN_HEADER_LENGTH + 12],
    ["the message", IPV4_MIN_HEADER_LENGTH + AH_LENGTH + 2],
  ])("does not verify with another byte in %s", (_, offset) => {
    const bytes = packet();
    bytes.set([(bytes[offset] ?? 0) ^ 1], offset);
    const [header, body] = split(bytes);
    expect(verifyAh(header, body, KEY)).toBe(false);
  });

  it("is the one keepalived sends to a unicast peer, whose TTL may change", () => {
    const message = fromHex("2133ff020201c8ed 0a090064 0a090065 0000000000000000");
    const options = { source: "10.9.0.1", ttl: 255, identification: 1, sequence: 1, key: KEY };
    const [header, body] = split(encodeAhPacket(message, { ...options, destination: "10.9.0.2" }));
    expect(toHex(body.subarray(12, 24))).toBe("d1be5c23a15dc6b98f4e9099");
    const routed = header.slice();
    routed[8] = 3;
    expect(verifyAh(routed, body, KEY)).toBe(true);
  });

  it("tells its fields", () => {
    const [, body] = split(packet({ sequence: 7 }));
    const header = peekAh(body);
    expect(header).toEqual({ nextHeader: 112, words: 4, spi: 0x0a090001, sequence: 7 });
    expect(header !== undefined && isVrrpAh(header)).toBe(true);
    expect(peekAh(body.subarray(0, AH_LENGTH - 1))).toBeUndefined();
  });
});
