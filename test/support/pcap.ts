/** A reader of classic pcap files with Ethernet frames, for tests. */
import { readFileSync } from "node:fs";

export interface CapturedFrame {
  /** Microseconds since 1970. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

const LINKTYPE_ETHERNET = 1;
const FILE_HEADER_LENGTH = 24;
const RECORD_HEADER_LENGTH = 16;

/** Frames of a capture, in order. Throws for anything but complete Ethernet frames with microsecond stamps. */
export function parsePcap(file: Uint8Array): CapturedFrame[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const little = view.getUint32(0, true) === 0xa1b2c3d4;
  if (!little && view.getUint32(0, false) !== 0xa1b2c3d4) throw new Error("not a pcap file of microseconds");
  const linkType = view.getUint32(20, little);
  if (linkType !== LINKTYPE_ETHERNET) throw new Error(`link type ${linkType}, not Ethernet`);
  const frames: CapturedFrame[] = [];
  for (let offset = FILE_HEADER_LENGTH; offset < file.length; ) {
    const at = view.getUint32(offset, little) * 1_000_000 + view.getUint32(offset + 4, little);
    const captured = view.getUint32(offset + 8, little);
    const start = offset + RECORD_HEADER_LENGTH;
    if (captured !== view.getUint32(offset + 12, little))
      throw new Error("a frame was cut off in the capture");
    if (start + captured > file.length) throw new Error("the capture ends inside a frame");
    frames.push({ at, bytes: file.slice(start, start + captured) });
    offset = start + captured;
  }
  return frames;
}

/** Frames of a capture file. */
export function readPcap(path: string | URL): CapturedFrame[] {
  return parsePcap(readFileSync(path));
}
