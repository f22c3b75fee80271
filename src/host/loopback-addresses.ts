/** Addresses on `lo`, for commands that do one thing and end. */
import type { IpAddress } from "../base/ip.ts";
import type { OsError } from "../base/result.ts";
import { createLoop } from "./loop.ts";
import type { Netlink } from "./netlink.ts";
import { openNetlink } from "./netlink.ts";

const LOOPBACK = "lo";
/** rtnetlink scope of an address that is of use on this host only. */
const SCOPE_HOST = 254;

export class LoopbackAddresses {
  readonly #netlink: Netlink;
  readonly #index: number;

  private constructor(netlink: Netlink, index: number) {
    this.#netlink = netlink;
    this.#index = index;
  }

  static open(): Promise<LoopbackAddresses> {
    return new Promise((resolve, reject) => {
      const netlink = openNetlink(createLoop(), ({ kind }) => {
        if (kind !== "Synchronised") return;
        const link = netlink.linkByName(LOOPBACK);
        if (link === undefined) reject(new Error("this network namespace has no lo"));
        else resolve(new LoopbackAddresses(netlink, link.index));
      });
    });
  }

  /** Those of whole addresses, 127.0.0.1 and ::1 left out. */
  list(): readonly IpAddress[] {
    return this.#netlink
      .addresses()
      .filter(({ index, address }) => index === this.#index && !isOwn(address))
      .map(({ address }) => address);
  }

  add(address: IpAddress, prefixLength: number): Promise<OsError | undefined> {
    const request = { index: this.#index, address, prefixLength, scope: SCOPE_HOST };
    return new Promise((resolve) =>
      this.#netlink.addAddress(request, (error) => this.#settled(error, resolve)),
    );
  }

  remove(address: IpAddress, prefixLength: number): Promise<OsError | undefined> {
    const request = { index: this.#index, address, prefixLength };
    return new Promise((resolve) =>
      this.#netlink.removeAddress(request, (error) => this.#settled(error, resolve)),
    );
  }

  close(): void {
    this.#netlink.close();
  }

  /** The monitor tells of the change by the time the loop comes round. */
  #settled(error: OsError | undefined, resolve: (error: OsError | undefined) => void): void {
    setImmediate(() => resolve(error));
  }
}

function isOwn(address: IpAddress): boolean {
  return address === "::1" || address.startsWith("127.");
}
