/** What goes wrong before the quiet, and when. */
import type { Prng } from "../src/base/prng.ts";
import type { Micros } from "../src/base/time.ts";
import type { VrrpModel } from "../src/model/model.ts";
import type { Measurement } from "../src/vrrp/input.ts";
import { drawChange, drawGroups } from "./changes.ts";
import type { LinkQuality } from "./network.ts";
import type { Fault, FaultDetail, RouterSpec } from "./spec.ts";
import { GROUP, LAN_INTERFACE, TRACKED_INTERFACE } from "./spec.ts";
import type { Wish } from "./standing-orders.ts";

export interface Troubles {
  readonly faults: readonly Fault[];
  readonly quietFrom: Micros;
  readonly lastingPartition: ReadonlyMap<string, number>;
}

const KINDS: readonly FaultDetail["kind"][] = [
  "network",
  "network",
  "link-quality",
  "partition",
  "partition",
  "one-way",
  "power",
  "power",
  "kill",
  "kill",
  "kill",
  "stop",
  "stop",
  "pause",
  "pause",
  "late",
  "kernel",
  "kernel",
  "carrier",
  "script",
  "delete-address",
  "delete-address",
  "order",
  "order",
  "reload",
  "reload",
  "reload",
  "measure",
  "measure",
  "bfd",
  "twin",
  "twin",
];

/** One to eight faults between `from` and the quiet; each that lasts has ended by then. */
export function drawFaults(
  routers: readonly RouterSpec[],
  unit: Micros,
  from: Micros,
  random: Prng,
): Troubles {
  const count = random.integer(1, 8);
  const quietFrom = from + Math.round(unit * (2 + count * 2.5));
  const faults: Fault[] = [];
  for (let index = 0; index < count; index++) {
    const at = random.integer(random.chance(0.2) ? 0 : from / 2, quietFrom - unit);
    const longest = Math.min(quietFrom - at, 6 * unit);
    const span = random.integer(Math.min(longest, unit / 10), longest);
    faults.push({ at, ...drawFault(random.pick(KINDS), routers, unit, span, random) });
  }
  const lastingPartition = random.chance(0.15) ? drawComponents(routers, random) : new Map<string, number>();
  return { faults, quietFrom, lastingPartition };
}

/** Every host on one of two sides, the observer too. */
export function drawComponents(routers: readonly RouterSpec[], random: Prng): Map<string, number> {
  const components = new Map<string, number>();
  for (const { name } of routers) components.set(name, random.integer(0, 1));
  components.set("observer", random.integer(0, 1));
  return components;
}

/** Somebody sets clocks: no router's business, unless its advertisements are signed. */
export function drawClockSteps(
  routers: readonly RouterSpec[],
  until: Micros,
  unit: Micros,
  random: Prng,
): readonly Fault[] {
  return Array.from({ length: random.integer(0, 3) }, () => ({
    at: random.integer(0, until),
    ...drawFault("clock", routers, unit, unit, random),
  }));
}

/** A second of a leap, a minute's drift, an hour of the wrong zone, and a machine without a battery. */
const CLOCK_STEPS: readonly Micros[] = [1, 60, 3_600, 50 * 365 * 86_400].map((span) => span * 1_000_000);

function drawFault(
  kind: FaultDetail["kind"],
  routers: readonly RouterSpec[],
  unit: Micros,
  span: Micros,
  random: Prng,
): FaultDetail {
  const { name: router, model } = random.pick(routers);
  switch (kind) {
    case "network":
      return { kind, for: span, quality: drawQuality(unit, random) };
    case "link-quality":
    case "one-way": {
      const to = random.pick([...routers.map(({ name }) => name), "observer"]);
      if (kind === "one-way") return { kind, for: span, from: router, to };
      return { kind, for: span, from: router, to, quality: drawQuality(unit, random) };
    }
    case "partition":
      return { kind, for: span, components: drawComponents(routers, random) };
    case "power":
      return { kind, router, for: random.chance(0.7) ? span : undefined };
    case "stop":
      return { kind, router, for: random.chance(0.7) ? span : undefined };
    case "kill":
      return { kind, router, warm: random.chance(0.6), fresh: random.chance(0.7) };
    case "pause":
      return { kind, router, for: span, what: random.pick(["process", "machine"]) };
    case "late": {
      const worst = random.pick([unit / 10, unit / 2, unit]);
      return { kind, router, for: span, mood: { latencyMax: worst, latenessMax: worst } };
    }
    case "kernel":
      return {
        kind,
        router,
        for: span,
        latencyMax: random.pick([60, unit / 10, unit, 4 * unit]),
        addErrno: random.chance(0.25) ? undefined : random.pick(["EPERM", "ENOBUFS", "ENODEV"]),
        removeErrno: random.chance(0.7) ? undefined : "EBUSY",
        onlyFirst: random.chance(0.5),
      };
    case "carrier":
      return { kind, router, interface: random.pick([LAN_INTERFACE, TRACKED_INTERFACE]), for: span };
    case "script":
      return { kind, router, for: span };
    case "clock":
      return { kind, router, by: random.pick([-1, 1]) * random.pick(CLOCK_STEPS) };
    case "reload":
      return { kind, router, change: random.chance(0.25) ? undefined : drawChange(model, unit, random) };
    case "measure":
      return { kind, router, ...drawMeasurement(random), for: random.chance(0.6) ? span : undefined };
    case "order":
      return {
        kind,
        router,
        wish: drawWish(model, unit, random),
        for: span,
      };
    case "bfd":
      return { kind, router, for: span };
    case "delete-address":
    case "twin":
      return { kind, router };
  }
}

/** For all, for one, for a group, or for somebody who is not there; some end by themselves. */
function drawWish(model: VrrpModel, unit: Micros, random: Prng): Wish {
  const names = model.instances.map(({ name }) => name);
  return {
    kind: random.pick(["failover", "maintenance", "freeze"]),
    subject: random.chance(0.4) ? undefined : random.pick([...names, GROUP, "VI_9"]),
    ttl: random.chance(0.4) ? random.integer(unit / 2, 4 * unit) : undefined,
    force: random.chance(0.2),
  };
}

/**
 * Reloads that make other sync groups of the same instances: of all routers, since those that decide together and those that
 * do not may be of two minds for ever.
 */
export function drawRegroupings(
  routers: readonly RouterSpec[],
  until: Micros,
  unit: Micros,
  random: Prng,
): readonly Fault[] {
  const grouped = routers.find(({ model }) => model.syncGroups.length > 0 && model.instances.length > 1);
  if (grouped === undefined || random.chance(0.4)) return [];
  const faults: Fault[] = [];
  let at = random.integer(0, until / 2);
  for (let count = random.integer(1, 3); count > 0 && at < until - unit; count--) {
    const change = drawGroups(grouped.model, random);
    // All have one before any gets the next.
    for (const { name } of routers)
      faults.push({ kind: "reload", router: name, change, at: at + random.integer(0, unit / 2) });
    at += random.integer(unit, 4 * unit);
  }
  return faults;
}

/** Numbers that weigh little, much, or more than a priority can bear; too few and too many processes. */
export function drawMeasurement(random: Prng): Pick<Measurement, "tracker" | "value"> {
  return random.chance(0.6)
    ? { tracker: "file", value: random.pick([-300, -13, -1, 0, 1, 2, 13, 40, 300]) }
    : { tracker: "process", value: random.pick([0, 0, 1, 3, 4]) };
}

function drawQuality(unit: Micros, random: Prng): LinkQuality {
  return {
    loss: random.pick([0, 0.05, 0.3, 0.7]),
    delayMin: 20,
    delayMax: random.pick([200, unit / 10, unit / 2, Math.round(unit * 1.5)]),
    duplicate: random.pick([0, 0.1, 0.5]),
    reorder: random.pick([0, 0.3, 1]),
    corrupt: random.pick([0, 0.1, 0.4]),
  };
}
