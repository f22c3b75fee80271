import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { instanceModel, vrrpModel } from "../../test/support/vrrp-driver.ts";
import type { IpAddress } from "../base/ip.ts";
import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import type { Loop, Timer } from "../host/loop.ts";
import { resolveName } from "../host/resolve-name.ts";
import type { StewardEvent } from "../observe/journal-entry.ts";
import { PeerNames } from "./peer-names.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "buoy-names-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const MODEL = vrrpModel([
  instanceModel({
    unicast: {
      peers: [{ host: "two.example.com", address: undefined, minTtl: undefined, maxTtl: undefined }],
      hopLimit: 255,
      checkSource: false,
      oldChecksum: "auto",
    },
  }),
]);

/** A loop whose timers go off by hand. */
class HandLoop {
  readonly timers: { at: Instant | undefined; readonly run: () => void }[] = [];
  timer(run: (now: Instant) => void): Timer {
    const timer = { at: undefined as Instant | undefined, run: () => run(0) };
    this.timers.push(timer);
    return {
      set: (at: Instant | undefined) => {
        timer.at = at;
      },
      close: () => {
        timer.at = undefined;
      },
    } as Timer;
  }
  now = (): Instant => 0;
}

class Bench {
  readonly loop = new HandLoop();
  readonly events: StewardEvent[] = [];
  answer: Result<IpAddress, string> | Promise<Result<IpAddress, string>> = ok("10.9.0.2");
  changes = 0;
  readonly names = new PeerNames(this.loop as unknown as Loop, join(directory, "peers.json"), {
    changed: () => {
      this.changes++;
    },
    record: (event) => this.events.push(event),
    resolve: async () => this.answer,
  });

  ask(): Promise<void> {
    this.loop.timers[0]?.run();
    return settle();
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe("names of peers", () => {
  test("are resolved before the first configuration goes out", async () => {
    const bench = new Bench();
    let ready = 0;
    bench.names.configure(MODEL, () => ready++);
    expect(ready).toBe(0);
    await settle();
    expect(ready).toBe(1);
    expect(bench.names.hosts).toEqual([{ name: "two.example.com", family: "ipv4", address: "10.9.0.2" }]);
    expect(bench.events).toMatchObject([{ kind: "PeerNameResolved", address: "10.9.0.2" }]);
  });

  test("a name server that is silent holds it up for a while only", async () => {
    const bench = new Bench();
    bench.answer = new Promise(() => undefined);
    let ready = 0;
    bench.names.configure(MODEL, () => ready++);
    await settle();
    expect(ready).toBe(0);
    bench.loop.timers.at(-1)?.run();
    expect(ready).toBe(1);
    expect(bench.names.hosts).toEqual([]);
  });

  test("a failure is told once and changes nothing; another answer is passed on", async () => {
    const bench = new Bench();
    bench.names.configure(MODEL);
    await settle();
    bench.answer = fail("ETIMEOUT");
    await bench.ask();
    await bench.ask();
    expect(bench.events.slice(1)).toEqual([
      { kind: "PeerNameFailed", name: "two.example.com", error: "ETIMEOUT", kept: "10.9.0.2" },
    ]);
    expect(bench.names.hosts).toMatchObject([{ address: "10.9.0.2" }]);
    expect(bench.changes).toBe(1);
    bench.answer = ok("10.9.0.9");
    await bench.ask();
    expect(bench.changes).toBe(2);
    expect(bench.names.hosts).toMatchObject([{ address: "10.9.0.9" }]);
  });

  test("the last answer outlives a restart", async () => {
    const first = new Bench();
    first.names.configure(MODEL);
    await settle();
    const second = new Bench();
    second.answer = fail("ECONNREFUSED");
    let ready = 0;
    second.names.configure(MODEL, () => ready++);
    expect(ready, "at once").toBe(1);
    expect(second.names.hosts).toMatchObject([{ address: "10.9.0.2" }]);
  });

  test("a file of others is not believed", () => {
    writeFileSync(
      join(directory, "peers.json"),
      '[["ipv4 two.example.com", "fe80::1"], 7, ["x"], [1, "10.0.0.1"]]',
    );
    const bench = new Bench();
    bench.names.configure(MODEL);
    expect(bench.names.hosts).toEqual([]);
  });
});

test("/etc/hosts is read first, and the lowest address of the family counts", async () => {
  const file = join(directory, "hosts");
  writeFileSync(
    file,
    "10.9.0.10 two.example.com # ten\n10.9.0.9\tother Two.Example.com\nfe80::2 two.example.com\n",
  );
  expect(await resolveName("two.example.com", "ipv4", file)).toEqual(ok("10.9.0.9"));
  expect(await resolveName("two.example.com", "ipv6", file)).toEqual(ok("fe80::2"));
});
