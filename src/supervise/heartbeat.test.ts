import { describe, expect, it } from "vitest";
import { millis, seconds } from "../base/time.ts";
import { beatInterval, HeartbeatWatch, STARTUP_GRACE, silenceLimit } from "./heartbeat.ts";

describe("silenceLimit", () => {
  it("is half of Master_Down_Interval for a master, within bounds", () => {
    expect(silenceLimit(seconds(3.6))).toBe(seconds(1.8));
    expect(silenceLimit(millis(361))).toBe(millis(500));
    expect(silenceLimit(seconds(120))).toBe(seconds(5));
    expect(silenceLimit(undefined)).toBe(seconds(5));
  });

  it("holds several heartbeats", () => {
    for (const masterDown of [undefined, millis(30), seconds(3.6), seconds(100)]) {
      expect(beatInterval(masterDown) * 4).toBeLessThan(silenceLimit(masterDown));
    }
  });
});

describe("HeartbeatWatch", () => {
  it("gives a child time to start", () => {
    const watch = new HeartbeatWatch(1_000);
    expect(watch.check(1_000 + STARTUP_GRACE - 1)).toEqual({ kind: "fresh", checkAt: 1_000 + STARTUP_GRACE });
    expect(watch.check(1_000 + STARTUP_GRACE)).toEqual({ kind: "silent", silentFor: STARTUP_GRACE });
  });

  it("finds a master silent after its limit", () => {
    const watch = new HeartbeatWatch(0);
    watch.beat(millis(100), seconds(3.6));
    expect(watch.deadline()).toBe(millis(1_900));
    expect(watch.check(millis(1_899))).toEqual({ kind: "fresh", checkAt: millis(1_900) });
    expect(watch.isFresh(millis(1_900))).toBe(true);
    expect(watch.isFresh(millis(1_901))).toBe(false);
    expect(watch.check(millis(1_910))).toEqual({ kind: "silent", silentFor: millis(1_810) });
  });

  it("gives the child one more chance where the watcher itself came late", () => {
    const watch = new HeartbeatWatch(0);
    watch.beat(0, seconds(3.6));
    const late = seconds(10);
    const verdict = watch.check(late);
    expect(verdict).toEqual({ kind: "fresh", checkAt: late + seconds(0.9) });
    expect(watch.lastBeat).toBe(0);
    expect(watch.check(late + seconds(0.9)).kind).toBe("silent");
  });

  it("bears with a child that gets no processor, for a while", () => {
    const watch = new HeartbeatWatch(0);
    watch.beat(0, millis(361));
    expect(watch.firstCheck()).toBe(millis(250));
    const waiting = { wantsProcessor: true, used: 700 };
    expect(watch.check(millis(250), waiting)).toEqual({ kind: "fresh", checkAt: millis(500) });
    expect(watch.check(millis(501), waiting)).toEqual({ kind: "fresh", checkAt: millis(751) });
    expect(watch.isFresh(millis(501))).toBe(false);
    expect(watch.check(millis(751), { ...waiting, used: 700 + 50_000 }).kind).toBe("fresh");
    expect(watch.check(seconds(5.1), { ...waiting, used: 700 + 50_000 }).kind).toBe("silent");
  });

  it("does not bear with one that hangs, be it busy or asleep", () => {
    for (const [wantsProcessor, used] of [
      [true, millis(100)],
      [false, 0],
    ] as const) {
      const watch = new HeartbeatWatch(0);
      watch.beat(0, millis(361));
      watch.check(millis(250), { wantsProcessor, used: 0 });
      expect(watch.check(millis(500), { wantsProcessor, used }).kind).toBe("silent");
    }
  });

  it("does not give a silent child chance after chance", () => {
    const watch = new HeartbeatWatch(0);
    watch.beat(0, seconds(3.6));
    let now = 0;
    let chances = 0;
    for (;;) {
      now = watch.deadline() + seconds(3);
      if (watch.check(now).kind === "silent") break;
      chances++;
      expect(chances).toBeLessThan(2);
    }
  });

  it("forgets the silence at the next heartbeat", () => {
    const watch = new HeartbeatWatch(0);
    watch.beat(0, seconds(3.6));
    watch.check(seconds(10));
    watch.beat(seconds(10.1), undefined);
    expect(watch.deadline()).toBe(seconds(15.1));
    expect(watch.lastBeat).toBe(seconds(10.1));
  });
});
