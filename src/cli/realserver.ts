/** `buoy realserver`: makes this host a real server of a director that forwards by direct routing or through tunnels. */
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { familyOf, type IpAddress, parseIp } from "../base/ip.ts";
import { formatOsError } from "../base/result.ts";
import { LoopbackAddresses } from "../host/loopback-addresses.ts";
import { readSysctl, writeSysctl } from "../host/sysctl.ts";
import type { PersistentFile, RealServerWish } from "../supervise/real-server-setup.ts";
import { interfacesFiles, networkdFiles, prefixFor, sysctlsFor } from "../supervise/real-server-setup.ts";
import { CommandError, EXIT_FAILED } from "./exit-codes.ts";
import { printLines } from "./terminal.ts";

type Persistence = "networkd" | "interfaces";

interface Options {
  readonly persist?: Persistence | true;
  readonly etc: string;
}

/** What `up` found and did, so that `down` undoes that and nothing else. */
interface Standing {
  readonly addresses: readonly IpAddress[];
  /** Values of settings before the first `up`. */
  readonly settings: Readonly<Record<string, number>>;
  readonly persisted: Persistence | undefined;
}

const NOTHING: Standing = { addresses: [], settings: {}, persisted: undefined };

export function registerRealServer(program: Command): void {
  const realserver = program
    .command("realserver")
    .description("VIPs on this host's lo, without answering ARP for them (for DR and TUN real servers)");
  realserver
    .command("up")
    .description("put VIPs on lo, and see to it that no neighbour hears of them")
    .argument("<vip...>", "addresses of virtual servers", collectVips)
    .option("--persist [way]", "bring them back at boot: networkd or interfaces", parsePersistence)
    .option("--etc <dir>", "where the files of --persist go", "/etc")
    .action(up);
  realserver
    .command("down")
    .description("take VIPs off lo again; without any left, settings go back to what they were")
    .argument("[vip...]", "all that `up` has put there", collectVips)
    .option("--etc <dir>", "where the files of --persist are", "/etc")
    .action(down);
  realserver
    .command("show")
    .description("which VIPs this host has on lo, and whether its neighbours may hear of them")
    .argument("[vip...]", "these only", collectVips)
    .action(show);
}

function collectVips(text: string, before: readonly RealServerWish[] = []): readonly RealServerWish[] {
  const address = parseIp(text.replace(/\/(32|128)$/, ""));
  if (address === undefined) throw new InvalidArgumentError(`'${text}' is no IP address`);
  return [...before, { address, family: familyOf(address) }];
}

function parsePersistence(text: string): Persistence {
  if (text !== "networkd" && text !== "interfaces")
    throw new InvalidArgumentError("networkd or interfaces is needed");
  return text;
}

async function up(wishes: readonly RealServerWish[], options: Options): Promise<void> {
  const before = readStanding();
  const persisted = options.persist === undefined ? before.persisted : chosenPersistence(options);
  // In this order: a VIP must not be on lo for an instant while neighbours could hear of it.
  const settings = { ...(await quietArp(wishes)), ...before.settings };
  writeStanding({ ...before, settings });
  const lo = await LoopbackAddresses.open();
  try {
    const there = new Set(lo.list());
    for (const { address, family } of wishes) {
      const error = await lo.add(address, prefixFor(family));
      if (error !== undefined)
        throw refused(`cannot put ${address} on lo: ${formatOsError(error)}`, error.errno);
      if (!lo.list().includes(address)) throw refused(`${address} is not on lo, although the kernel took it`);
    }
    const fresh = wishes.map(({ address }) => address).filter((address) => !there.has(address));
    const addresses = [...new Set([...before.addresses, ...fresh])];
    writeStanding({ addresses, settings, persisted });
    if (persisted !== undefined) replaceFiles(persistentFiles(persisted, allWishes(addresses)), options.etc);
    const kept = persisted === undefined ? "" : `, and after a restart of the host (${persisted})`;
    printLines(wishes.map((wish) => `${wish.address}/${prefixFor(wish.family)} is on lo${kept}`));
  } finally {
    lo.close();
  }
}

async function down(wishes: readonly RealServerWish[] | undefined, { etc }: Options): Promise<void> {
  const before = readStanding();
  const named = wishes?.map(({ address }) => address) ?? [];
  const going = named.length > 0 ? named : before.addresses;
  if (going.length === 0) return printLines(["no VIP was put on lo by `buoy realserver up`"]);
  const foreign = named.find((address) => !before.addresses.includes(address));
  if (foreign !== undefined)
    throw refused(`${foreign} was not put on lo by \`buoy realserver up\`: it is left alone`);
  const lo = await LoopbackAddresses.open();
  try {
    for (const address of going) {
      const error = await lo.remove(address, prefixFor(familyOf(address)));
      if (error !== undefined)
        throw refused(`cannot take ${address} off lo: ${formatOsError(error)}`, error.errno);
    }
  } finally {
    lo.close();
  }
  const addresses = before.addresses.filter((address) => !going.includes(address));
  const isLast = sysctlsFor(allWishes(addresses)).length === 0;
  // Settings go last: the VIPs are gone by then.
  if (isLast) for (const [path, value] of Object.entries(before.settings)) await setSysctl(path, value);
  if (before.persisted !== undefined) {
    for (const { path } of persistentFiles(before.persisted, allWishes(before.addresses)))
      rmSync(join(etc, path), { force: true });
    if (addresses.length > 0) replaceFiles(persistentFiles(before.persisted, allWishes(addresses)), etc);
  }
  writeStanding({ ...before, addresses, settings: isLast ? {} : before.settings });
  printLines(going.map((address) => `${address} is off lo`));
}

async function show(wishes: readonly RealServerWish[] | undefined): Promise<void> {
  const lo = await LoopbackAddresses.open();
  const present = lo.list();
  lo.close();
  const { addresses } = readStanding();
  const asked = wishes?.map(({ address }) => address) ?? [];
  const shown = allWishes(asked.length > 0 ? asked : present);
  if (shown.length === 0) return printLines(["no VIP is on lo"]);
  let wrong = 0;
  for (const { address, family } of shown) {
    const isThere = present.includes(address);
    if (!isThere) wrong++;
    const whose = isThere && !addresses.includes(address) ? " (not by `buoy realserver`)" : "";
    printLines([`${address}/${prefixFor(family)} ${isThere ? "is on lo" : "IS NOT on lo"}${whose}`]);
  }
  for (const { path, value, meaning } of sysctlsFor(shown)) {
    const found = await readSysctl(path);
    if (found === value) printLines([`${path} is ${value}: this host ${meaning}`]);
    else {
      wrong++;
      printLines([
        `${path} is ${found ?? "not to be read"}, NOT ${value}: neighbours may send the VIP's traffic here`,
      ]);
    }
  }
  if (wrong > 0)
    throw new CommandError("this host is not ready; `buoy realserver up` makes it so", EXIT_FAILED);
}

/** Writes the settings and reads them again. Answers what they were where they were something else. */
async function quietArp(wishes: readonly RealServerWish[]): Promise<Record<string, number>> {
  const before: Record<string, number> = {};
  for (const { path, value } of sysctlsFor(wishes)) {
    const found = await readSysctl(path);
    if (found === value) continue;
    if (found !== undefined) before[path] = found;
    await setSysctl(path, value);
  }
  return before;
}

async function setSysctl(path: string, value: number): Promise<void> {
  const error = await writeSysctl(path, value);
  if (error !== undefined) throw refused(`cannot set ${path}: ${formatOsError(error)}`, error.errno);
  const found = await readSysctl(path);
  if (found !== value) throw refused(`${path} is ${found ?? "gone"} after ${value} was written to it`);
}

function refused(message: string, errno?: string): CommandError {
  const isForbidden = errno === "EPERM" || errno === "EACCES" || errno === "EROFS";
  return new CommandError(
    isForbidden ? `${message}; run as root, or with CAP_NET_ADMIN` : message,
    EXIT_FAILED,
  );
}

function allWishes(addresses: readonly IpAddress[]): readonly RealServerWish[] {
  return addresses.map((address) => ({ address, family: familyOf(address) }));
}

/** The way that this host uses, where none is named. */
function chosenPersistence({ persist, etc }: Options): Persistence {
  if (persist !== undefined && persist !== true) return persist;
  if (existsSync("/run/systemd/netif")) return "networkd";
  if (existsSync(join(etc, "network/interfaces"))) return "interfaces";
  throw refused(
    "neither systemd-networkd nor /etc/network/interfaces is in use: say --persist networkd or --persist interfaces",
  );
}

function persistentFiles(way: Persistence, wishes: readonly RealServerWish[]): readonly PersistentFile[] {
  return way === "networkd" ? networkdFiles(wishes) : interfacesFiles(wishes);
}

function replaceFiles(files: readonly PersistentFile[], etc: string): void {
  for (const { path, text } of files) {
    const target = join(etc, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text, { mode: 0o644 });
  }
}

/** One file for each network namespace. */
function standingPath(): string {
  const [namespace = ""] = /\d+/.exec(readlinkSync("/proc/self/ns/net")) ?? [];
  return `/run/buoy-realserver-${namespace}.json`;
}

function readStanding(): Standing {
  const path = standingPath();
  if (!existsSync(path)) return NOTHING;
  return { ...NOTHING, ...(JSON.parse(readFileSync(path, "utf8")) as Partial<Standing>) };
}

function writeStanding(standing: Standing): void {
  const path = standingPath();
  if (standing.addresses.length === 0 && Object.keys(standing.settings).length === 0) {
    rmSync(path, { force: true });
    return;
  }
  try {
    writeFileSync(path, JSON.stringify(standing), { mode: 0o600 });
  } catch (error) {
    throw refused(`cannot write ${path}: ${(error as Error).message}`, (error as NodeJS.ErrnoException).code);
  }
}
