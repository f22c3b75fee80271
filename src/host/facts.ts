/** What the host knows that a configuration asks about: interfaces, users, groups, and the paths of scripts. */
import { execFileSync } from "node:child_process";
import {
  accessSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parseMac } from "../base/mac.ts";
import type { HostFacts, InterfaceFact, ScriptFact, UserFact } from "../model/model.ts";
import type { WantedFacts } from "../model/wanted.ts";
import { mayUseIpvs } from "./ipvs-presence.ts";
import { readKeyFile } from "./key-files.ts";
import { readForwarding } from "./passage.ts";
import { readRoutingNames, withVrfTables } from "./routing-names.ts";

/** Bytes looked at to tell a binary from a script without interpreter line. */
const HEAD_BYTES = 512;
/** Links followed along one path before it counts as a loop, as in the kernel. */
const LINKS_AT_MOST = 40;
const IFF_UP = 1;

/** Answers everything the configuration asks for. Reads files only, and runs getent where names come from elsewhere. */
export function gatherFacts(wanted: WantedFacts): HostFacts {
  const accounts = readAccounts(wanted);
  return {
    hostName: hostname(),
    interfaces: wanted.routing?.vrfs === true ? withVrfTables(listInterfaces()) : listInterfaces(),
    users: accounts.users,
    groups: accounts.groups,
    self: findSelf(accounts.byUid),
    scripts: new Map([...wanted.scripts].map((name) => [name, inspectScript(name)])),
    routingNames: wanted.routing === undefined ? undefined : readRoutingNames(wanted.routing),
    keyFiles: new Map([...wanted.keyFiles].map((path) => [path, readKeyFile(path)])),
    unreadable: unreadable(wanted.tlsFiles),
    ipvs: wanted.ipvs ? mayUseIpvs() : undefined,
    forwarding: wanted.ipvs ? readForwarding() : undefined,
  };
}

/** The errno of each file that cannot be read. */
function unreadable(paths: ReadonlySet<string>): ReadonlyMap<string, string> {
  const errors = new Map<string, string>();
  for (const path of paths) {
    try {
      accessSync(path, constants.R_OK);
    } catch (error) {
      errors.set(path, (error as NodeJS.ErrnoException).code ?? String(error));
    }
  }
  return errors;
}

/** Interfaces of the network namespace this thread is in; `/sys` may show another one's and then only fills gaps. */
export function listInterfaces(): readonly InterfaceFact[] {
  const held = networkInterfaces();
  return readFileSync("/proc/net/dev", "utf8")
    .split("\n")
    .map((line) => /^\s*([^\s:]+):/.exec(line)?.[1])
    .filter((name) => name !== undefined)
    .map((name) =>
      inspectInterface(
        name,
        (held[name] ?? []).map(({ address }) => address),
      ),
    );
}

function inspectInterface(name: string, addresses: readonly string[]): InterfaceFact {
  const attribute = (file: string): string => tryRead(`/sys/class/net/${name}/${file}`)?.trim() ?? "";
  const flags = Number(attribute("flags") || 0);
  return {
    name,
    index: Number(attribute("ifindex") || 0),
    mac: parseMac(attribute("address")),
    mtu: Number(attribute("mtu") || 0),
    up: (flags & IFF_UP) !== 0,
    running: attribute("carrier") === "1",
    addresses,
  };
}

interface Accounts {
  readonly users: ReadonlyMap<string, UserFact>;
  readonly groups: ReadonlyMap<string, number>;
  readonly byUid: ReadonlyMap<number, string>;
}

interface GroupLine {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

function readAccounts(wanted: WantedFacts): Accounts {
  const passwd = splitLines(tryRead("/etc/passwd"));
  const groupLines = splitLines(tryRead("/etc/group"))
    .map(parseGroup)
    .filter((line) => line !== undefined);
  const byUid = new Map(
    passwd.map((line) => line.split(":")).map((parts) => [Number(parts[2]), parts[0] ?? ""]),
  );
  const beyondFiles = hasOtherSources();
  const users = new Map<string, UserFact>();
  for (const name of wanted.users) {
    const line = passwd.find((one) => one.startsWith(`${name}:`)) ?? getent(beyondFiles, "passwd", name);
    const [, , uid, gid] = line?.split(":") ?? [];
    if (uid === undefined || gid === undefined) continue;
    const groups = groupLines.filter((group) => group.members.includes(name)).map((group) => group.gid);
    users.set(name, {
      name,
      uid: Number(uid),
      gid: Number(gid),
      groups: [...new Set([Number(gid), ...groups])],
    });
  }
  const groups = new Map<string, number>();
  for (const name of wanted.groups) {
    const line =
      groupLines.find((group) => group.name === name) ?? parseGroup(getent(beyondFiles, "group", name) ?? "");
    if (line !== undefined) groups.set(name, line.gid);
  }
  return { users, groups, byUid };
}

function parseGroup(line: string): GroupLine | undefined {
  const [name, , gid, members] = line.split(":");
  if (name === undefined || gid === undefined || !/^\d+$/.test(gid)) return undefined;
  return { name, gid: Number(gid), members: members?.split(",").filter((member) => member !== "") ?? [] };
}

/** Whether users or groups may come from anywhere but the local files. */
function hasOtherSources(): boolean {
  return splitLines(tryRead("/etc/nsswitch.conf"))
    .filter((line) => /^(passwd|group):/.test(line))
    .flatMap((line) => line.replace(/#.*/, "").split(/\s+/).slice(1))
    .some((source) => /^[a-z]/.test(source) && !["files", "compat", "systemd"].includes(source));
}

function getent(beyondFiles: boolean, database: string, name: string): string | undefined {
  if (!beyondFiles || !/^[\w.@-]+$/.test(name)) return undefined;
  try {
    return execFileSync("getent", [database, "--", name], { encoding: "utf8", timeout: 5000 }).split("\n")[0];
  } catch {
    // Status 2 is "no such name"; a missing getent knows no more than the files did.
    return undefined;
  }
}

function findSelf(byUid: ReadonlyMap<number, string>): UserFact {
  const uid = process.geteuid?.() ?? 0;
  return {
    name: byUid.get(uid) ?? `uid ${uid}`,
    uid,
    gid: process.getegid?.() ?? 0,
    groups: process.getgroups?.() ?? [],
  };
}

/** What is found at a command's first word, searched along PATH where it holds no slash. */
export function inspectScript(name: string): ScriptFact {
  const path = name.includes("/") ? resolve(name) : searchPath(name);
  const stats = path === undefined ? undefined : tryStat(path);
  if (path === undefined || stats === undefined) {
    return {
      resolved: undefined,
      regular: false,
      executable: false,
      hasInterpreter: false,
      insecure: undefined,
    };
  }
  return {
    resolved: realpathSync(path),
    regular: stats.isFile(),
    executable: (stats.mode & 0o111) !== 0,
    hasInterpreter: stats.isFile() && hasInterpreter(path),
    insecure: findInsecureElement(path),
  };
}

function searchPath(name: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, name))
    .find((path) => {
      const stats = tryStat(path);
      return stats?.isFile() === true && (stats.mode & 0o111) !== 0;
    });
}

function hasInterpreter(path: string): boolean {
  const head = Buffer.alloc(HEAD_BYTES);
  let length = 0;
  try {
    const descriptor = openSync(path, "r");
    try {
      length = readSync(descriptor, head, 0, HEAD_BYTES, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    // What may be executed but not read can only be a binary.
    if (hasCode(error, "EACCES")) return true;
    throw error;
  }
  const start = head.subarray(0, length);
  return start.toString("latin1", 0, 2) === "#!" || start.includes(0);
}

/**
 * The first element of the path, links followed one by one, that others than root could write to. Owned by root and
 * writable by neither group (but root's) nor others is safe; so is a directory with the sticky bit.
 */
export function findInsecureElement(path: string): ScriptFact["insecure"] {
  const trusted = trustedOwners();
  let links = 0;
  const walk = (target: string): ScriptFact["insecure"] => {
    let at = "/";
    for (const name of ["", ...target.split("/").filter((part) => part !== "")]) {
      at = join(at, name);
      const stats = lstatSync(at);
      if (stats.isSymbolicLink()) {
        links += 1;
        if (links > LINKS_AT_MOST) return { element: at, reason: "is a link that leads nowhere" };
        const found = walk(resolve(dirname(at), readlinkSync(at)));
        if (found !== undefined) return found;
      } else {
        const reason = insecureReason(stats, trusted);
        if (reason !== undefined) return { element: at, reason };
      }
    }
    return undefined;
  };
  return walk(path);
}

function insecureReason(stats: Stats, trusted: ReadonlySet<number>): string | undefined {
  if (!trusted.has(stats.uid)) return `is owned by uid ${stats.uid}, not by root`;
  if (stats.isDirectory() && (stats.mode & 0o1000) !== 0) return undefined;
  if ((stats.mode & 0o002) !== 0) return "is writable by everybody";
  if ((stats.mode & 0o020) !== 0 && stats.gid !== 0) return `is writable by group ${stats.gid}`;
  return undefined;
}

/**
 * Root, and ourselves. In a user namespace that maps only some users, root's files belong to the overflow user: nobody
 * inside can act as their owner.
 */
function trustedOwners(): ReadonlySet<number> {
  const owners = new Set([0, process.geteuid?.() ?? 0]);
  const map = tryRead("/proc/self/uid_map")?.trim().split(/\s+/) ?? [];
  const mapsEverybody = map.length === 3 && map[0] === "0" && map[1] === "0";
  const overflow = tryRead("/proc/sys/kernel/overflowuid");
  if (!mapsEverybody && overflow !== undefined) owners.add(Number(overflow));
  return owners;
}

function splitLines(text: string | undefined): readonly string[] {
  return text?.split("\n").filter((line) => line !== "") ?? [];
}

/** Undefined where the file is not there or may not be read; any other failure is thrown. */
function tryRead(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "EACCES", "EINVAL", "ENOTDIR", "EOPNOTSUPP"].some((code) => hasCode(error, code)))
      return undefined;
    throw error;
  }
}

function tryStat(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (["ENOENT", "EACCES", "ENOTDIR", "ELOOP"].some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
