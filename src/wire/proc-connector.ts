/** The kernel's process connector (linux/connector.h, linux/cn_proc.h): who forks, executes, renames itself and ends. */

import { readHost16, readHost32, writeHost16, writeHost32 } from "./netlink/host-order.ts";
import { MessageBuilder, splitMessages } from "./netlink/message.ts";

export const NETLINK_CONNECTOR = 11;
/** The multicast group of process events, and their identity within the connector. */
export const CN_IDX_PROC = 1;
const CN_VAL_PROC = 1;
const NLMSG_DONE = 3;
const PROC_CN_MCAST_LISTEN = 1;
/** struct cn_msg without its data. */
const CN_HEADER = 20;

const PROC_EVENT_FORK = 0x1;
const PROC_EVENT_EXEC = 0x2;
const PROC_EVENT_COMM = 0x200;
const PROC_EVENT_EXIT = 0x8000_0000;

export type ProcessEvent =
  /** A process that is new, or may have another name or command line than before. */
  { readonly kind: "changed"; readonly pid: number } | { readonly kind: "ended"; readonly pid: number };

/** Asks the kernel for events. */
export function encodeProcessListen(): Uint8Array {
  const body = new Uint8Array(CN_HEADER + 4);
  writeHost32(body, 0, CN_IDX_PROC);
  writeHost32(body, 4, CN_VAL_PROC);
  writeHost16(body, 16, 4);
  writeHost32(body, CN_HEADER, PROC_CN_MCAST_LISTEN);
  return new MessageBuilder(NLMSG_DONE, 0, 0).fixed(body).finish();
}

/** The events of one datagram about whole processes; those about threads are left out. */
export function decodeProcessEvents(datagram: Uint8Array): readonly ProcessEvent[] {
  const events: ProcessEvent[] = [];
  for (const { bytes, body, end } of splitMessages(datagram)) {
    if (end - body < CN_HEADER + 24) continue;
    if (readHost32(bytes, body) !== CN_IDX_PROC || readHost16(bytes, body + 16) < 24) continue;
    const event = decodeEvent(bytes, body + CN_HEADER);
    if (event !== undefined) events.push(event);
  }
  return events;
}

/** struct proc_event: what, cpu, timestamp (8 bytes), then by kind. */
function decodeEvent(bytes: Uint8Array, at: number): ProcessEvent | undefined {
  const thread = readHost32(bytes, at + 16);
  const leader = readHost32(bytes, at + 20);
  switch (readHost32(bytes, at)) {
    case PROC_EVENT_FORK: {
      const child = readHost32(bytes, at + 24);
      const childProcess = readHost32(bytes, at + 28);
      return child === childProcess ? { kind: "changed", pid: child } : undefined;
    }
    case PROC_EVENT_EXEC:
    case PROC_EVENT_COMM:
      return { kind: "changed", pid: leader };
    case PROC_EVENT_EXIT:
      return thread === leader ? { kind: "ended", pid: leader } : undefined;
    default:
      return undefined;
  }
}
