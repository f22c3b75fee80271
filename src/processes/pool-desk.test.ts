import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { directorModel, realServer, virtualServer } from "../../sim/director/models.ts";
import { createLoop } from "../host/loop.ts";
import type { StewardEvent } from "../observe/journal-entry.ts";
import { PoolDesk } from "./pool-desk.ts";

const folder = mkdtempSync(join(tmpdir(), "buoy-desk-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DIRECTOR = directorModel([virtualServer([realServer(1), realServer(2)])]);
const ASKED = { service: "10.0.0.1:80", by: "root", why: "new disk", weight: undefined } as const;

function desk(path: string): {
  readonly desk: PoolDesk;
  readonly events: StewardEvent[];
  readonly changes: () => number;
} {
  const events: StewardEvent[] = [];
  let changes = 0;
  const listener = {
    changed: () => void changes++,
    record: (event: StewardEvent) => void events.push(event),
  };
  return { desk: new PoolDesk(createLoop(), path, listener), events, changes: () => changes };
}

test("orders outlive the daemon until they are taken back", () => {
  const path = join(folder, "orders");
  const before = desk(path);
  expect(before.desk.take({ ...ASKED, action: "drain", server: "10.0.1.1" }, DIRECTOR).ok).toBe(true);
  expect(before.desk.take({ ...ASKED, action: "disable", server: "10.0.1.9" }, DIRECTOR).ok).toBe(false);
  expect(before.changes()).toBe(1);

  const after = desk(path);
  after.desk.recall();
  expect(after.desk.orders).toMatchObject([{ kind: "drain", by: "root", why: "new disk" }]);
  expect(after.events).toMatchObject([{ kind: "PoolOrder", what: "recalled", order: "drain" }]);
  const slice = JSON.parse(after.desk.slice({ director: DIRECTOR, mail: undefined }).checkerSlice ?? "null");
  expect(slice.orders).toMatchObject([{ kind: "drain" }]);
  expect(after.desk.take({ ...ASKED, action: "enable", server: "10.0.1.1" }, DIRECTOR).ok).toBe(true);
  expect(existsSync(path)).toBe(false);
  expect(after.desk.orders).toEqual([]);
});

test("a file that makes no sense is left out, and said so", () => {
  const path = join(folder, "broken");
  for (const text of ["{", "[{}]", "7"]) {
    writeFileSync(path, text);
    const { desk: fresh, events } = desk(path);
    fresh.recall();
    expect(fresh.orders).toEqual([]);
    expect(events).toMatchObject([{ kind: "OrdersLost", file: path }]);
  }
});
