/** Packet sockets on one interface: send whole Ethernet frames, and hear ARP and neighbour discovery. */
import type { OsError } from "../base/result.ts";
import type { Loop, Registration } from "./loop.ts";
import { check, errnoName, native, osError } from "./native.ts";
import { AF_PACKET, ETH_P_ARP, ETH_P_IPV6, ReceiveBatch, SOCK_RAW } from "./socket.ts";

export interface ArpSocketOptions {
  readonly interface: string;
  readonly index: number;
  /** Without it the socket only sends, and the kernel copies nothing to it. */
  readonly onFrame?: (frame: Uint8Array) => void;
  /** Told what reading failed with (ENETDOWN when the interface goes down): the socket stays open. */
  readonly onError?: (error: OsError) => void;
}

export interface ArpSocket {
  /**
   * Sends Ethernet frames in order, many with one system call. Undefined if all went; else the first error, and how
   * many frames went before it (the rest were not tried).
   */
  sendFrames(frames: readonly Uint8Array[]): { readonly sent: number; readonly error: OsError } | undefined;
  close(): void;
}

const RECEIVE_SLOTS = 16;
/** The longest frame of interest is an ARP or neighbour message; what is longer is cut. */
const FRAME_SIZE = 192;

/** Classic BPF instructions {code, jump if true, jump if false, operand}: numbers as in linux/bpf_common.h. */
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const JUMP_EQUAL = 0x15;
const RETURN = 0x06;
const NEXT_HEADER_ICMPV6 = 58;
const NEIGHBOUR_SOLICITATION = 135;
const NEIGHBOUR_ADVERTISEMENT = 136;

/** Ethernet type ARP. */
const ARP_FILTER = Uint32Array.of(
  ...[LOAD_HALF, 0, 0, 12],
  ...[JUMP_EQUAL, 0, 1, ETH_P_ARP],
  ...[RETURN, 0, 0, FRAME_SIZE],
  ...[RETURN, 0, 0, 0],
);
/** Ethernet type IPv6, next header (offset 20) ICMPv6, ICMPv6 type (offset 54) of a neighbour message. */
const NEIGHBOUR_FILTER = Uint32Array.of(
  ...[LOAD_HALF, 0, 0, 12],
  ...[JUMP_EQUAL, 0, 6, ETH_P_IPV6],
  ...[LOAD_BYTE, 0, 0, 20],
  ...[JUMP_EQUAL, 0, 4, NEXT_HEADER_ICMPV6],
  ...[LOAD_BYTE, 0, 0, 54],
  ...[JUMP_EQUAL, 1, 0, NEIGHBOUR_SOLICITATION],
  ...[JUMP_EQUAL, 0, 1, NEIGHBOUR_ADVERTISEMENT],
  ...[RETURN, 0, 0, FRAME_SIZE],
  ...[RETURN, 0, 0, 0],
);

/**
 * Opens it. With `onFrame` a filter in the kernel lets only ARP and neighbour messages of ICMPv6 by others through
 * (a socket bound to one protocol does not hear what its own host sends); the frame is valid only during the call.
 * Throws SystemError.
 */
export function openArpSocket(loop: Loop, options: ArpSocketOptions): ArpSocket {
  const subject = `packet socket ${options.interface}`;
  const fd = check("socket", subject, native.socket(AF_PACKET, SOCK_RAW, 0));
  const listeners: Listener[] = [];
  const { onFrame } = options;
  const close = (): void => {
    for (const listener of listeners.splice(0)) listener.close();
    native.close(fd);
  };
  try {
    if (onFrame !== undefined) {
      listeners.push(listen(loop, options, ETH_P_ARP, ARP_FILTER, FRAME_SIZE, onFrame));
      listeners.push(listen(loop, options, ETH_P_IPV6, NEIGHBOUR_FILTER, FRAME_SIZE, onFrame));
    }
  } catch (error) {
    close();
    throw error;
  }
  let open = true;
  return {
    sendFrames: (frames) => sendFrames(fd, options.index, frames, subject),
    close() {
      if (!open) return;
      open = false;
      close();
    },
  };
}

interface Listener {
  close(): void;
}

/** Hears the frames of one protocol that a filter lets through, cut to `frameSize`. Throws SystemError. */
export function listen(
  loop: Loop,
  options: Omit<ArpSocketOptions, "onFrame">,
  protocol: number,
  filter: Uint32Array,
  frameSize: number,
  onFrame: (frame: Uint8Array) => void,
): Listener {
  const subject = `packet socket ${options.interface} protocol ${protocol.toString(16)}`;
  // Protocol 0 receives nothing: no frame slips in between opening and filter.
  const fd = check("socket", subject, native.socket(AF_PACKET, SOCK_RAW, 0));
  let registration: Registration;
  let open = true;
  try {
    check("SO_ATTACH_FILTER", subject, native.attachFilter(fd, filter));
    check("bind", subject, native.bindPacket(fd, protocol, options.index));
    const batch = new ReceiveBatch(RECEIVE_SLOTS, frameSize);
    registration = loop.onReadable(fd, () => {
      const count = batch.receive(fd);
      if (count < 0 && errnoName(count) !== "EAGAIN") options.onError?.(osError("recvmmsg", subject, count));
      for (let slot = 0; slot < count && open; slot++) onFrame(batch.message(slot));
    });
  } catch (error) {
    native.close(fd);
    throw error;
  }
  return {
    close() {
      open = false;
      registration.close();
      native.close(fd);
    },
  };
}

function sendFrames(
  fd: number,
  ifindex: number,
  frames: readonly Uint8Array[],
  subject: string,
): { readonly sent: number; readonly error: OsError } | undefined {
  const lengths = Int32Array.from(frames, (frame) => frame.length);
  const buffer = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let offset = 0;
  for (const frame of frames) {
    buffer.set(frame, offset);
    offset += frame.length;
  }
  const sent = native.sendFrames(fd, ifindex, buffer, lengths, frames.length);
  if (sent === frames.length) return undefined;
  if (sent < 0) return { sent: 0, error: osError("sendmmsg", subject, sent) };
  // The call tells either a count or an error: the frame it stopped at tells why.
  const rest = sendFrames(fd, ifindex, frames.slice(sent), subject);
  return rest === undefined ? undefined : { sent: sent + rest.sent, error: rest.error };
}
