/**
 * Weights as rows of slots: a number that counts on with each connection, or a hash of it, falls into one slot, and the slot
 * names the server. The same servers make the same row on every director.
 */
import type { Scheduler } from "../../base/scheduler.ts";

/** One that may be chosen. */
export interface Candidate {
  readonly id: number;
  /** What it is called on every director. */
  readonly name: string;
  readonly weight: number;
}

export interface Slots {
  /** How a connection falls into a slot: in turn, or by the client's or the service's address. */
  readonly by: "turn" | "client" | "service";
  /** The server of each slot; empty where none may be chosen. */
  readonly ids: readonly number[];
}

/** Rows do not grow longer than this for weights: a share is exact to a thousandth. */
const MOST_SLOTS = 1024;
/** Primes, as rows of hashes want; at least so many slots for each server. */
const HASH_SLOTS = [251, 1021, 4093, 16381] as const;
const SLOTS_A_SERVER = 10;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** What a scheduler comes down to without the kernel's knowledge of connections. */
export function slotsOf(scheduler: Scheduler, servers: readonly Candidate[]): Slots {
  const live = servers.filter(({ weight }) => weight > 0);
  switch (scheduler) {
    case "rr":
    case "lc":
      return { by: "turn", ids: live.map(({ id }) => id) };
    case "fo": {
      const [first] = [...live].sort((a, b) => b.weight - a.weight);
      return { by: "turn", ids: first === undefined ? [] : [first.id] };
    }
    case "sh":
    case "mh":
      return { by: "client", ids: hashed(live) };
    case "dh":
    case "lblc":
    case "lblcr":
      return { by: "service", ids: hashed(live) };
    default:
      return { by: "turn", ids: interleaved(live) };
  }
}

/** Each server as often as its weight says, as evenly spread as can be. */
function interleaved(live: readonly Candidate[]): readonly number[] {
  const shares = shortened(live.map(({ weight }) => weight));
  const total = shares.reduce((sum, share) => sum + share, 0);
  const credit = shares.map(() => 0);
  return Array.from({ length: total }, () => {
    let best = 0;
    for (const [index, share] of shares.entries()) {
      credit[index] = (credit[index] ?? 0) + share;
      if ((credit[index] ?? 0) > (credit[best] ?? 0)) best = index;
    }
    credit[best] = (credit[best] ?? 0) - total;
    return live[best]?.id ?? 0;
  });
}

/** Smaller numbers of the same proportions, none of them 0. */
function shortened(weights: readonly number[]): readonly number[] {
  const divisor = weights.reduce(greatestCommonDivisor, 0) || 1;
  const shares = weights.map((weight) => weight / divisor);
  const total = shares.reduce((sum, share) => sum + share, 0);
  const most = Math.max(MOST_SLOTS, weights.length);
  if (total <= most) return shares;
  return shares.map((share) => Math.max(1, Math.round((share * most) / total)));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Maglev's row: when a server goes, little but its own slots changes hands. */
function hashed(servers: readonly Candidate[]): readonly number[] {
  // Whoever came first elsewhere, the row is the same.
  const live = [...servers].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (live.length === 0) return [];
  const size = HASH_SLOTS.find((slots) => slots >= live.length * SLOTS_A_SERVER) ?? HASH_SLOTS[3];
  const shares = shortened(live.map(({ weight }) => weight));
  const most = Math.max(...shares);
  const rows = live.map(({ id, name }, index) => ({
    id,
    at: hash(`${name} at`) % size,
    step: (hash(`${name} step`) % (size - 1)) + 1,
    share: (shares[index] ?? 0) / most,
    credit: 0,
  }));
  const ids = new Array<number | undefined>(size).fill(undefined);
  for (let filled = 0; filled < size; ) {
    for (const row of rows) {
      row.credit += row.share;
      if (row.credit < 1 || filled === size) continue;
      row.credit -= 1;
      while (ids[row.at] !== undefined) row.at = (row.at + row.step) % size;
      ids[row.at] = row.id;
      filled++;
    }
  }
  return ids.flatMap((id) => id ?? []);
}

function hash(text: string): number {
  let value = FNV_OFFSET;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), FNV_PRIME) >>> 0;
  }
  // The last letters alone barely move the upper bits.
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) >>> 0;
  return (value ^ (value >>> 12)) >>> 0;
}
