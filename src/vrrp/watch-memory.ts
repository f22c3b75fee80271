/** What the engine remembers of neighbours: plain values, as all of its memory. */
import type { IpAddress } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import type { Instant, Micros } from "../base/time.ts";
import type { VerifyOutcome, WatchReason } from "./event.ts";

/** A neighbour that is asked whether it maps our addresses to us. */
export interface WatchedNeighbour {
  readonly address: IpAddress;
  readonly interface: string;
  readonly why: WatchReason;
  mac: MacAddress | undefined;
  /** By virtual address; those still asked about are missing. */
  results: Record<IpAddress, VerifyOutcome>;
  /** The longest way from the announcement to the proof. */
  slowest: Micros;
  /** Since we are master, a question had to teach it at least once. */
  hadToBeAsked: boolean;
  /** What the last event about it said. */
  told: VerifyOutcome | undefined;
}

/** One virtual address and one neighbour. The order of the stages is the order in which they come. */
export interface Question {
  /** Key of the address record. */
  readonly key: string;
  readonly interface: string;
  readonly neighbour: IpAddress;
  stage: "resolve" | "probe" | "ask" | "confirm";
  readonly begun: Instant;
  dueAt: Instant;
  /** Frames of this stage that are out. */
  sent: number;
  /** The neighbour was asked before in a way that teaches nothing, and its silence means something. */
  probed: boolean;
  /** From the announcement to the proof, once there is one. */
  took: Micros | undefined;
}

/** The watch-list of a master and the questions that are open. */
export interface VerificationMemory {
  startedAt: Instant;
  finishedAt: Instant | undefined;
  neighbours: WatchedNeighbour[];
  questions: Question[];
  /** Addresses still to be looked for at other stations, and when. */
  unchecked: string[];
  checkAt: Instant;
  dueAt: Instant | undefined;
  asksSent: number;
}

/** Somebody on the LAN whose station we know. */
export interface Acquaintance {
  readonly interface: string;
  readonly address: IpAddress;
  readonly mac: MacAddress;
  /** The virtual address that it last asked for. */
  readonly wanted: IpAddress | undefined;
  readonly at: Instant;
}
