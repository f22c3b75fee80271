/** A raw socket for IP protocol 112 on one interface and family. */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { OsError } from "../base/result.ts";
import type { Loop } from "./loop.ts";

/** One received packet; the same object and buffer are used again for the next one. */
export interface ReceivedVrrp {
  readonly interface: string;
  readonly family: IpFamily;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit. */
  readonly hopLimit: number;
  /** The message after the IP header. */
  readonly payload: Uint8Array;
  /** The kernel has verified the checksum: IPv6. (It drops bad ones itself.) */
  readonly checksumVerified: boolean;
}

export interface VrrpSocketOptions {
  readonly interface: string;
  readonly index: number;
  readonly family: IpFamily;
  /** Default 224.0.0.18 or ff02::12. */
  readonly multicastGroup?: IpAddress;
}

export interface VrrpSocket {
  /**
   * Sends one message at once. The checksum of IPv6 is filled in by the kernel, whatever stands there; that of IPv4 is
   * the caller's. Undefined on success.
   */
  send(payload: Uint8Array, from: IpAddress, to: IpAddress, hopLimit: number): OsError | undefined;
  /** Puts one message into the batch that {@link flush} sends with one system call. False if the batch is full. */
  queue(payload: Uint8Array, from: IpAddress, to: IpAddress, hopLimit: number): boolean;
  /** Sends what was queued; the errors, in order, of those that failed. */
  flush(): readonly OsError[];
  close(): void;
}

/**
 * Opens, binds to the interface and joins the group. Throws SystemError. After the interface was deleted and made
 * again (another index), close it and open a new one.
 */
export type OpenVrrpSocket = (
  loop: Loop,
  options: VrrpSocketOptions,
  onPacket: (packet: ReceivedVrrp) => void,
) => VrrpSocket;
