import { describe, expect, it } from "vitest";
import { Prng } from "../src/base/prng.ts";
import { VirtualClock } from "./clock.ts";
import type { LanHost, LanPacket, LinkQuality } from "./network.ts";
import { LanSegment } from "./network.ts";

const CALM: LinkQuality = { loss: 0, delayMin: 10, delayMax: 100, duplicate: 0, reorder: 0, corrupt: 0 };

class Host implements LanHost {
  attached = true;
  readonly name: string;
  readonly got: { readonly number: number; readonly at: number; readonly damage: string | undefined }[] = [];
  readonly #clock: VirtualClock;

  constructor(name: string, clock: VirtualClock) {
    this.name = name;
    this.#clock = clock;
  }

  receive(packet: LanPacket, _from: string, damage: string | undefined): void {
    const [number = -1] = packet.kind === "frame" ? packet.bytes : [];
    this.got.push({ number, at: this.#clock.now, damage });
  }

  get numbers(): number[] {
    return this.got.map(({ number }) => number);
  }
}

function lan(quality: LinkQuality): { clock: VirtualClock; segment: LanSegment; hosts: [Host, Host, Host] } {
  const clock = new VirtualClock();
  const segment = new LanSegment(clock, new Prng(1), quality, (packet) => ({ packet, damage: "bit" }));
  const hosts: [Host, Host, Host] = [new Host("a", clock), new Host("b", clock), new Host("c", clock)];
  for (const host of hosts) segment.attach(host);
  return { clock, segment, hosts };
}

const frame = (number: number): LanPacket => ({ kind: "frame", bytes: Uint8Array.of(number) });
const numbers = Array.from({ length: 100 }, (_, index) => index);

describe("a LAN segment", () => {
  it("delivers once to everybody else, in order and within the delay", () => {
    const { clock, segment, hosts } = lan(CALM);
    const [a, b, c] = hosts;
    for (const number of numbers) segment.send(a, frame(number));
    clock.runUntil(100);
    expect(a.got).toEqual([]);
    expect(b.numbers).toEqual(numbers);
    expect(c.numbers).toEqual(numbers);
    expect(b.got.every(({ at }) => at >= 10 && at <= 100)).toBe(true);
  });

  it("loses, repeats, reorders and damages as told", () => {
    const { clock, segment, hosts } = lan({ ...CALM, loss: 0.3, duplicate: 0.3, reorder: 1, corrupt: 0.3 });
    const [a, b] = hosts;
    for (const number of numbers) segment.send(a, frame(number));
    clock.runUntil(1_000);
    const distinct = new Set(b.numbers);
    expect(distinct.size).toBeLessThan(90);
    expect(b.got.length).toBeGreaterThan(distinct.size);
    expect(b.numbers).not.toEqual([...b.numbers].sort((x, y) => x - y));
    expect(b.got.some(({ damage }) => damage === "bit")).toBe(true);
  });

  it("keeps parts apart, also what is on its way, and blocks one direction only", () => {
    const { clock, segment, hosts } = lan(CALM);
    const [a, b, c] = hosts;
    segment.send(a, frame(1));
    segment.partition(new Map([["c", 1]]));
    clock.runUntil(200);
    expect([b.numbers, c.numbers]).toEqual([[1], []]);
    segment.partition(new Map());
    segment.blockOneWay("a", "b");
    segment.send(a, frame(2));
    segment.send(b, frame(3));
    clock.runUntil(400);
    expect([a.numbers, b.numbers, c.numbers.sort()]).toEqual([[3], [1], [2, 3]]);
    segment.clearLinkFaults();
    a.attached = false;
    segment.send(a, frame(4));
    segment.send(b, frame(5));
    clock.runUntil(600);
    expect([a.numbers, b.numbers]).toEqual([[3], [1]]);
  });
});
