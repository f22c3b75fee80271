/** What `buoy realserver up` found and did, so that `down` undoes that and nothing else: until the next boot, or over it. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { familyOf, type IpAddress } from "../base/ip.ts";
import {
  interfacesFiles,
  networkdFiles,
  type PersistentFile,
  type RealServerWish,
} from "../supervise/real-server-setup.ts";
import { CommandError, EXIT_FAILED } from "./exit-codes.ts";

export type Persistence = "networkd" | "interfaces";

export interface Standing {
  readonly addresses: readonly IpAddress[];
  /** Values of settings before the first `up`. */
  readonly settings: Readonly<Record<string, number>>;
  readonly persisted: Persistence | undefined;
}

const NOTHING: Standing = { addresses: [], settings: {}, persisted: undefined };
/** In a persistent file, the line that says what stands. */
const NOTE = /^# Standing: (\{.*\})$/m;

/**
 * What stands in this network namespace. A boot forgets it; what has come back by persistent files below `etc` says so there,
 * and counts where it is about addresses that are `present`: another namespace shares the files, and not the addresses.
 */
export function readStanding(etc: string, present: readonly IpAddress[]): Standing {
  const path = standingPath();
  if (existsSync(path)) return { ...NOTHING, ...parse(readFileSync(path, "utf8")) };
  for (const way of ["networkd", "interfaces"] as const) {
    const [file] = persistentFiles(way, NOTHING);
    const note = file && NOTE.exec(readText(join(etc, file.path)))?.[1];
    const standing = note === undefined ? NOTHING : { ...NOTHING, ...parse(note) };
    if (standing.addresses.some((address) => present.includes(address))) return standing;
  }
  return NOTHING;
}

/** Keeps it, until the next boot and, where it is to come back then, in the files below `etc`. */
export function writeStanding(before: Standing, standing: Standing, etc: string): void {
  const path = standingPath();
  try {
    if (isNothing(standing)) rmSync(path, { force: true });
    else replaceFile(path, JSON.stringify(standing), 0o600);
    const files = isNothing(standing) ? [] : filesOf(standing);
    const kept = new Set(files.map((file) => file.path));
    for (const file of filesOf(before))
      if (!kept.has(file.path)) rmSync(join(etc, file.path), { force: true });
    for (const file of files) replaceFile(join(etc, file.path), file.text, 0o644);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === "EACCES" || code === "EPERM" || code === "EROFS" ? `${message}; run as root` : message;
    throw new CommandError(`cannot keep what was changed: ${why}`, EXIT_FAILED);
  }
}

export function allWishes(addresses: readonly IpAddress[]): readonly RealServerWish[] {
  return addresses.map((address) => ({ address, family: familyOf(address) }));
}

function isNothing({ addresses, settings }: Standing): boolean {
  return addresses.length === 0 && Object.keys(settings).length === 0;
}

function filesOf(standing: Standing): readonly PersistentFile[] {
  return standing.persisted === undefined ? [] : persistentFiles(standing.persisted, standing);
}

function persistentFiles(way: Persistence, standing: Standing): readonly PersistentFile[] {
  const wishes = allWishes(standing.addresses);
  const note = `Standing: ${JSON.stringify(standing)}`;
  return way === "networkd" ? networkdFiles(wishes, note) : interfacesFiles(wishes, note);
}

/** A crash leaves the old text or the new one. */
function replaceFile(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  // A name that neither networkd nor ifupdown nor sysctl reads.
  const fresh = join(dirname(path), `.${process.pid}.buoy-new`);
  writeFileSync(fresh, text, { mode });
  renameSync(fresh, path);
}

function readText(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function parse(text: string): Partial<Standing> {
  return JSON.parse(text) as Partial<Standing>;
}

/** One file for each network namespace. */
function standingPath(): string {
  const [namespace = ""] = /\d+/.exec(readlinkSync("/proc/self/ns/net")) ?? [];
  return `/run/buoy-realserver-${namespace}.json`;
}
