/** The same things done to both worlds, one after the other, and what each world showed after each of them. */
import { setTimeout as pause } from "node:timers/promises";
import type { CapturedFrame } from "../support/pcap.ts";
import type { Configuration } from "./configuration.ts";
import { peerConfiguration, withAnotherAddress } from "./configuration.ts";
import { summarise } from "./wire.ts";
import type { World } from "./world.ts";

/** Seconds by which an advertisement may be late. */
const LATENESS = 0.15;

export const ASPECTS = ["addresses", "routes", "rules", "accept", "notify", "wire"] as const;
export type Aspect = (typeof ASPECTS)[number];
export type Observation = Readonly<Record<Aspect, readonly string[]>>;

interface Step {
  readonly name: string;
  /** Both the subject and its peer may be master for a moment. */
  readonly contested?: true;
  act(world: World): void | Promise<void>;
}

/** The stimulus script of a configuration. */
function stepsFor(configuration: Configuration): readonly Step[] {
  const { text } = configuration;
  const steps: Step[] = [
    { name: "start", act: (world) => world.start(text) },
    {
      name: "peer of lower priority starts",
      act: (world) => world.startPeer(peerConfiguration(text, "lower")),
    },
    { name: "cable pulled", act: (world) => world.lan.setCable(world.subject.host, false) },
    {
      name: "cable plugged in",
      contested: true,
      act: (world) => world.lan.setCable(world.subject.host, true),
    },
    {
      name: "peer of higher priority",
      contested: true,
      act: async (world) => {
        await world.stopPeer();
        await world.startPeer(peerConfiguration(text, "higher"));
      },
    },
    { name: "peer stops", act: (world) => world.stopPeer() },
  ];
  if (text.includes("@HEALTH@")) {
    steps.push({ name: "tracker fails", act: (world) => world.setHealthy(false) });
    steps.push({ name: "tracker recovers", act: (world) => world.setHealthy(true) });
  }
  if (text.includes("eth2")) {
    const set = (world: World, state: string): void => {
      world.subject.host.run("ip", "link", "set", "eth2", state);
    };
    steps.push({ name: "eth2 goes down", act: (world) => set(world, "down") });
    steps.push({ name: "eth2 comes up", act: (world) => set(world, "up") });
  }
  steps.push(
    { name: "reload of the same", act: (world) => world.reload(text) },
    { name: "reload with one more address", act: (world) => world.reload(withAnotherAddress(text)) },
    {
      name: "stop",
      act: async (world) => {
        await world.subject.stop();
      },
    },
  );
  return steps;
}

interface Moment {
  readonly at: number;
  readonly state: Omit<Observation, "wire">;
}

/** Performs the script in all worlds at once; per world, what was seen after each step, by the step's name. */
export async function perform(
  configuration: Configuration,
  worlds: readonly World[],
): Promise<readonly ReadonlyMap<string, Observation>[]> {
  const steps = stepsFor(configuration);
  const moments = worlds.map((): Moment[] => []);
  await Promise.all(worlds.map((world) => world.beginCapture()));
  const calls = worlds.map(() => 0);
  for (const step of steps) {
    await Promise.all(worlds.map((world) => step.act(world)));
    await pause(configuration.settle * 1000);
    await Promise.all(
      worlds.map(async (world, index) => {
        const notify = world.notifyCalls();
        const state = { ...(await world.kernelState()), notify: notify.slice(calls[index]).sort() };
        calls[index] = notify.length;
        moments[index]?.push({ at: (performance.timeOrigin + performance.now()) * 1000, state });
      }),
    );
  }
  return Promise.all(
    worlds.map(async (world, index) =>
      observe(configuration, steps, moments[index] ?? [], await world.endCapture()),
    ),
  );
}

function observe(
  configuration: Configuration,
  steps: readonly Step[],
  moments: readonly Moment[],
  lans: readonly (readonly CapturedFrame[])[],
): ReadonlyMap<string, Observation> {
  const ends = moments.map(({ at }, index) => ({ at, contested: steps[index]?.contested === true }));
  const wires = lans.map((frames) => wireOf(configuration, ends, frames));
  return new Map(
    moments.map(({ state }, index) => {
      const wire = wires.flatMap((wire, lan) => (wire[index] ?? []).map((line) => `eth${lan} ${line}`));
      return [steps[index]?.name ?? "", { ...state, wire }];
    }),
  );
}

/** What one LAN saw in each step. */
function wireOf(
  { interval }: Configuration,
  ends: readonly { readonly at: number; readonly contested: boolean }[],
  frames: readonly CapturedFrame[],
): readonly (readonly string[])[] {
  let before: ReadonlySet<string> = new Set();
  return ends.map(({ at: end, contested }, index) => {
    const since = ends[index - 1]?.at ?? 0;
    const during = frames.filter(({ at }) => at > since && at <= end);
    const { lines, lasting } = summarise(during, before, end - (interval + LATENESS) * 1e6, !contested);
    before = lasting;
    return lines;
  });
}
