import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { createLoop } from "../host/loop.ts";
import type { VrrpEvent } from "../vrrp/event.ts";
import { Journal } from "./journal.ts";
import type { RunOptions } from "./run-options.ts";

const directory = mkdtempSync(join(tmpdir(), "buoy-journal-"));
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true, force: true });
});

it("says once in the log what one link did to many instances, and again when it does it again", () => {
  const lines: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  const options = { logConsole: true, logDetail: 0, identity: {} } as RunOptions;
  const journal = new Journal(createLoop(), options, join(directory, "journal"), false);
  const tell = (instance: string, at: number, up: boolean): void => {
    const cause = [{ kind: "interface", name: "eth0", up, problem: up ? undefined : "no-carrier", at }];
    const [from, to] = up ? ["FAULT", "BACKUP"] : ["MASTER", "FAULT"];
    const event = { kind: "StateChanged", instance, from, to, priority: 100, cause } as unknown as VrrpEvent;
    journal.add(at, { source: "vrrp", event });
  };
  for (const instance of ["VI_1", "VI_2", "VI_3"]) tell(instance, 1_000, false);
  for (const instance of ["VI_1", "VI_2", "VI_3"]) tell(instance, 2_000, true);
  tell("VI_1", 3_000, false);
  journal.close();
  const of = (text: string): number => lines.filter((line) => line.includes(text)).length;
  expect(of("Netlink reports eth0 down")).toBe(2);
  expect(of("Netlink reports eth0 up")).toBe(1);
  expect(of("Entering FAULT STATE")).toBe(4);
  expect(journal.entries).toHaveLength(7);
});
