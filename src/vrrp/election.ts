/** The decisions of the election itself, one each (RFC 9568 section 6.4, with keepalived's reading of preemption). */
import type { IpAddress } from "../base/ip.ts";
import { compareIp } from "../base/ip.ts";
import type { Instant } from "../base/time.ts";

/**
 * Whether a backup obeys this advertisement and starts its timer anew. A preempting backup discards those of lower
 * priority, and lets its running timer go on to its end; it obeys them while `preempt_delay` has not passed.
 */
export function backupObeys(
  advertised: number,
  own: number,
  preempt: boolean,
  preemptDelayPending: boolean,
): boolean {
  return !preempt || advertised >= own || preemptDelayPending;
}

/** Whether a master gives way: to a higher priority, or to an equal one from a numerically higher address. */
export function masterYields(
  advertised: number,
  own: number,
  advertiser: IpAddress,
  ownAddress: IpAddress,
): boolean {
  if (advertised !== own) return advertised > own;
  return compareIp(advertiser, ownAddress) > 0;
}

/** Whether `preempt_delay` still asks for obedience. */
export function isPreemptDelayPending(preemptAt: Instant | undefined, now: Instant): boolean {
  return preemptAt !== undefined && now < preemptAt;
}
