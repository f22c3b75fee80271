/**
 * How long the protocol may take, derived from the configuration and from how calm the world is. A bound that is too
 * large checks nothing: each is the sum of the waits the protocol imposes, and of the delays the world adds to them.
 *
 *     d      longest way of a packet through the calm LAN
 *     w      longest wait of a fact (packet, deadline) for its machine's loop
 *     A      advertisement interval; M the longest one of the virtual router, which a version 3 backup may count with
 *     MDI    Master_Down_Interval: N x M + skew
 */
import type { Micros } from "../src/base/time.ts";
import type { VrrpInstanceModel } from "../src/model/model.ts";
import type { Scenario, VirtualRouterSpec } from "./spec.ts";

export interface Delays {
  readonly d: Micros;
  readonly w: Micros;
}

/** Delays of the world once it is calm. */
export function calmDelays(scenario: Scenario): Delays {
  return { d: scenario.calm.delayMax, w: scenario.calmLoop.latencyMax + scenario.calmLoop.latenessMax };
}

/** Skew_Time with the given interval of the master, rounded up. */
export function skew(model: VrrpInstanceModel, priority: number, interval: Micros): Micros {
  const unit = model.version === 2 ? 1_000_000 : interval;
  return Math.ceil(((256 - priority) * unit) / 256);
}

/** Master_Down_Interval with the given interval of the master. */
export function masterDown(model: VrrpInstanceModel, priority: number, interval: Micros): Micros {
  return model.downTimerAdverts * interval + skew(model, priority, interval);
}

/**
 * From any state of all members in a calm LAN, without faults, to exactly one master that nobody may preempt.
 *
 * Let H be a member that no running member may keep from being master (the best that preempts, or any if none does).
 *
 * 1. Nothing above H is left to reset its timer, which was last set when the world became calm: it ends within MDI. With
 *    `preempt_delay`, H obeys a lower master: in the worst case the first such advertisement comes just before the end of
 *    the timer, so MDI passes first, then the delay, in which each advertisement sets the timer again, then MDI once more.
 * 2. H speaks when it becomes master (w after the deadline); all others yield when that arrives (d + w).
 * 3. Two masters of equal priority, or two that speak within d of each other, hear each other's next advertisement
 *    within A + w, and one yields d + w later. It says nothing on leaving, so nobody else is stirred up.
 * 4. Whoever slept too long for its timer to mean anything listens once more, for M and its skew: less than MDI, and only
 *    where `slept`.
 * 5. Routers with an Authentication Header share one count, and take a number that they have used themselves for an old
 *    one: two that speak at once may miss each other a few times, until one of them has seen the other's count.
 */
export function settleBound(router: VirtualRouterSpec, { d, w }: Delays, slept: boolean): Micros {
  const longest = router.longestInterval;
  let bound = 0;
  for (const model of router.members.values()) {
    // Trackers can lower the priority to 1, which has the longest skew.
    const timer = masterDown(model, model.priority === 255 ? 255 : lowestPriority(model), longest);
    const delayed = model.preempt && model.preemptDelay > 0 ? model.preemptDelay + timer : 0;
    bound = Math.max(bound, timer + delayed + (slept ? timer : 0));
  }
  const members = [...router.members.values()];
  const counts = members.some(({ authentication }) => authentication.kind === "ah");
  return bound + (counts ? 5 : 1) * longest + 3 * (d + w) + w;
}

/** The least effective priority that trackers can make. */
function lowestPriority(model: VrrpInstanceModel): number {
  let sum = 0;
  const { trackInterfaces, trackScripts, trackBfds, trackProcesses } = model;
  // A file may hold any number.
  if (model.trackFiles.length > 0) return 1;
  for (const { weight } of [...trackInterfaces, ...trackScripts, ...trackBfds, ...trackProcesses])
    sum += Math.abs(weight);
  return Math.max(1, model.priority - sum);
}

/**
 * From a settled state to the last announcement a change of master entails: the second burst after `garp_master_delay` or
 * `garp_lower_prio_delay`, paced by `garp_interval`.
 */
export function announceBound(router: VirtualRouterSpec, { d, w }: Delays): Micros {
  let bound = 0;
  for (const { garp, virtualAddresses, excludedAddresses } of router.members.values()) {
    const count = virtualAddresses.length + excludedAddresses.length;
    const pace = Math.max(garp.garpInterval, garp.gnaInterval) + w;
    const repeat = Math.max(garp.masterRepeat, garp.lowerPrioRepeat);
    // Two bursts may share a queue with those of one other instance.
    bound = Math.max(bound, Math.max(garp.masterDelay, garp.lowerPrioDelay) + 4 * count * repeat * pace);
  }
  return bound + d + w;
}

/** 1 s, 2 s, 4 s ... 60 s: how long the engine waits after the n-th refusal in a row. */
export function retryWait(attempt: number): Micros {
  return Math.min(60, 2 ** Math.min(attempt - 1, 6)) * 1_000_000;
}
