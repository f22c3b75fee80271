/** inotify's events (inotify(7), struct inotify_event). */
import { readHost32 } from "./netlink/host-order.ts";

export const IN_CLOSE_WRITE = 0x8;
export const IN_MOVED_FROM = 0x40;
export const IN_MOVED_TO = 0x80;
export const IN_DELETE = 0x200;
export const IN_DELETE_SELF = 0x400;
export const IN_MOVE_SELF = 0x800;
/** Events were lost: everything may have changed. */
export const IN_Q_OVERFLOW = 0x4000;
/** The watch is gone, with its directory. */
export const IN_IGNORED = 0x8000;
export const IN_ONLYDIR = 0x0100_0000;

export interface InotifyEvent {
  /** Number of the watch; 0xffffffff where events were lost. */
  readonly watch: number;
  readonly mask: number;
  /** Name within the directory; empty for the directory itself. */
  readonly name: string;
}

const HEADER = 16;

/** All events of one read. What is cut off at the end is left out. */
export function decodeInotifyEvents(bytes: Uint8Array): readonly InotifyEvent[] {
  const events: InotifyEvent[] = [];
  for (let offset = 0; offset + HEADER <= bytes.length; ) {
    const length = readHost32(bytes, offset + 12);
    const start = offset + HEADER;
    if (start + length > bytes.length) break;
    const field = bytes.subarray(start, start + length);
    const end = field.indexOf(0);
    events.push({
      watch: readHost32(bytes, offset),
      mask: readHost32(bytes, offset + 4),
      name: new TextDecoder().decode(end < 0 ? field : field.subarray(0, end)),
    });
    offset = start + length;
  }
  return events;
}
