/** A packet socket on one interface: sends whole Ethernet frames, and hears ARP and neighbour advertisements. */
import type { OsError } from "../base/result.ts";
import type { Loop } from "./loop.ts";

export interface ArpSocketOptions {
  readonly interface: string;
  readonly index: number;
  /** Without it the socket only sends, and the kernel copies nothing to it. */
  readonly onFrame?: (frame: Uint8Array) => void;
}

export interface ArpSocket {
  /**
   * Sends Ethernet frames in order, many with one system call. Undefined if all went; else the first error, and how
   * many frames went before it (the rest were not tried).
   */
  sendFrames(frames: readonly Uint8Array[]): { readonly sent: number; readonly error: OsError } | undefined;
  close(): void;
}

/**
 * Opens it. With `onFrame` a classic BPF filter lets only ARP and ICMPv6 neighbour advertisements of others through
 * (not those this host sends); the frame is valid only during the call. Throws SystemError.
 */
export type OpenArpSocket = (loop: Loop, options: ArpSocketOptions) => ArpSocket;
