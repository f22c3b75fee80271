import { describe, expect, it } from "vitest";
import { parsePcap } from "./pcap.ts";

function capture(little: boolean, linkType = 1, frame = Uint8Array.of(1, 2, 3)): Uint8Array {
  const file = new Uint8Array(24 + 16 + frame.length);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0xa1b2c3d4, little);
  view.setUint32(20, linkType, little);
  view.setUint32(24, 5, little);
  view.setUint32(28, 7, little);
  view.setUint32(32, frame.length, little);
  view.setUint32(36, frame.length, little);
  file.set(frame, 40);
  return file;
}

describe("parsePcap", () => {
  it("reads both byte orders", () => {
    const frames = [{ at: 5_000_007, bytes: Uint8Array.of(1, 2, 3) }];
    expect(parsePcap(capture(true))).toEqual(frames);
    expect(parsePcap(capture(false))).toEqual(frames);
  });

  it("refuses other files, other link types and a torn end", () => {
    expect(() => parsePcap(new Uint8Array(24))).toThrow("not a pcap file");
    expect(() => parsePcap(capture(true, 113))).toThrow("link type 113");
    expect(() => parsePcap(capture(true).subarray(0, 42))).toThrow("ends inside a frame");
  });
});
