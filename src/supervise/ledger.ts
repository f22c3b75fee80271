/**
 * The ledger: what the vrrp child has put into the kernel and the supervisor must take out when the child dies
 * and cannot go on in time. Pure.
 */
import type { IpAddress } from "../base/ip.ts";
import { addressKey } from "../base/routing.ts";
import type { Instant, Micros } from "../base/time.ts";
import type { RoutingModel } from "../model/model.ts";

/** One thing that the vrrp child is about to add, or has removed. */
export interface LedgerEntry {
  readonly instance: string;
  readonly held: LedgerItem;
}

export type LedgerItem =
  | {
      readonly kind: "address";
      readonly interface: string;
      readonly address: IpAddress;
      readonly prefixLength: number;
    }
  | RoutingModel;

/** Master_Down_Interval that is assumed where none was told: three seconds and a bit, the protocol's default. */
const ASSUMED_MASTER_DOWN: Micros = 3_600_000;

export class Ledger {
  readonly #entries = new Map<string, LedgerEntry>();

  /** Written before the address is added, so that a death in between is covered. */
  added(entry: LedgerEntry): void {
    this.#entries.set(keyOf(entry), entry);
  }

  removed(entry: LedgerEntry): void {
    this.#entries.delete(keyOf(entry));
  }

  /** What was added last comes first: it may stand on what came before. */
  entries(): readonly LedgerEntry[] {
    return [...this.#entries.values()].toReversed();
  }

  clear(): void {
    this.#entries.clear();
  }

  get size(): number {
    return this.#entries.size;
  }
}

function keyOf(entry: LedgerEntry): string {
  const { held } = entry;
  return held.kind === "address" ? addressKey(held) : held.key;
}

/**
 * When the addresses of a vrrp child that was last known alive at `lastSeen` must be gone: half of Master_Down_Interval
 * later, because the peer takes them at the whole.
 */
export function releaseDeadline(lastSeen: Instant, shortestMasterDown: Micros | undefined): Instant {
  return lastSeen + Math.floor((shortestMasterDown ?? ASSUMED_MASTER_DOWN) / 2);
}
