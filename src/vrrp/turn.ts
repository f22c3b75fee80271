import type { IpAddress } from "../base/ip.ts";
import type { Instant } from "../base/time.ts";
import type { GarpGroupModel } from "../model/model.ts";
import type { ActionList } from "./action-list.ts";
import type { Cause, CauseDetail, CauseFact } from "./cause.ts";
import type { VrrpEventDetail } from "./event.ts";
import type { Holder, Instance, StaticHolder } from "./instance.ts";
import type { EngineMemory } from "./memory.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Limits } from "./timers.ts";

/** What one call of `handle` works with. */
export interface Turn {
  now: Instant;
  readonly limits: Limits;
  readonly out: ActionList;
  readonly memory: EngineMemory;
  readonly surroundings: Surroundings;
  /** Requests to the kernel whose answers count, with the number of items still to be answered for. */
  readonly outstanding: Map<number, { readonly holder: Holder; waiting: number }>;
  /** Virtual addresses of all instances. */
  virtualAddresses: ReadonlySet<IpAddress>;
  /** Holds the static entries. */
  readonly statics: StaticHolder;
  /** The `garp_group` of each interface that is in one. */
  garpGroups: ReadonlyMap<string, GarpGroupModel>;
  /** Questions that may still be carried on in this turn. */
  questionsLeft: number;
  /** Lines about states are wanted. */
  fifo: boolean;
  /** Mails leave FAULT out. */
  noMailOnFault: boolean;
  /** All instances of the engine. */
  instances: readonly Instance[];
  /** Instances whose deadline may have changed in this turn. */
  readonly touched: Set<Instance>;
  /** First all decisions are made, then all are applied: what stands between (a group's agreement) sees them whole. */
  readonly wishes: Transition[];
}

/** A state change that was decided on and not yet applied. */
export interface Transition {
  readonly instance: Instance;
  readonly to: "BACKUP" | "MASTER" | "FAULT" | "STOP";
  readonly cause: Cause;
  /** Whether a master that ends says so by priority 0. */
  readonly resigns: boolean;
  /** The deadline that brought it about, or now. */
  readonly due: Instant;
  /** Addresses stay in the kernel (`--dont-release-vrrp`). */
  readonly keepsAddresses?: boolean;
  /** Reported to scripts and mails as this rather than as the state. */
  readonly notifyAs?: "DELETED";
  /** A backup that would be master and waits for its sync group begins with this wish. */
  readonly wanted?: Cause;
}

export function factAt(at: Instant, detail: CauseDetail): CauseFact {
  return { at, ...detail };
}

export function emit(turn: Turn, instance: Holder, detail: VrrpEventDetail): void {
  turn.out.emit({ at: turn.now, instance: instance.model.name, ...detail });
}

/**
 * Whether to tell of this trouble: once, until the master or our state changes. Returns how many of its kind were kept
 * silent before, or undefined to keep silent now.
 */
export function reportOnce(instance: Instance, trouble: string): number | undefined {
  const { reported, suppressed } = instance.memory;
  if (reported.includes(trouble) || reported.length >= MOST_REPORTED) {
    if (reported.includes(trouble)) suppressed[trouble] = (suppressed[trouble] ?? 0) + 1;
    return undefined;
  }
  reported.push(trouble);
  const before = suppressed[trouble] ?? 0;
  delete suppressed[trouble];
  return before;
}

/** A stranger who varies his address must not fill the memory. */
const MOST_REPORTED = 32;
