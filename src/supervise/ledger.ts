/**
 * The address ledger: what the vrrp child has put into the kernel and the supervisor must take out when the child dies
 * and cannot go on in time. Pure.
 */
import type { IpAddress } from "../base/ip.ts";
import type { Instant, Micros } from "../base/time.ts";

/** One address that the vrrp child is about to add, or has removed. */
export interface LedgerEntry {
  readonly instance: string;
  readonly interface: string;
  readonly address: IpAddress;
  readonly prefixLength: number;
}

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

  /** In the order in which they were first added. */
  entries(): readonly LedgerEntry[] {
    return [...this.#entries.values()];
  }

  clear(): void {
    this.#entries.clear();
  }

  get size(): number {
    return this.#entries.size;
  }
}

function keyOf(entry: LedgerEntry): string {
  return `${entry.interface} ${entry.address}/${entry.prefixLength}`;
}

/**
 * When the addresses of a vrrp child that was last known alive at `lastSeen` must be gone: half of Master_Down_Interval
 * later, because the peer takes them at the whole.
 */
export function releaseDeadline(lastSeen: Instant, shortestMasterDown: Micros | undefined): Instant {
  return lastSeen + Math.floor((shortestMasterDown ?? ASSUMED_MASTER_DOWN) / 2);
}
