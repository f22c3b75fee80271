import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import type { Timer } from "./loop.ts";
import { createLoop } from "./loop.ts";
import { native } from "./native.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const loop = createLoop();
const AF_UNIX = 1;
const SOCK_DGRAM = 2;

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function fires(arm: (timer: Timer) => void): Promise<number> {
  return new Promise((resolve) => {
    const timer = loop.timer((now) => {
      timer.close();
      resolve(now);
    });
    arm(timer);
  });
}

describe("timers", () => {
  it("fire once, never early", async () => {
    const deadline = loop.now() + 20_000;
    expect(await fires((timer) => timer.set(deadline))).toBeGreaterThanOrEqual(deadline);
  });

  it("fire at once for a deadline that has passed, the clock's origin included", async () => {
    await fires((timer) => timer.set(loop.now() - 1));
    await fires((timer) => timer.set(0));
  });

  it("keep the last deadline only, and none once disarmed or closed", async () => {
    let fired = 0;
    const [later, disarmed, closed] = [loop.timer(count), loop.timer(count), loop.timer(count)];
    function count(): void {
      fired++;
    }
    const soon = loop.now() + 5_000;
    const late = soon + 40_000;
    for (const timer of [later, disarmed, closed]) timer.set(soon);
    later.set(late);
    disarmed.set(undefined);
    closed.close();
    closed.close();
    // An unfinished wait shows that nothing fired at `soon`; a slow machine makes it longer, never wrong.
    await fires((timer) => timer.set(soon + 10_000));
    expect(loop.now() < late ? fired : 0).toBe(0);
    // Two that expire together are served in any order: one more turn, and both have been.
    await fires((timer) => timer.set(late + 1));
    await fires((timer) => timer.set(0));
    expect(fired).toBe(1);
    later.close();
    disarmed.close();
  });

  it("whose deadline moves on and on fire once, at the last one", async () => {
    const begun = loop.now();
    let deadline = begun;
    let calls = 0;
    const fired = new Promise<number>((resolve) => {
      const timer = loop.timer((now) => {
        calls++;
        resolve(now);
      });
      for (let move = 1; move <= 1000; move++) {
        deadline = begun + 2_000 + 30 * move;
        timer.set(deadline);
      }
    });
    expect(await fired).toBeGreaterThanOrEqual(deadline);
    expect(calls).toBe(1);
  });

  it("whose deadline comes nearer again fire then", async () => {
    const far = loop.now() + 60_000_000;
    const near = loop.now() + 5_000;
    const at = await fires((timer) => {
      for (const deadline of [near, far, near + 1]) timer.set(deadline);
    });
    expect(at).toBeGreaterThanOrEqual(near + 1);
    expect(at).toBeLessThan(far);
  });

  it("take back an expiry that was pending when they were set anew", async () => {
    const called: string[] = [];
    const late = loop.now() + 60_000;
    await new Promise<void>((resolve) => {
      const timers = ["one", "two"].map((name) =>
        loop.timer(() => {
          called.push(name);
          for (const timer of timers) timer.set(called.length < 2 ? late : undefined);
          if (called.length === 2) resolve();
        }),
      );
      for (const timer of timers) timer.set(loop.now() + 1000);
      // Both expire before the loop gets to look at either.
      while (loop.now() < late - 40_000);
    });
    expect(called).toHaveLength(2);
    expect(loop.now()).toBeGreaterThanOrEqual(late);
  });

  it("can be set to the same deadline again from their callback", async () => {
    let calls = 0;
    const deadline = loop.now();
    await new Promise<void>((resolve) => {
      const timer = loop.timer(() => {
        calls++;
        if (calls < 3) timer.set(deadline);
        else {
          timer.close();
          resolve();
        }
      });
      timer.set(deadline);
    });
    expect(calls).toBe(3);
  });

  it("go on after garbage collection though nobody holds them", async () => {
    const expected = loop.now() + 50_000;
    const fired = new Promise<number>((resolve) => loop.timer(resolve).set(expected));
    for (let round = 0; round < 5; round++) {
      collectGarbage();
      await pause(2);
    }
    expect(await fired).toBeGreaterThanOrEqual(expected);
  });
});

describe("watches", () => {
  it("are freed in either order of closing and collection", async () => {
    for (let round = 0; round < 20; round++) {
      const timers = Array.from({ length: 50 }, () => loop.timer(() => undefined));
      if (round % 2 === 0) collectGarbage();
      for (const timer of timers) timer.close();
      if (round % 3 === 0) collectGarbage();
      await pause(0);
      collectGarbage();
    }
    expect(await fires((timer) => timer.set(0))).toBeGreaterThan(0);
  });

  it("may be closed from their own callback, and by others that are ready at the same time", async () => {
    const called: number[] = [];
    const timers: Timer[] = [0, 1, 2].map((id) =>
      loop.timer(() => {
        called.push(id);
        for (const timer of timers) timer.close();
      }),
    );
    for (const timer of timers) timer.set(0);
    await fires((timer) => timer.set(loop.now() + 20_000));
    expect(called).toHaveLength(1);
  });

  it("report readiness until what is there was read", async () => {
    const path = `\0buoy-loop-test-${process.pid}-${loop.now()}`;
    const receiver = native.socket(AF_UNIX, SOCK_DGRAM, 0);
    const sender = native.socket(AF_UNIX, SOCK_DGRAM, 0);
    expect(native.bindUnix(receiver, path)).toBe(0);
    const buffer = new Uint8Array(16);
    const seen: number[] = [];
    const done = new Promise<void>((resolve) => {
      const registration = loop.onReadable(receiver, () => {
        const length = native.receive(receiver, buffer);
        seen.push(length);
        if (seen.length === 3) {
          registration.close();
          resolve();
        }
      });
    });
    for (const length of [1, 2, 3]) native.sendUnix(sender, path, new Uint8Array(length));
    await done;
    expect(seen).toEqual([1, 2, 3]);
    expect(native.receive(receiver, buffer)).toBeLessThan(0);
    for (const fd of [receiver, sender]) native.close(fd);
  });

  it("refuse a descriptor that is none", () => {
    expect(() => loop.onReadable(999_999, () => undefined)).toThrow("EBADF");
  });
});

describe("a worker thread", () => {
  it("ends cleanly while watches and a netlink writer are open", async () => {
    const addon = new URL("../../build/buoy.node", import.meta.url).pathname;
    const code = `
      const native = require(${JSON.stringify(addon)});
      for (let i = 0; i < 10; i++) native.timerfdSet(timer(), 0);
      function timer() { const fd = native.timerfdOpen(); native.pollOpen(fd, true, () => {}); return fd; }
      native.writerOpen(0, 10);
      setTimeout(() => process.exit(7), 20);
    `;
    for (let round = 0; round < 3; round++) {
      const worker = new Worker(code, { eval: true });
      expect(await new Promise((resolve) => worker.once("exit", resolve))).toBe(7);
    }
  });
});
