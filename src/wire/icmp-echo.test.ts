import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../base/bytes.ts";
import { decodeEthernet, ETHERTYPE_IPV4 } from "./ethernet.ts";
import { encodeEchoQuestion, isOwnEchoReply } from "./icmp-echo.ts";
import { decodeIpv4, verifyIpv4HeaderChecksum } from "./ipv4.ts";

describe("an echo question", () => {
  it("is a whole frame that every host answers", () => {
    const frame = decodeEthernet(
      encodeEchoQuestion({
        address: "10.9.0.100",
        mac: "be:78:e4:5f:7a:b3",
        target: "10.9.0.254",
        destination: "02:00:00:00:00:fe",
      }),
    );
    if (!frame.ok) throw new Error("no frame");
    expect(frame.value).toMatchObject({ destination: "02:00:00:00:00:fe", etherType: ETHERTYPE_IPV4 });
    expect(verifyIpv4HeaderChecksum(frame.value.payload)).toBe(true);
    const packet = decodeIpv4(frame.value.payload);
    if (!packet.ok) throw new Error("no packet");
    expect(packet.value).toMatchObject({
      source: "10.9.0.100",
      destination: "10.9.0.254",
      protocol: 1,
      ttl: 64,
    });
    // Type 8, its checksum, our identifier.
    expect(toHex(packet.value.payload)).toBe("0800958a62750000");
  });

  it("is known again by its answer", () => {
    expect(isOwnEchoReply(fromHex("00009d8a62750000"))).toBe(true);
    expect(isOwnEchoReply(fromHex("0800958a62750000"))).toBe(false);
    expect(isOwnEchoReply(fromHex("0000000012340000"))).toBe(false);
    expect(isOwnEchoReply(fromHex("00009d8a6275"))).toBe(false);
  });
});
