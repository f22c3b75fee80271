/** Takes addresses out of the kernel for a process that can no longer do it. */
import type { IpAddress } from "../base/ip.ts";
import { formatOsError } from "../base/result.ts";
import type { Loop } from "./loop.ts";
import { openNetlink } from "./netlink.ts";
import { interfaceIndex } from "./system.ts";

export interface HeldAddress {
  readonly interface: string;
  readonly address: IpAddress;
  readonly prefixLength: number;
}

export interface ReleaseOutcome {
  readonly released: readonly string[];
  /** With the reason. */
  readonly failed: readonly string[];
}

/** Removes all of them in order; one that is gone already, or whose interface is, counts as released. */
export function releaseAddresses(
  loop: Loop,
  addresses: readonly HeldAddress[],
  done: (outcome: ReleaseOutcome) => void,
): void {
  const netlink = openNetlink(loop, () => undefined);
  const released: string[] = [];
  const failed: string[] = [];
  let waiting = addresses.length;
  const answered = (): void => {
    waiting--;
    if (waiting > 0) return;
    netlink.close();
    done({ released, failed });
  };
  for (const held of addresses) {
    const name = `${held.address}/${held.prefixLength} on ${held.interface}`;
    const index = interfaceIndex(held.interface);
    if (index === undefined) {
      released.push(name);
      queueMicrotask(answered);
      continue;
    }
    netlink.removeAddress({ index, address: held.address, prefixLength: held.prefixLength }, (error) => {
      if (error === undefined) released.push(name);
      else failed.push(`${name}: ${formatOsError(error)}`);
      answered();
    });
  }
}
