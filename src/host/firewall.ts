/**
 * Our nftables table: it exists while somebody's addresses are dropped, and holds what each of them asked for. A batch that
 * fails leaves everything as it was.
 */
import type { IpAddress } from "../base/ip.ts";
import type { OsError } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { AcceptTable, DroppedAddress } from "../wire/netlink/accept-table.ts";
import {
  ACCEPT_TABLE_COMMENT,
  droppedAddress,
  removeAcceptTable,
  writeAcceptTable,
} from "../wire/netlink/accept-table.ts";
import { splitMessages } from "../wire/netlink/message.ts";
import { decodeTable, encodeTableDump, NftBatch, type NftTableFact } from "../wire/netlink/nftables.ts";
import { NETLINK_NETFILTER } from "../wire/netlink/nftables-constants.ts";
import type { NftFamily } from "../wire/netlink/nftables-expressions.ts";
import type { Loop, Timer } from "./loop.ts";
import { SystemError } from "./native.ts";
import type { NetlinkWriter } from "./netlink-writer.ts";
import { openNetlinkWriter } from "./netlink-writer.ts";
import type { TableWatch } from "./table-watch.ts";
import { watchTables } from "./table-watch.ts";

export type FirewallDone = (error: OsError | undefined) => void;

/** An address to be dropped and the index of its interface. */
export interface Dropped {
  readonly address: IpAddress;
  readonly index: number;
}

const QUEUE_LIMIT = 4096;
/** Between two times that the table is made again for somebody who removes it. */
const PAUSE = seconds(1);
const FAMILIES: readonly NftFamily[] = ["ip", "ip6"];
const ABSENT = "ENOENT";

type Change =
  | {
      readonly kind: "drop";
      readonly owner: string;
      readonly wanted: readonly DroppedAddress[];
      readonly done: FirewallDone;
    }
  | { readonly kind: "renew"; readonly old: string; readonly done: FirewallDone }
  | { readonly kind: "remove"; readonly done: FirewallDone }
  | { readonly kind: "look"; readonly done: FirewallDone };

type Held = ReadonlyMap<string, readonly DroppedAddress[]>;

export class Firewall {
  readonly #loop: Loop;
  #writer: NetlinkWriter | undefined;
  #settings: AcceptTable | undefined;
  /** Whether the table is there; unknown after a life before that may have left one. */
  #table: "absent" | "present" | "unknown";
  /** What stands in the kernel's sets, by whom it was asked for. */
  #held: Held = new Map();
  #waiting: Change[] = [];
  #busy = false;
  #watch: TableWatch | undefined;
  readonly #lost: (error: OsError) => void;
  readonly #lookTimer: Timer;
  #lookAfter: Instant = 0;

  /** `lost` is told when somebody has removed the table, and it is made again. */
  constructor(
    loop: Loop,
    table: "absent" | "unknown" = "absent",
    lost: (error: OsError) => void = () => undefined,
  ) {
    this.#loop = loop;
    this.#table = table;
    this.#lost = lost;
    this.#lookTimer = loop.timer(() => this.#queue({ kind: "look", done: () => undefined }));
  }

  /**
   * Takes other settings over; a table that is in use is made anew with all that it held. Without settings nobody has
   * anything dropped any more, and the last ones stay for what is on its way out.
   */
  configure(settings: AcceptTable | undefined, done: FirewallDone): void {
    if (settings === undefined) return;
    const before = this.#settings;
    this.#settings = settings;
    if (before === undefined || isSameTable(before, settings)) return;
    this.#queue({ kind: "renew", old: before.table, done });
  }

  /** Makes these, and no others, the addresses that are dropped for `owner`; the table is made where it is missing. */
  drop(owner: string, addresses: readonly Dropped[], done: FirewallDone): void {
    const wanted = addresses.map(({ address, index }) => droppedAddress(address, index));
    this.#queue({ kind: "drop", owner, wanted, done });
  }

  /** Removes the table. */
  remove(done: FirewallDone): void {
    this.#queue({ kind: "remove", done });
  }

  /** Tables of ours that are there. */
  listOwn(done: (tables: readonly NftTableFact[], error: OsError | undefined) => void): void {
    const writer = this.#open((error) => done([], error));
    if (writer === undefined) return;
    const sequence = writer.nextSequence();
    writer.submit("NFT_MSG_GETTABLE", "tables", sequence, encodeTableDump(sequence), (error, reply) => {
      const tables = splitMessages(reply)
        .map(decodeTable)
        .filter((table) => table !== undefined);
      done(
        tables.filter(({ comment }) => comment === ACCEPT_TABLE_COMMENT),
        error,
      );
    });
  }

  /** Removes tables by name, there or not. */
  removeNamed(name: string, done: FirewallDone): void {
    this.#submit("remove table", name, (batch) => removeTables(batch, name), done);
  }

  close(): void {
    this.#lookTimer.close();
    this.#watch?.close();
    this.#watch = undefined;
    this.#writer?.close();
    this.#writer = undefined;
  }

  #queue(change: Change): void {
    this.#waiting.push(change);
    if (this.#busy) return;
    this.#busy = true;
    // What else this turn of the engine asks for goes into the same batch.
    queueMicrotask(() => this.#next());
  }

  /** One batch at a time, for each depends on what the one before achieved; all drops that wait go into one. */
  #next(): void {
    const [first] = this.#waiting;
    const settings = this.#settings;
    this.#busy = first !== undefined;
    if (first === undefined) return;
    const others = this.#waiting.findIndex(({ kind }) => kind !== "drop");
    const count = first.kind === "drop" ? (others < 0 ? this.#waiting.length : others) : 1;
    const taken = this.#waiting.splice(0, count);
    const ended: FirewallDone = (error) => {
      for (const { done } of taken) done(error);
      this.#next();
    };
    if (settings === undefined || (first.kind !== "drop" && this.#table === "absent")) {
      queueMicrotask(() => ended(undefined));
    } else if (first.kind === "renew") {
      this.#rebuild(settings, this.#held, ended, first.old);
    } else if (first.kind === "look") {
      this.#look(settings, ended);
    } else if (first.kind === "remove") {
      this.#forget(settings, ended);
    } else {
      this.#change(settings, applyDrops(this.#held, taken), ended);
    }
  }

  #change(settings: AcceptTable, next: Held, done: FirewallDone): void {
    if (this.#table !== "present" && next.size === 0) {
      if (this.#table === "unknown") this.#forget(settings, done);
      else queueMicrotask(() => done(undefined));
      return;
    }
    if (this.#table !== "present") {
      this.#rebuild(settings, next, done);
      return;
    }
    const fill = (batch: NftBatch): void => writeDifference(batch, settings.table, this.#held, next);
    this.#submit("change sets", describe(settings, next), fill, (error) => {
      // Somebody has flushed the ruleset: all of it is made again.
      if (error?.errno === ABSENT) {
        this.#rebuild(settings, next, done);
        return;
      }
      if (error === undefined) this.#held = next;
      done(error);
    });
  }

  /** Whether the table is still there; of our own batches, the one that made it has ended. */
  #look(settings: AcceptTable, done: FirewallDone): void {
    this.listOwn((tables, error) => {
      const there = tables.filter(({ name }) => name === settings.table).length;
      if (error !== undefined || this.#table !== "present" || there === FAMILIES.length) {
        done(error);
        return;
      }
      this.#lookAfter = this.#loop.now() + PAUSE;
      this.#lost({ call: "nftables: removed by somebody else", errno: ABSENT, subject: settings.table });
      this.#rebuild(settings, this.#held, done);
    });
  }

  /** From now on a table that somebody removes is missed. Without that, it is missed at the next change. */
  #guard(settings: AcceptTable): void {
    if (this.#watch !== undefined) return;
    try {
      this.#watch = watchTables(this.#loop, (name) => {
        if (name !== undefined && name !== (this.#settings ?? settings).table) return;
        this.#lookTimer.set(Math.max(this.#loop.now(), this.#lookAfter));
      });
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#lost(error.osError);
    }
  }

  #rebuild(settings: AcceptTable, held: Held, done: FirewallDone, old = settings.table): void {
    const fill = (batch: NftBatch): void => {
      if (old !== settings.table) removeTables(batch, old);
      for (const family of FAMILIES) writeAcceptTable(batch, family, settings);
      for (const [family, set, keys] of bySet([...held.values()].flat())) {
        batch.addElements(family, settings.table, set, keys);
      }
    };
    this.#submit("make table", describe(settings, held), fill, (error) => {
      if (error === undefined) {
        this.#table = "present";
        this.#held = held;
        this.#guard(settings);
      }
      done(error);
    });
  }

  #forget(settings: AcceptTable, done: FirewallDone): void {
    this.#held = new Map();
    this.removeNamed(settings.table, (error) => {
      if (error === undefined) {
        this.#table = "absent";
        this.#watch?.close();
        this.#watch = undefined;
      }
      done(error);
    });
  }

  #submit(call: string, subject: string, fill: (batch: NftBatch) => void, done: FirewallDone): void {
    const writer = this.#open(done);
    if (writer === undefined) return;
    const sequence = writer.nextSequence();
    const batch = new NftBatch(sequence);
    fill(batch);
    if (batch.isEmpty) queueMicrotask(() => done(undefined));
    else writer.submit(`nftables: ${call}`, subject, sequence, batch.finish(), (error) => done(error));
  }

  #open(failed: FirewallDone): NetlinkWriter | undefined {
    try {
      this.#writer ??= openNetlinkWriter(this.#loop, QUEUE_LIMIT, NETLINK_NETFILTER);
      return this.#writer;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      const { osError } = error;
      queueMicrotask(() => failed(osError));
      return undefined;
    }
  }
}

/** Removes tables of these names, for a process that has made none; calls back with what was refused. */
export function removeFirewallTables(
  loop: Loop,
  names: readonly string[],
  done: (errors: readonly OsError[]) => void,
): void {
  const firewall = new Firewall(loop);
  const errors: OsError[] = [];
  let waiting = names.length + 1;
  const answered: FirewallDone = (error) => {
    if (error !== undefined) errors.push(error);
    waiting--;
    if (waiting > 0) return;
    firewall.close();
    done(errors);
  };
  for (const name of names) firewall.removeNamed(name, answered);
  answered(undefined);
}

function isSameTable(a: AcceptTable, b: AcceptTable): boolean {
  return a.table === b.table && a.priority === b.priority && a.counters === b.counters;
}

function applyDrops(held: Held, changes: readonly Change[]): Held {
  const next = new Map(held);
  for (const change of changes) {
    if (change.kind !== "drop") continue;
    if (change.wanted.length > 0) next.set(change.owner, change.wanted);
    else next.delete(change.owner);
  }
  return next;
}

function writeDifference(batch: NftBatch, table: string, before: Held, after: Held): void {
  const kept = new Set([...after.values()].flat().map(identityOf));
  const old = [...before.values()].flat();
  const known = new Set(old.map(identityOf));
  const fresh = [...after.values()].flat().filter((one) => !known.has(identityOf(one)));
  for (const [family, set, keys] of bySet(fresh)) batch.addElements(family, table, set, keys);
  // Added first: then none can be missing when it is deleted.
  for (const [family, set, keys] of bySet(old.filter((one) => !kept.has(identityOf(one))))) {
    batch.addElements(family, table, set, keys).deleteElements(family, table, set, keys);
  }
}

function removeTables(batch: NftBatch, name: string): void {
  for (const family of FAMILIES) removeAcceptTable(batch, family, name);
}

function describe({ table }: AcceptTable, held: Held): string {
  return `table ${table} (${[...held.values()].reduce((sum, one) => sum + one.length, 0)} addresses)`;
}

function identityOf({ family, set, key }: DroppedAddress): string {
  return `${family} ${set} ${key.join(".")}`;
}

/** Each set with its keys, none of them twice. */
function bySet(
  addresses: readonly DroppedAddress[],
): readonly (readonly [NftFamily, string, readonly Uint8Array[]])[] {
  const sets = new Map<string, readonly [NftFamily, string, Uint8Array[]]>();
  const seen = new Set<string>();
  for (const address of addresses) {
    const identity = identityOf(address);
    if (seen.has(identity)) continue;
    seen.add(identity);
    const name = `${address.family} ${address.set}`;
    const entry = sets.get(name) ?? [address.family, address.set, []];
    entry[2].push(address.key);
    sets.set(name, entry);
  }
  return [...sets.values()];
}
