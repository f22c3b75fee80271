/** Files with keys: what is in them, and whether anybody else could know. */
import { readFileSync, statSync } from "node:fs";
import { toHex } from "../base/bytes.ts";
import type { KeyFileFact } from "../model/model.ts";

/** Permissions of others than the owner. */
const OTHERS = 0o077;
/** Longer is no key. */
const MOST_BYTES = 4096;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export function readKeyFile(path: string): KeyFileFact {
  try {
    const { mode, size } = statSync(path);
    const exposed = (mode & OTHERS) !== 0;
    if (size > MOST_BYTES) return { hex: undefined, error: `it has ${size} bytes`, exposed };
    return { hex: toHex(withoutLineEnd(readFileSync(path))), exposed };
  } catch (error) {
    return { hex: undefined, error: (error as NodeJS.ErrnoException).code ?? String(error), exposed: false };
  }
}

function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  let length = bytes.length;
  while (length > 0 && (bytes[length - 1] === NEWLINE || bytes[length - 1] === CARRIAGE_RETURN)) length--;
  return bytes.subarray(0, length);
}
