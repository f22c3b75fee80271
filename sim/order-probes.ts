/** Orders of operators in a healthy world: a handover leaves no moment without a master, a freeze moves nothing. */
import type { Instant } from "../src/base/time.ts";
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
  const { node, view } = master;
  const orderedAt = world.now;
  node.tell(node.orders.give(kind, false, orderedAt));
  if (heirs.length > 0) expectTakeoverByResignation(world, reign, orderedAt);
  settle(world, NO_ALLOWANCE);
  expectOwner(world, router, node.name, orderedAt);
  const away = kind === "failover" ? "BACKUP" : "FAULT";
  const wanted = heirs.length > 0 ? away : "MASTER";
  if (view.state !== wanted) throw new Violation("orders", `${node.name} is ${view.state}, not ${wanted}`);
  node.tell(node.orders.takeBack());
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
    if (one.engine !== undefined) one.tell(one.orders.give("freeze", false, world.now));
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
  for (const one of world.nodes) if (one.orders.areFelt) one.tell(one.orders.takeBack());
  settle(world, NO_ALLOWANCE);
  measure(node, tracker, tracker === "file" ? 0 : 1);
  node.tell(node.senses.setBfd(true));
  settle(world, NO_ALLOWANCE);
}
