/** Reads our nftables tables of virtual servers back: who made them, and what they have counted. */
import type { OsError, Result } from "../../base/result.ts";
import { fail, ok } from "../../base/result.ts";
import type { FoundDestination, FoundService, TableStatistics } from "../../director/table.ts";
import { readHost32 } from "../../wire/netlink/host-order.ts";
import type { NetlinkMessage } from "../../wire/netlink/message.ts";
import { splitMessages } from "../../wire/netlink/message.ts";
import { decodeTable, encodeTableDump } from "../../wire/netlink/nftables.ts";
import type { NftCounter, NftElementFact, NftRuleFact } from "../../wire/netlink/nftables-dump.ts";
import {
  decodeElements,
  decodeNftRule,
  encodeElementDump,
  encodeRuleDump,
} from "../../wire/netlink/nftables-dump.ts";
import type { NftFamily } from "../../wire/netlink/nftables-expressions.ts";
import type { NetlinkWriter } from "../netlink-writer.ts";
import type { ConnectionCounts } from "./connections.ts";
import {
  endpointOf,
  isLocalServer,
  readServerComment,
  readServiceComment,
  serverChainOf,
  serverOf,
} from "./names.ts";
import type { HeldServer, HeldService } from "./table.ts";
import { SERVERS, SERVICES_COMMENT, SERVICES_TABLE, STAGES } from "./table.ts";

/** A table that we can go on with. */
export interface FoundTable {
  readonly family: NftFamily;
  readonly services: readonly HeldService[];
  /** What each chain has counted. */
  readonly counters: ReadonlyMap<string, NftCounter>;
}

type Answered<Value> = (result: Result<Value, OsError>) => void;

const ENTRANCES = STAGES.flatMap((stage) =>
  ["services", "addresses", "marks"].map((kind) => `${stage}-${kind}`),
);
const NOTHING: NftCounter = { packets: 0, bytes: 0 };
export const UNMEASURED: TableStatistics = {
  connections: undefined,
  packetsIn: undefined,
  packetsOut: undefined,
  bytesIn: undefined,
  bytesOut: undefined,
  connectionRate: undefined,
  packetRateIn: undefined,
  packetRateOut: undefined,
  byteRateIn: undefined,
  byteRateOut: undefined,
};

/** The tables that are ours, each with its services; one in which something is missing is left out, to be made anew. */
export function readTables(writer: NetlinkWriter, done: Answered<readonly FoundTable[]>): void {
  ask(writer, "list tables", encodeTableDump, (result) => {
    if (!result.ok) return done(result);
    const families = result.value
      .flatMap((message) => decodeTable(message) ?? [])
      .filter(({ name, comment }) => name === SERVICES_TABLE && comment === SERVICES_COMMENT)
      .map(({ family }) => family);
    inOrder<NftFamily, FoundTable | undefined>(
      families,
      (family, next) => readTable(writer, family, next),
      (tables) => {
        if (!tables.ok) done(tables);
        else done(ok(tables.value.flatMap((table) => table ?? [])));
      },
    );
  });
}

function readTable(writer: NetlinkWriter, family: NftFamily, done: Answered<FoundTable | undefined>): void {
  const elements = (set: string, next: Answered<readonly NftElementFact[]>): void =>
    ask(
      writer,
      `list ${set}`,
      (sequence) => encodeElementDump(family, SERVICES_TABLE, set, sequence),
      (result) => next(result.ok ? ok(result.value.flatMap(decodeElements)) : result),
    );
  ask(
    writer,
    "list rules",
    (sequence) => encodeRuleDump(family, SERVICES_TABLE, sequence),
    (rules) => {
      if (!rules.ok) return done(rules);
      inOrder([...ENTRANCES, SERVERS], elements, (maps) => {
        // A table of ours without its maps is one that somebody has taken apart.
        if (!maps.ok) return done(maps.error.errno === "ENOENT" ? ok(undefined) : maps);
        const facts = rules.value.flatMap((message) => decodeNftRule(message) ?? []);
        const entrances = maps.value.slice(0, ENTRANCES.length).flat();
        const numbers = maps.value.slice(ENTRANCES.length).flat();
        return done(ok(compose(family, entrances, numbers, facts)));
      });
    },
  );
}

/** Undefined where the parts do not fit: somebody else has been at it. */
function compose(
  family: NftFamily,
  entrances: readonly NftElementFact[],
  numbers: readonly NftElementFact[],
  rules: readonly NftRuleFact[],
): FoundTable | undefined {
  const counters = new Map<string, NftCounter>();
  for (const { chain, counters: found } of rules) {
    const sum = [counters.get(chain) ?? NOTHING, ...found].reduce(add);
    counters.set(chain, sum);
  }
  const services = new Map<string, { head: HeldService["head"]; servers: HeldServer[] }>();
  for (const { chain, comment, key } of entrances) {
    const endpoint = chain === undefined ? undefined : endpointOf(chain, family);
    const head = endpoint && readServiceComment(endpoint, comment);
    if (head !== undefined && chain !== undefined) services.set(chain, { head, servers: [] });
    else if (chain !== "unserved" || key.length === 0) return undefined;
  }
  for (const { chain = "", comment, key } of numbers) {
    const place = serverOf(chain, family);
    const destination = place && readServerComment(place, comment);
    const service = place && services.get(place.service);
    if (destination === undefined || service === undefined || !counters.has(chain)) return undefined;
    service.servers.push({ id: readHost32(key, 0), destination, local: isLocalServer(comment) });
  }
  // The kernel gives them in the order of its hashes; numbers were given in turn.
  for (const { servers } of services.values()) servers.sort((a, b) => a.id - b.id);
  return { family, services: [...services.values()], counters };
}

function add(a: NftCounter, b: NftCounter): NftCounter {
  return { packets: a.packets + b.packets, bytes: a.bytes + b.bytes };
}

/** As the engine is told of it. Connections that nobody has counted are none. */
export function foundServices(
  { services, counters }: FoundTable,
  connections: ConnectionCounts,
): readonly FoundService[] {
  return services.map(({ head, servers }) => {
    const destinations = servers.map(({ id, destination }): FoundDestination => {
      const isDirect = destination.forwarding.method === "dr";
      const counter = counters.get(serverChainOf(head.endpoint, destination)) ?? NOTHING;
      return {
        ...destination,
        activeConnections: connections.get(id)?.active ?? 0,
        inactiveConnections: connections.get(id)?.inactive ?? 0,
        persistentConnections: 0,
        // Only the first packet of a translated connection comes by; all of one that is sent on.
        statistics: isDirect
          ? { ...UNMEASURED, packetsIn: counter.packets, bytesIn: counter.bytes }
          : { ...UNMEASURED, connections: counter.packets },
      };
    });
    return { ...head, destinations, statistics: sumOf(destinations.map(({ statistics }) => statistics)) };
  });
}

function sumOf(all: readonly TableStatistics[]): TableStatistics {
  const sum = (field: keyof TableStatistics): number | undefined => {
    const measured = all.map((one) => one[field]).filter((value) => value !== undefined);
    return measured.length === 0 ? undefined : measured.reduce((total, value) => total + value, 0);
  };
  return {
    ...UNMEASURED,
    connections: sum("connections"),
    packetsIn: sum("packetsIn"),
    bytesIn: sum("bytesIn"),
  };
}

function ask(
  writer: NetlinkWriter,
  call: string,
  encode: (sequence: number) => Uint8Array,
  done: Answered<readonly NetlinkMessage[]>,
): void {
  const sequence = writer.nextSequence();
  writer.submit(`nftables: ${call}`, SERVICES_TABLE, sequence, encode(sequence), (error, reply) =>
    done(error === undefined ? ok(splitMessages(reply)) : fail(error)),
  );
}

/** One after the other; the first failure ends it. */
function inOrder<Item, Value>(
  items: readonly Item[],
  each: (item: Item, next: Answered<Value>) => void,
  done: Answered<readonly Value[]>,
): void {
  const values: Value[] = [];
  const step = (index: number): void => {
    const item = items[index];
    if (item === undefined) {
      done(ok(values));
      return;
    }
    each(item, (result) => {
      if (!result.ok) return done(result);
      values.push(result.value);
      return step(index + 1);
    });
  };
  step(0);
}
