import fc from "fast-check";
import { expect, test } from "vitest";
import { createLoop } from "../host/loop.ts";
import { jsonPieces, writeSnapshot } from "./snapshot-text.ts";

test("the pieces are the JSON text of the whole", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect([...jsonPieces(value)].join("")).toBe(JSON.stringify(value));
    }),
  );
  const lists = {
    none: undefined,
    empty: {},
    long: Array.from({ length: 100 }, (_, at) => ({ at, none: undefined })),
  };
  expect([...jsonPieces(lists)].join("")).toBe(JSON.stringify(lists));
});

test("others have their turn while a long snapshot is written, which is as it was at the beginning", async () => {
  const loop = createLoop();
  const servers = Array.from({ length: 20_000 }, (_, at) => ({ at, up: true, detail: "x".repeat(500) }));
  let turns = 0;
  let written: string | undefined;
  writeSnapshot(loop, { servers }, (text) => {
    written = text;
  });
  while (written === undefined) {
    turns += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(turns).toBeGreaterThan(3);
  expect(JSON.parse(written)).toEqual({ servers });
});
