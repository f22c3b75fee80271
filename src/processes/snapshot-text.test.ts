import fc from "fast-check";
import { expect, test } from "vitest";
import { Driver, instanceModel, vrrpModel } from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";
import { createBfdEngine } from "../bfd/engine.ts";
import { createLoop } from "../host/loop.ts";
import { jsonPieces, VrrpSnapshotText, writeSnapshot } from "./snapshot-text.ts";

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

test("a view of the vrrp engine is written as its snapshot, before and after a reload", () => {
  const driver = Driver.start(instanceModel());
  const text = new VrrpSnapshotText();
  for (const priority of [100, 90]) {
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([instanceModel({ priority })]) });
    driver.run(seconds(10));
    for (const bfd of [undefined, createBfdEngine({ seed: 1 }).snapshot(driver.now)]) {
      const written = text.of(driver.engine.view(driver.now), { bfd, kernelRequests: 7 });
      const whole = { vrrp: driver.engine.snapshot(driver.now), bfd, kernelRequests: 7 };
      expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(whole)));
    }
  }
});
