/** Values under /proc/sys, read and written by a thread of the pool: some of these files wait for the kernel's lock. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OsError } from "../base/result.ts";

const ROOT = "/proc/sys";

/** The number at `net/ipv4/...`, or undefined if there is none to be read. */
export async function readSysctl(path: string): Promise<number | undefined> {
  try {
    const text = (await readFile(join(ROOT, path), "utf8")).trim();
    return /^-?\d+$/.test(text) ? Number(text) : undefined;
  } catch (error) {
    if (errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}

/** Undefined on success. Whether it had an effect is told by reading it again. */
export async function writeSysctl(path: string, value: number): Promise<OsError | undefined> {
  try {
    await writeFile(join(ROOT, path), `${value}\n`);
    return undefined;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return { call: "write", errno, subject: join(ROOT, path) };
  }
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
