/** What an instance has to remember of authenticated advertisements, written from what keepalived's routers do. */
import type { AuthHmacModel } from "../../src/model/advertising.ts";
import { comesAfter, numberAt, secondsAhead } from "../signatures.ts";

/** The last number of one sender. */
export interface SenderMark {
  readonly source: string;
  readonly isPeer: boolean;
  readonly number: bigint;
}

/** Never changed, only replaced: a restart goes back to those of a snapshot. */
export interface Marks {
  /** Last number of an Authentication Header, heard or said. */
  readonly ah: number;
  /** It was said, and has been heard of nobody: another that speaks at the same time says it, too. */
  readonly isAhOwn: boolean;
  /** After a warm start of a master: what its former life has said last, which may be more than the snapshot knows. */
  readonly ahFloor: number | undefined;
  /** Last number that was signed. */
  readonly signed: bigint | undefined;
  /** The latest first. */
  readonly senders: readonly SenderMark[];
  /** Whether a peer has been heard that sums the multicast group. */
  readonly sumsGroup: boolean;
  /** An operator's order: resigned, and waiting for another. */
  readonly handsOver: boolean;
}

export const NO_MARKS: Marks = {
  ah: 0,
  isAhOwn: false,
  ahFloor: undefined,
  signed: undefined,
  senders: [],
  sumsGroup: false,
  handsOver: false,
};

/** Multicast senders that are remembered. */
const STRANGERS = 4;

/** Whether a number is too far from the clock to be taken, where the clock counts. */
export function isStale(
  number: bigint,
  wallClock: number,
  { antiReplay, timeWindow }: AuthHmacModel,
): boolean {
  return antiReplay === "time" && Math.abs(secondsAhead(number, numberAt(wallClock))) > timeWindow;
}

/** The list with a verified number, or undefined if it is used up. A mark that the clock has left behind holds nothing. */
export function withNumber(
  { senders }: Marks,
  heard: SenderMark,
  wallClock: number,
  authHmac: AuthHmacModel,
): readonly SenderMark[] | undefined {
  const known = senders.find(({ source }) => source === heard.source);
  if (known !== undefined && !isStale(known.number, wallClock, authHmac)) {
    if (!comesAfter(heard.number, known.number)) return undefined;
  }
  const others = senders.filter(({ source }) => source !== heard.source);
  const all = [heard, ...others];
  const strangers = all.filter(({ isPeer }) => !isPeer).slice(0, STRANGERS);
  return all.filter((one) => one.isPeer || strangers.includes(one));
}

/** What the next signature has to count: the clock, or one more than last time, unless the clock went back too far. */
export function numberToSign(
  last: bigint | undefined,
  wallClock: number,
  { antiReplay, timeWindow }: AuthHmacModel,
): bigint {
  const clock = numberAt(wallClock);
  if (last === undefined || comesAfter(clock, last)) return clock;
  const isStranded = antiReplay === "time" && secondsAhead(last, clock) > timeWindow;
  return isStranded ? clock : BigInt.asUintN(64, last + 1n);
}
