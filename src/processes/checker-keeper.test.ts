import { afterEach, describe, expect, it } from "vitest";
import { createLoop } from "../host/loop.ts";
import { CheckerKeeper, type CheckerProcess } from "./checker-keeper.ts";
import type { ChildListener } from "./child.ts";
import type { FromChecker, ToChecker } from "./messages.ts";
import type { RunOptions } from "./run-options.ts";

interface Life {
  readonly listener: ChildListener<FromChecker>;
  readonly heard: ToChecker[];
}

const loop = createLoop();
let keeper: CheckerKeeper;

/** A keeper whose children do what the test says. The first one has been greeted and has one service, `a`. */
function running(): { readonly lives: Life[]; last(): Life } {
  const lives: Life[] = [];
  const options = { runCheckers: true, releaseServices: true } as RunOptions;
  const spawn = (listener: ChildListener<FromChecker>): CheckerProcess => {
    const heard: ToChecker[] = [];
    lives.push({ listener, heard });
    return {
      pid: 100 + lives.length,
      startedAt: loop.now(),
      outbox: { post: (message) => void heard.push(message) },
      kill: () => undefined,
    };
  };
  keeper = new CheckerKeeper(
    loop,
    options,
    "1",
    {
      message: () => undefined,
      event: () => undefined,
      exited: () => keeper.start(),
      left: () => undefined,
    },
    spawn,
  );
  const last = (): Life => lives.at(-1) as Life;
  configure(1, "a");
  last().listener.message({ kind: "Hello" });
  return { lives, last };
}

function configure(generation: number, ...keys: readonly string[]): void {
  keeper.configure(generation, `slice ${generation}`, new Map(keys.map((key) => [key, `"${key}"`])), []);
}

/** The child dies, and the next one says hello. */
function dies({ last }: ReturnType<typeof running>): Life {
  last().listener.exited({ kind: "killed", signal: "SIGKILL" });
  last().listener.message({ kind: "Hello" });
  return last();
}

/** What a life was begun with: `snapshot, slice, services`; and what it was told of then. */
function told({ heard }: Life): readonly string[] {
  return heard.flatMap((message) => {
    if (message.kind === "Start") return [`start ${message.snapshot} ${message.slice} ${message.services}`];
    return message.kind === "Configure" ? [`configure ${message.slice} ${message.services}`] : [];
  });
}

afterEach(() => keeper.close());

const A = '{"order":["a"],"changed":["a"]}\n"a"';

describe("a checker that dies", () => {
  it("before it said where it stood begins anew, with the newest configuration", () => {
    const site = running();
    configure(2, "a", "b");
    expect(told(site.last())).toEqual([
      `start null slice 1 ${A}`,
      'configure slice 2 {"order":["a","b"],"changed":["b"]}\n"b"',
    ]);
    expect(told(dies(site))).toEqual([
      'start null slice 2 {"order":["a","b"],"changed":["a","b"]}\n"a"\n"b"',
    ]);
  });

  it("goes on from its last word, under the configuration of that time, and is told of what came since", () => {
    const site = running();
    site.last().listener.message({ kind: "Snapshot", generation: 1, text: "one" });
    configure(2, "a", "b");
    configure(3, "b");
    const next = dies(site);
    expect(told(next)).toEqual([
      `start one slice 1 ${A}`,
      'configure slice 3 {"order":["b"],"changed":["b"]}\n"b"',
    ]);
    // It was killed once more before it came to the second configuration: what was true then still is.
    next.listener.message({ kind: "Snapshot", generation: 1, text: "one and a half" });
    expect(told(dies(site))[0]).toBe(`start one and a half slice 1 ${A}`);
    site.last().listener.message({ kind: "Snapshot", generation: 3, text: "three" });
    expect(told(dies(site))).toEqual(['start three slice 3 {"order":["b"],"changed":["b"]}\n"b"']);
  });

  it("is told again what it follows and what was measured", () => {
    const site = running();
    keeper.follow({ what: "session", name: "peer", on: true });
    keeper.follow({ what: "session", name: "peer", on: false });
    keeper.measure([{ tracker: "file", name: "f", value: 7 }]);
    expect(dies(site).heard).toEqual([
      expect.objectContaining({
        kind: "Start",
        measured: [{ tracker: "file", name: "f", value: 7 }],
        followed: [{ what: "session", name: "peer", on: false }],
      }),
    ]);
  });

  it("again and again from one snapshot begins without it: that may be what ends it", () => {
    const site = running();
    site.last().listener.message({ kind: "Snapshot", generation: 1, text: "poison" });
    const begun = [1, 2, 3, 4].map(() => told(dies(site))[0]);
    expect(begun).toEqual([
      ...Array.from({ length: 3 }, () => `start poison slice 1 ${A}`),
      `start null slice 1 ${A}`,
    ]);
  });

  it("but says where it stands in between keeps its memory", () => {
    const site = running();
    for (let life = 0; life < 5; life++) {
      site.last().listener.message({ kind: "Snapshot", generation: 1, text: `life ${life}` });
      expect(told(dies(site))).toEqual([`start life ${life} slice 1 ${A}`]);
    }
  });

  it("having let go of all services is not begun with what was true before", () => {
    const site = running();
    site.last().listener.message({ kind: "Snapshot", generation: 1, text: "one" });
    keeper.configure(2, null, new Map(), []);
    configure(3, "a");
    expect(site.last().heard.at(-1)).toEqual({ kind: "Stop", by: expect.any(String) });
    expect(told(dies(site))).toEqual([`start null slice 3 ${A}`]);
  });
});
