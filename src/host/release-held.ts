/** Takes addresses, routes and rules out of the kernel for a process that can no longer do it. */
import type { OsError } from "../base/result.ts";
import { formatOsError } from "../base/result.ts";
import type { LedgerItem } from "../supervise/ledger.ts";
import type { Loop } from "./loop.ts";
import type { ChangeDone, Netlink } from "./netlink.ts";
import { openNetlink } from "./netlink.ts";
import { interfaceIndex } from "./system.ts";

export interface ReleaseOutcome {
  readonly released: readonly string[];
  /** With the reason. */
  readonly failed: readonly string[];
}

/** Removes all of them in order; one that is gone already, or whose interface is, counts as released. */
export function releaseHeld(
  loop: Loop,
  items: readonly LedgerItem[],
  done: (outcome: ReleaseOutcome) => void,
): void {
  const netlink = openNetlink(loop, () => undefined);
  const released: string[] = [];
  const failed: string[] = [];
  let waiting = items.length;
  const answered = (name: string, error: OsError | undefined): void => {
    if (error === undefined) released.push(name);
    else failed.push(`${name}: ${formatOsError(error)}`);
    waiting--;
    if (waiting > 0) return;
    netlink.close();
    done({ released, failed });
  };
  for (const held of items) remove(netlink, held, (error) => answered(nameOf(held), error));
}

function remove(netlink: Netlink, held: LedgerItem, ended: ChangeDone): void {
  if (held.kind !== "address") {
    netlink.changeRouting("remove", held, ended);
    return;
  }
  const index = interfaceIndex(held.interface);
  if (index === undefined) queueMicrotask(() => ended(undefined));
  else netlink.removeAddress({ index, address: held.address, prefixLength: held.prefixLength }, ended);
}

function nameOf(held: LedgerItem): string {
  return held.kind === "address" ? `${held.address}/${held.prefixLength} on ${held.interface}` : held.key;
}
