import { describe, expect, it } from "vitest";
import { fromHex } from "../base/bytes.ts";
import { BROADCAST_MAC } from "../base/mac.ts";
import { encodeArpQuestion, encodeGratuitousArp } from "./arp.ts";
import { encodeNeighbourQuestion, encodeUnsolicitedNeighbourAdvertisement } from "./ndisc.ts";
import { neighbourSight } from "./neighbour-sight.ts";

const MAC = "be:78:e4:5f:7a:b3";
const OTHER = "02:00:00:00:00:09";

describe("neighbourSight", () => {
  it("reads announcements: the sender is the target", () => {
    const arp = { operation: "ask", sender: "10.9.0.100", target: "10.9.0.100", mac: MAC, to: BROADCAST_MAC };
    expect(neighbourSight(encodeGratuitousArp("10.9.0.100", MAC))).toEqual(arp);
    const frame = encodeUnsolicitedNeighbourAdvertisement("2001:db8::100", MAC, false);
    expect(neighbourSight(frame)).toEqual({
      operation: "answer",
      sender: "2001:db8::100",
      target: "2001:db8::100",
      mac: MAC,
      to: "33:33:00:00:00:01",
    });
  });

  it("reads questions: who asks, for whom, and where he is", () => {
    const question = { address: "10.9.0.100", mac: MAC, target: "10.9.0.9", destination: OTHER };
    expect(neighbourSight(encodeArpQuestion(question))).toEqual({
      operation: "ask",
      sender: "10.9.0.100",
      target: "10.9.0.9",
      mac: MAC,
      to: OTHER,
    });
    const solicitation = { address: "fe80::1", mac: MAC, target: "2001:db8::ab:cdef", teaches: true };
    expect(neighbourSight(encodeNeighbourQuestion(solicitation))).toEqual({
      operation: "ask",
      sender: "fe80::1",
      target: "2001:db8::ab:cdef",
      mac: MAC,
      to: "33:33:ff:ab:cd:ef",
    });
  });

  it("takes the station of a solicitation that does not tell it from its frame", () => {
    const question = { address: "fe80::1", mac: MAC, target: "fe80::2", destination: OTHER, teaches: false };
    expect(neighbourSight(encodeNeighbourQuestion(question))).toMatchObject({ mac: MAC, to: OTHER });
  });

  it("finds no sender in a probe, and nothing in other frames and in noise", () => {
    const probe = "ffffffffffffbe78e45f7ab308060001080006040001be78e45f7ab3000000000000000000000a090064";
    expect(neighbourSight(fromHex(probe))).toMatchObject({ sender: undefined, target: "10.9.0.100" });
    expect(neighbourSight(fromHex("ffffffffffffbe78e45f7ab30800"))).toBeUndefined();
    expect(neighbourSight(fromHex("ffffffffffffbe78e45f7ab386dd6000"))).toBeUndefined();
    expect(neighbourSight(new Uint8Array(3))).toBeUndefined();
  });
});
