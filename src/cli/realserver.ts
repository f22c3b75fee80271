/** `buoy realserver`: makes this host a real server of a director that forwards by direct routing or through tunnels. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { familyOf, type IpAddress, parseIp } from "../base/ip.ts";
import { formatOsError } from "../base/result.ts";
import { LoopbackAddresses } from "../host/loopback-addresses.ts";
import { readSysctl, writeSysctl } from "../host/sysctl.ts";
import type { RealServerWish } from "../supervise/real-server-setup.ts";
import { prefixFor, sysctlsFor } from "../supervise/real-server-setup.ts";
import { CommandError, EXIT_FAILED } from "./exit-codes.ts";
import {
  allWishes,
  type Persistence,
  readStanding,
  type Standing,
  writeStanding,
} from "./realserver-standing.ts";
import { printLines } from "./terminal.ts";

interface Options {
  readonly persist?: Persistence | true;
  readonly etc: string;
}

const DEFAULT_ETC = "/etc";

export function registerRealServer(program: Command): void {
  const realserver = program
    .command("realserver")
    .description("VIPs on this host's lo, without answering ARP for them (for DR and TUN real servers)");
  realserver
    .command("up")
    .description("put VIPs on lo, and see to it that no neighbour hears of them")
    .argument("<vip...>", "addresses of virtual servers", collectVips)
    .option("--persist [way]", "bring them back at boot: networkd or interfaces", parsePersistence)
    .option("--etc <dir>", "where the files of --persist go", DEFAULT_ETC)
    .action(up);
  realserver
    .command("down")
    .description("take VIPs off lo again; without any left, settings go back to what they were")
    .argument("[vip...]", "all that `up` has put there", collectVips)
    .option("--etc <dir>", "where the files of --persist are", DEFAULT_ETC)
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
  const lo = await LoopbackAddresses.open();
  try {
    const keeper = new Keeper(readStanding(options.etc, lo.list()), options.etc);
    const persisted = options.persist === undefined ? keeper.standing.persisted : chosenPersistence(options);
    // In this order: a VIP must not be on lo for an instant while neighbours could hear of it.
    await quietArp(keeper, wishes);
    for (const wish of wishes) {
      // One that somebody else put there stays theirs, unless it is to come back by our files.
      if (persisted === undefined && lo.list().includes(wish.address)) continue;
      await putOnLo(keeper, lo, wish);
    }
    keeper.keep({ persisted });
    const kept = persisted === undefined ? "" : `, and after a restart of the host (${persisted})`;
    printLines(wishes.map((wish) => `${wish.address}/${prefixFor(wish.family)} is on lo${kept}`));
  } finally {
    lo.close();
  }
}

/** What stands is written down before it is done: whatever fails afterwards, `down` undoes it. */
class Keeper {
  readonly #etc: string;
  standing: Standing;

  constructor(standing: Standing, etc: string) {
    this.standing = standing;
    this.#etc = etc;
  }

  keep(change: Partial<Standing>): void {
    const next = { ...this.standing, ...change };
    writeStanding(this.standing, next, this.#etc);
    this.standing = next;
  }
}

async function putOnLo(
  keeper: Keeper,
  lo: LoopbackAddresses,
  { address, family }: RealServerWish,
): Promise<void> {
  const { addresses } = keeper.standing;
  if (!addresses.includes(address)) keeper.keep({ addresses: [...addresses, address] });
  if (lo.list().includes(address)) return;
  const error = await lo.add(address, prefixFor(family));
  if (error !== undefined) throw refused(`cannot put ${address} on lo: ${formatOsError(error)}`, error.errno);
  if (!lo.list().includes(address)) throw refused(`${address} is not on lo, although the kernel took it`);
}

async function down(wishes: readonly RealServerWish[] | undefined, { etc }: Options): Promise<void> {
  const lo = await LoopbackAddresses.open();
  try {
    const keeper = new Keeper(readStanding(etc, lo.list()), etc);
    const before = keeper.standing;
    const named = wishes?.map(({ address }) => address) ?? [];
    const going = named.length > 0 ? named : before.addresses;
    if (going.length === 0 && Object.keys(before.settings).length === 0)
      return printLines(["no VIP was put on lo by `buoy realserver up`"]);
    const foreign = named.find((address) => !before.addresses.includes(address));
    if (foreign !== undefined)
      throw refused(`${foreign} was not put on lo by \`buoy realserver up\`: it is left alone`);
    for (const address of going) await takeOffLo(lo, address);
    const addresses = before.addresses.filter((address) => !going.includes(address));
    const isLast = sysctlsFor(allWishes(addresses)).length === 0;
    // Settings go last: the VIPs are gone by then.
    if (isLast) for (const [path, value] of Object.entries(before.settings)) await setSysctl(path, value);
    keeper.keep({ addresses, settings: isLast ? {} : before.settings });
    printLines(going.map((address) => `${address} is off lo`));
  } finally {
    lo.close();
  }
}

/** Somebody may have taken it off already. */
async function takeOffLo(lo: LoopbackAddresses, address: IpAddress): Promise<void> {
  if (!lo.list().includes(address)) return;
  const error = await lo.remove(address, prefixFor(familyOf(address)));
  if (error !== undefined)
    throw refused(`cannot take ${address} off lo: ${formatOsError(error)}`, error.errno);
}

async function show(wishes: readonly RealServerWish[] | undefined): Promise<void> {
  const lo = await LoopbackAddresses.open();
  const present = lo.list();
  lo.close();
  const { addresses } = readStanding(DEFAULT_ETC, present);
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

/** Writes the settings and reads them again, and keeps what they were. */
async function quietArp(keeper: Keeper, wishes: readonly RealServerWish[]): Promise<void> {
  for (const { path, value } of sysctlsFor(wishes)) {
    const found = await readSysctl(path);
    if (found === value) continue;
    const { settings } = keeper.standing;
    if (found !== undefined) keeper.keep({ settings: { [path]: found, ...settings } });
    await setSysctl(path, value);
  }
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

/** The way that this host uses, where none is named. */
function chosenPersistence({ persist, etc }: Options): Persistence {
  if (persist !== undefined && persist !== true) return persist;
  if (existsSync("/run/systemd/netif")) return "networkd";
  if (existsSync(join(etc, "network/interfaces"))) return "interfaces";
  throw refused(
    "neither systemd-networkd nor /etc/network/interfaces is in use: say --persist networkd or --persist interfaces",
  );
}
