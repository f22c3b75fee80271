/** Who rules a virtual router, who may follow, and when the first of those must be master. */
import type { Instant } from "../src/base/time.ts";
import type { Member } from "./audience.ts";
import { calmDelays, masterDown, skew } from "./bounds.ts";
import { expectedPriority } from "./settle.ts";
import type { VirtualRouterSpec } from "./spec.ts";
import { companyOf } from "./spec.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

/** Who rules and who may follow, as the world stands before a probe. */
export interface Reign {
  readonly router: VirtualRouterSpec;
  readonly master: Member;
  readonly heirs: readonly Member[];
}

/**
 * The master has gone silent. Its last advertisement reached everybody within d, and was heard w later; from then on each
 * heir counts its own Master_Down_Interval with the master's interval, and is master w after its end. Nobody may be
 * earlier than the shortest of these from the instant of the advertisement, and somebody must be as early. The old master
 * itself may be back at `returnsAt`.
 */
export function expectTakeoverByTimeout(
  world: World,
  reign: Reign,
  returnsAt = Number.POSITIVE_INFINITY,
): void {
  const { master, heirs } = reign;
  if (heirs.length === 0) return;
  const { d, w } = calmDelays(world.scenario);
  // A sync group waits for the member that heard the master last.
  const spoken = Math.max(
    ...companyOf(master.node.model, master.view.model.name).map(
      ({ key }) => world.history.lastSpoken(master.node.name, key) ?? Number.NEGATIVE_INFINITY,
    ),
  );
  if (spoken < 0) throw new Violation("takeover", `${master.node.name} never spoke`);
  const interval = master.view.model.advertisementInterval;
  const spans = heirs.map(({ node, view }) =>
    masterDown(view.model, expectedPriority(node, view.model), interval),
  );
  const shortest = Math.min(...spans);
  expectHeir(world, reign, Math.min(returnsAt, spoken + shortest) - 2, spoken + d + w + shortest + w);
}

/** Whether the first heir becomes master between the two instants. */
export function expectHeir(
  world: World,
  { router, heirs, master }: Reign,
  notBefore: Instant,
  by: Instant,
): void {
  const started = world.now;
  if (by > world.now) world.run(by - world.now);
  const names = new Set([...heirs, master].map(({ node }) => node.name));
  const first = world.history
    .changesSince(started)
    .find(({ node, instance, to }) => to === "MASTER" && instance === router.key && names.has(node));
  if (first === undefined) throw new Violation("takeover", `nobody is master of ${router.name} by ${by}`);
  if (first.at < notBefore)
    throw new Violation("takeover", `${first.node} is master at ${first.at}, before ${notBefore}`);
}

export function expectTakeoverByResignation(world: World, reign: Reign, from: Instant): void {
  const { d, w } = calmDelays(world.scenario);
  const interval = reign.master.view.model.advertisementInterval;
  const spans = reign.heirs.map(({ node, view }) =>
    skew(view.model, expectedPriority(node, view.model), interval),
  );
  const shortest = Math.min(...spans);
  expectHeir(world, reign, from + shortest - 2, from + w + d + w + shortest + w);
}
