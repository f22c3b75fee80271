/** What the engine remembers: plain values only, so that a snapshot is a copy. */
import type { Instant, Micros } from "../base/time.ts";
import type { BfdModel } from "../model/model.ts";
import type { BfdState } from "../wire/bfd.ts";
import type { BfdDropReason, BfdReason } from "./event.ts";

/** The state variables of RFC 5880 section 6.8.1, and what is told of them. */
export interface SessionMemory {
  state: BfdState;
  diagnostic: number;
  localDiscriminator: number;
  /** 0 while the neighbour's is not known. */
  remoteDiscriminator: number;
  remoteState: BfdState;
  remoteDiagnostic: number;
  remoteDemand: boolean;
  remoteMultiplier: number;
  /** The neighbour's Desired Min TX and Required Min RX. */
  remoteMinTx: Micros;
  remoteMinRx: Micros;
  /** What our packets say. */
  desiredMinTx: Micros;
  requiredMinRx: Micros;
  /** What counts until the neighbour has confirmed by Final (section 6.8.3). */
  effectiveMinTx: Micros;
  effectiveMinRx: Micros;
  /** A poll sequence is under way. */
  polling: boolean;
  /** Next periodic packet; undefined while there are none. */
  transmitAt: Instant | undefined;
  detectAt: Instant | undefined;
  lastHeard: Instant | undefined;
  lastChange: Instant | undefined;
  reason: BfdReason;
  /** What followers were told last. */
  reportedUp: boolean;
  /** Timers told of last; 0 for none. */
  reportedTransmit: Micros;
  reportedDetection: Micros;
  statistics: { sent: number; received: number; wentUp: number; wentDown: number };
}

export interface EngineMemory {
  /** State of the generator behind discriminators and jitter. */
  random: number;
  stopped: boolean;
  dropped: Partial<Record<BfdDropReason, number>>;
  /** When a drop for this reason was told of, and how many came since. */
  told: Partial<Record<BfdDropReason, { at: Instant; suppressed: number }>>;
}

/** The whole engine as a plain value: what `status` shows, and what `restore` goes on from. */
export interface BfdSnapshot {
  readonly at: Instant;
  readonly sessions: readonly BfdSessionSnapshot[];
  readonly engine: Readonly<EngineMemory>;
}

export interface BfdSessionSnapshot {
  readonly model: BfdModel;
  readonly memory: Readonly<SessionMemory>;
  /** Between our packets, before jitter; undefined while we send none. */
  readonly transmitInterval: Micros | undefined;
  /** Undefined while the neighbour is not heard. */
  readonly detectionTime: Micros | undefined;
}
