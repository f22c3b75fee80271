import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import type { LedgerEntry } from "./ledger.ts";
import { Ledger, releaseDeadline } from "./ledger.ts";

function entry(address: string, name = "eth0", prefixLength = 24): LedgerEntry {
  return { instance: "VI_1", held: { kind: "address", interface: name, address, prefixLength } };
}

describe("Ledger", () => {
  it("keeps what was added and not removed, the last first", () => {
    const ledger = new Ledger();
    ledger.added(entry("10.0.0.1"));
    ledger.added(entry("10.0.0.2"));
    ledger.added(entry("10.0.0.1"));
    expect(ledger.entries()).toEqual([entry("10.0.0.2"), entry("10.0.0.1")]);
    ledger.removed(entry("10.0.0.1"));
    expect(ledger.entries()).toEqual([entry("10.0.0.2")]);
    ledger.clear();
    expect(ledger.size).toBe(0);
  });

  it("tells interfaces and prefix lengths apart", () => {
    const ledger = new Ledger();
    ledger.added(entry("10.0.0.1"));
    ledger.removed(entry("10.0.0.1", "eth1"));
    ledger.removed(entry("10.0.0.1", "eth0", 32));
    expect(ledger.size).toBe(1);
  });

  it("is the set of the last words on each address", () => {
    const step = fc.record({ add: fc.boolean(), host: fc.integer({ min: 1, max: 5 }) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const ledger = new Ledger();
        const last = new Map<number, boolean>();
        for (const { add, host } of steps) {
          if (add) ledger.added(entry(`10.0.0.${host}`));
          else ledger.removed(entry(`10.0.0.${host}`));
          last.set(host, add);
        }
        const expected = [...last].filter(([, held]) => held).map(([host]) => `10.0.0.${host}`);
        expect(
          new Set(ledger.entries().flatMap(({ held }) => (held.kind === "address" ? [held.address] : []))),
        ).toEqual(new Set(expected));
      }),
    );
  });
});

describe("releaseDeadline", () => {
  it("is half of Master_Down_Interval after the last sign of life", () => {
    expect(releaseDeadline(seconds(100), seconds(3.6))).toBe(seconds(101.8));
    expect(releaseDeadline(seconds(100), 30_001)).toBe(seconds(100) + 15_000);
    expect(releaseDeadline(seconds(100), undefined)).toBe(seconds(101.8));
  });
});
