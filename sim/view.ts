/** What the instances of a node have shown of themselves by their actions; the engine's own words are compared with it. */
import type { Instant } from "../src/base/time.ts";
import type { VrrpInstanceModel } from "../src/model/model.ts";
import type { VrrpAction } from "../src/vrrp/action.ts";
import type { VrrpEvent, VrrpState } from "../src/vrrp/event.ts";
import type { VrrpSnapshot } from "../src/vrrp/snapshot.ts";
import { Violation } from "./violation.ts";

export interface InstanceView {
  model: VrrpInstanceModel;
  state: VrrpState;
  since: Instant;
  effectivePriority: number;
  lastAdvert: Instant | undefined;
  /** An operator's order may count for it. */
  ordered: boolean;
}

/** An instance as it begins, or as its snapshot leaves it. */
export function firstView(
  model: VrrpInstanceModel,
  snapshot: VrrpSnapshot | undefined,
  now: Instant,
): InstanceView {
  const known = snapshot?.instances.find(({ key }) => key === model.key);
  return {
    model,
    state: known?.state ?? "INIT",
    since: now,
    effectivePriority: known?.effectivePriority ?? model.priority,
    lastAdvert: undefined,
    ordered: snapshot !== undefined,
  };
}

/** The instance that is called so now. */
export function viewNamed(views: ReadonlyMap<string, InstanceView>, name: string): InstanceView | undefined {
  for (const view of views.values()) if (view.model.name === name) return view;
  return undefined;
}

/** Takes one action into account. A change from a state that the instance was not in is a violation. */
export function noteAction(views: ReadonlyMap<string, InstanceView>, action: VrrpAction, now: Instant): void {
  if (action.kind === "SendAdvertisement") {
    const view = viewNamed(views, action.instance);
    if (view !== undefined) view.lastAdvert = now;
  }
  if (action.kind === "Emit") noteEvent(viewNamed(views, action.event.instance), action.event, now);
}

function noteEvent(view: InstanceView | undefined, event: VrrpEvent, now: Instant): void {
  if (view === undefined) return;
  if (event.kind === "StateChanged") {
    if (event.from !== view.state) {
      throw new Violation("events", `${event.instance} was ${view.state}, not ${event.from}`);
    }
    view.state = event.to;
    view.since = now;
    view.effectivePriority = event.priority;
  }
  if (event.kind === "PriorityChanged") view.effectivePriority = event.to;
}
