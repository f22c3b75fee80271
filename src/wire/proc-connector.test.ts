import { expect, it } from "vitest";
import { fromHex, toHex } from "../base/bytes.ts";
import { decodeProcessEvents, encodeProcessListen } from "./proc-connector.ts";

/** One datagram as the kernel sends it (little-endian): header, connector header, then the event. */
function event(what: string, ...words: readonly number[]): Uint8Array {
  const head = "4c000000 0300 0000 00000000 00000000 01000000 01000000 00000000 00000000 2800 0000";
  const body = words.map((word) => Buffer.from(Uint32Array.of(word).buffer).toString("hex")).join("");
  const tail = "00".repeat(24 - words.length * 4);
  return fromHex(`${head}${what} 00000000 0000000000000000 ${body} ${tail}`);
}

it("asks for events", () => {
  expect(toHex(encodeProcessListen())).toBe(
    "2800000003000000000000000000000001000000010000000000000000000000" + "0400000001000000",
  );
});

it.each([
  ["a new process", event("01000000", 10, 10, 20, 20), [{ kind: "changed", pid: 20 }]],
  ["a new thread", event("01000000", 10, 10, 21, 20), []],
  ["another program", event("02000000", 20, 20), [{ kind: "changed", pid: 20 }]],
  ["another name", event("00020000", 20, 20), [{ kind: "changed", pid: 20 }]],
  ["the end of a process", event("00000080", 20, 20), [{ kind: "ended", pid: 20 }]],
  ["the end of a thread", event("00000080", 21, 20), []],
  ["another user id", event("04000000", 20, 20), []],
])("reads %s", (_, datagram, expected) => {
  expect(decodeProcessEvents(datagram)).toEqual(expected);
});

it("reads nothing from what is cut off", () => {
  const whole = event("02000000", 20, 20);
  for (let length = 0; length < whole.length; length++) {
    expect(decodeProcessEvents(whole.subarray(0, length))).toEqual([]);
  }
});
