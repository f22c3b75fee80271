/** Follows a server that is being drained until its last connection has ended. What it looks at, and the clock, are given. */

import { NO_PLANE, type PoolStatus, type ServerStatus } from "../observe/pool-view.ts";
import { formatAge } from "../observe/wall-clock.ts";

export interface DrainWorld {
  /** What the daemon says of the service by now. */
  look(): Promise<PoolStatus>;
  /** Shows how it goes; `isLast` ends the line. */
  show(text: string, isLast: boolean): void;
  /** Resolves after a moment, or at once when the operator has had enough. */
  pause(): Promise<void>;
  isInterrupted(): boolean;
  /** Microseconds. */
  now(): number;
}

export interface Drain {
  /** Name of the server, as the log writes it. */
  readonly realServer: string;
  /** Microseconds; undefined waits as long as it takes. */
  readonly timeout: number | undefined;
}

/** How it ended: only `drained` means that no connection is left. */
export type DrainEnd = "drained" | "gone" | "taken back" | "uncounted" | "interrupted" | "timed out";

/** The order may reach the checker process a little after the answer reached us. */
const ORDER_UNDER_WAY = 5_000_000;

export async function followDrain(drain: Drain, world: DrainWorld): Promise<DrainEnd> {
  const begun = world.now();
  let most = 0;
  let isOrdered = false;
  for (;;) {
    const pool = await world.look();
    const server = pool.services
      .flatMap(({ servers }) => servers)
      .find(({ name }) => name === drain.realServer);
    const waited = world.now() - begun;
    isOrdered ||= server?.orders.some(({ kind }) => kind === "drain") === true;
    const left = server?.connections;
    most = Math.max(most, left ?? 0);
    const progress = left === undefined ? "connections are being counted" : leftText(left, most);
    const end = endOf(drain, server, pool, isOrdered, waited, world.isInterrupted());
    if (end === undefined) world.show(`${progress}, draining for ${formatAge(waited)}`, false);
    else {
      world.show(endText(end, drain.realServer, progress, waited), true);
      return end;
    }
    await world.pause();
  }
}

function endOf(
  { timeout }: Drain,
  server: ServerStatus | undefined,
  { plane }: PoolStatus,
  wasOrdered: boolean,
  waited: number,
  isInterrupted: boolean,
): DrainEnd | undefined {
  if (server === undefined) return "gone";
  if (server.drained) return "drained";
  const isDraining = server.orders.some(({ kind }) => kind === "drain");
  if (!isDraining && (wasOrdered || waited >= ORDER_UNDER_WAY)) return "taken back";
  if (plane.name === NO_PLANE) return "uncounted";
  if (isInterrupted) return "interrupted";
  return timeout !== undefined && waited >= timeout ? "timed out" : undefined;
}

function leftText(left: number, most: number): string {
  const what = `connection${left === 1 ? "" : "s"} left`;
  return most > left ? `${left} of ${most} connections left` : `${left} ${what}`;
}

function endText(end: DrainEnd, name: string, progress: string, waited: number): string {
  const goesOn = "it goes on draining until `buoy pool enable`";
  switch (end) {
    case "drained":
      return `${name} is drained after ${formatAge(waited)}: no connection is left`;
    case "gone":
      return `${name} is configured no more`;
    case "taken back":
      return `${name} is drained no more: the order was taken back`;
    case "uncounted":
      return `no service is in the kernel, so no connection can be counted: ${goesOn}`;
    case "interrupted":
      return `${progress}; ${goesOn}`;
    case "timed out":
      return `${progress} after ${formatAge(waited)}; ${goesOn}`;
  }
}
