import { describe, expect, it } from "vitest";
import { fromHex } from "../base/bytes.ts";
import { encodeGratuitousArp } from "../wire/arp.ts";
import { encodeUnsolicitedNeighbourAdvertisement } from "../wire/ndisc.ts";
import { neighbourClaim } from "./neighbour-claim.ts";

const MAC = "be:78:e4:5f:7a:b3";

describe("neighbourClaim", () => {
  it("reads gratuitous ARP and neighbour advertisements", () => {
    expect(neighbourClaim(encodeGratuitousArp("10.9.0.100", MAC))).toEqual({
      address: "10.9.0.100",
      mac: MAC,
    });
    const frame = encodeUnsolicitedNeighbourAdvertisement("2001:db8::100", MAC, false);
    expect(neighbourClaim(frame)).toEqual({ address: "2001:db8::100", mac: MAC });
  });

  it("finds no claim in a probe, in other frames and in noise", () => {
    const probe = "ffffffffffffbe78e45f7ab308060001080006040001be78e45f7ab3000000000000000000000a090064";
    expect(neighbourClaim(fromHex(probe))).toBeUndefined();
    expect(neighbourClaim(fromHex("ffffffffffffbe78e45f7ab30800"))).toBeUndefined();
    expect(neighbourClaim(fromHex("ffffffffffffbe78e45f7ab386dd6000"))).toBeUndefined();
    expect(neighbourClaim(new Uint8Array(3))).toBeUndefined();
  });
});
