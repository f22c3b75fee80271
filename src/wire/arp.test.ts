import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../base/bytes.ts";
import {
  ARP_REPLY,
  ARP_REQUEST,
  decodeArp,
  encodeArp,
  encodeArpQuestion,
  encodeGratuitousArp,
} from "./arp.ts";
import { decodeEthernet, ETHERTYPE_ARP } from "./ethernet.ts";

const MAC = "be:78:e4:5f:7a:b3";
/** Captured from keepalived. */
const GOLDEN =
  "ffffffffffff be78e45f7ab3 0806 0001 0800 06 04 0001 be78e45f7ab3 0a090064 ffffffffffff 0a090064";

describe("gratuitous ARP", () => {
  it("is a broadcast request whose target hardware address is the broadcast address", () => {
    expect(toHex(encodeGratuitousArp("10.9.0.100", MAC))).toBe(toHex(fromHex(GOLDEN)));
  });

  it("is read as what it claims", () => {
    const frame = decodeEthernet(fromHex(GOLDEN));
    expect(frame).toMatchObject({ ok: true, value: { source: MAC, etherType: ETHERTYPE_ARP } });
    expect(decodeArp(fromHex(GOLDEN).subarray(14))).toEqual({
      ok: true,
      value: {
        operation: ARP_REQUEST,
        senderMac: MAC,
        senderAddress: "10.9.0.100",
        targetMac: "ff:ff:ff:ff:ff:ff",
        targetAddress: "10.9.0.100",
      },
    });
  });
});

describe("a question", () => {
  const question = { address: "10.9.0.100", mac: MAC, target: "10.9.0.254" };
  const payload = `08060001080006040001 be78e45f7ab3 0a090064 000000000000 0a0900fe`.replaceAll(" ", "");

  it("is a request by the address for its target, to everybody or to one station", () => {
    expect(toHex(encodeArpQuestion(question))).toBe(`ffffffffffffbe78e45f7ab3${payload}`);
    const destination = "02:00:00:00:00:fe";
    expect(toHex(encodeArpQuestion({ ...question, destination }))).toBe(`0200000000febe78e45f7ab3${payload}`);
  });
});

describe("decodeArp", () => {
  const reply = {
    operation: ARP_REPLY,
    senderMac: MAC,
    senderAddress: "10.9.0.2",
    targetMac: "02:00:00:00:00:01",
    targetAddress: "10.9.0.1",
  };

  it("ignores padding", () => {
    const padded = new Uint8Array(46);
    padded.set(encodeArp(reply));
    expect(decodeArp(padded)).toEqual({ ok: true, value: reply });
  });

  it("names what is wrong", () => {
    const bytes = encodeArp(reply);
    expect(decodeArp(bytes.subarray(0, 27))).toEqual({ ok: false, error: "too-short" });
    for (const index of [0, 1, 2, 3, 4, 5]) {
      const other = bytes.slice();
      other[index] = (other[index] ?? 0) ^ 1;
      expect(decodeArp(other), `byte ${index}`).toEqual({ ok: false, error: "not-ipv4-over-ethernet" });
    }
  });

  it("has no packet for IPv6 addresses", () => {
    expect(() => encodeGratuitousArp("fe80::1", MAC)).toThrow("no IPv4 address");
  });
});
