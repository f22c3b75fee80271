import { expect, it } from "vitest";
import { fromHex } from "../base/bytes.ts";
import { decodeInotifyEvents, IN_CLOSE_WRITE, IN_IGNORED } from "./inotify.ts";

// Written on a little-endian machine, by the kernel: `echo 1 >load` in the directory of watch 1, then its removal.
const written = "01000000 08000000 00000000 10000000 6c6f6164 00000000 00000000 00000000";
const ignored = "01000000 00800000 00000000 00000000";

it("reads names, and events of the directory itself", () => {
  expect(decodeInotifyEvents(fromHex(written + ignored))).toEqual([
    { watch: 1, mask: IN_CLOSE_WRITE, name: "load" },
    { watch: 1, mask: IN_IGNORED, name: "" },
  ]);
});

it("leaves out what is cut off", () => {
  const bytes = fromHex(written + ignored);
  for (let length = 0; length < bytes.length; length++) {
    expect(decodeInotifyEvents(bytes.subarray(0, length))).toHaveLength(length < 32 ? 0 : 1);
  }
});
