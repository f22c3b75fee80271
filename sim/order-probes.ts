/** Orders of operators in a healthy world: a handover leaves no moment without a master, a freeze moves nothing. */
import type { Instant } from "../src/base/time.ts";
import type { Member } from "./audience.ts";
import { calmDelays } from "./bounds.ts";
import { drawMeasurement } from "./faults.ts";
import { NO_ALLOWANCE, settle } from "./settle.ts";
import type { VirtualRouterSpec } from "./spec.ts";
import type { Reign } from "./takeover.ts";
import { expectTakeoverByResignation } from "./takeover.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";
import { measure } from "./world.ts";

/** The master is to stand aside, or to be out: an heir follows after its skew, and the old one holds on until then. */
export function orderMaster(world: World, reign: Reign, kind: "failover" | "maintenance"): void {
  const { router, heirs, master } = reign;
  const { random } = world;
  const { node, view } = master;
  const orderedAt = world.now;
  const names = [view.model.name, ...groupsOf(master)];
  const subject = random.chance(0.4) ? undefined : random.pick(names);
  node.tell(node.orders.give({ kind, subject, ttl: undefined, force: false }, orderedAt));
  if (heirs.length > 0) expectTakeoverByResignation(world, reign, orderedAt);
  settle(world, NO_ALLOWANCE);
  expectOwner(world, router, node.name, orderedAt);
  const away = kind === "failover" ? "BACKUP" : "FAULT";
  const wanted = heirs.length > 0 ? away : "MASTER";
  if (view.state !== wanted) throw new Violation("orders", `${node.name} is ${view.state}, not ${wanted}`);
  node.tell(node.orders.takeBack(world.now));
  settle(world, NO_ALLOWANCE);
}

/** The group that the master is in, by its name and by those of its members. */
function groupsOf({ node, view }: Member): string[] {
  const group = node.model.syncGroups.find(({ members }) => members.includes(view.model.name));
  return group === undefined ? [] : [group.name, ...group.members];
}

/** The master stands aside, and nobody has to tell it that it need not any more. */
export function orderForAWhile(world: World, reign: Reign): void {
  const { heirs, master } = reign;
  const { node, view } = master;
  const { unit } = world.scenario;
  const { d, w } = calmDelays(world.scenario);
  const orderedAt = world.now;
  const subject = world.random.pick([view.model.name, ...groupsOf(master)]);
  const ttl = 4 * unit + 4 * (d + w) + world.random.integer(0, unit);
  node.tell(node.orders.give({ kind: "failover", subject, ttl, force: false }, orderedAt));
  if (heirs.length > 0) expectTakeoverByResignation(world, reign, orderedAt);
  world.run(orderedAt + ttl + 2 * w + 1 - world.now);
  settle(world, NO_ALLOWANCE);
}

/** At every moment since then somebody was master. */
function expectOwner(world: World, { name, key }: VirtualRouterSpec, first: string, since: Instant): void {
  const masters = new Set([first]);
  for (const { at, node, instance, to } of world.history.changesSince(since)) {
    if (instance !== key) continue;
    if (to === "MASTER") masters.add(node);
    else masters.delete(node);
    if (masters.size === 0) throw new Violation("orders", `nobody is master of ${name} at ${at}`);
  }
}

/** Whatever trackers say, nothing moves before the thaw. */
export function freeze(world: World, { master: { node } }: Reign): void {
  for (const one of world.nodes)
    if (one.engine !== undefined)
      one.tell(
        one.orders.give({ kind: "freeze", subject: undefined, ttl: undefined, force: false }, world.now),
      );
  world.run(world.scenario.unit);
  const frozenAt = world.now;
  const before = new Map([...node.views].map(([name, { effectivePriority }]) => [name, effectivePriority]));
  const { tracker, value } = drawMeasurement(world.random);
  measure(node, tracker, value);
  node.tell(node.senses.setBfd(false));
  world.run(4 * world.scenario.unit);
  const [moved] = world.history.changesSince(frozenAt);
  if (moved !== undefined)
    throw new Violation("orders", `${moved.node} goes to ${moved.to} while it is frozen`);
  for (const [name, { effectivePriority }] of node.views)
    if (effectivePriority !== before.get(name))
      throw new Violation(
        "orders",
        `${node.name} ${name} has priority ${effectivePriority} while it is frozen`,
      );
  for (const one of world.nodes) if (one.orders.areGiven) one.tell(one.orders.takeBack(world.now));
  settle(world, NO_ALLOWANCE);
  measure(node, tracker, tracker === "file" ? 0 : 1);
  node.tell(node.senses.setBfd(true));
  settle(world, NO_ALLOWANCE);
}
