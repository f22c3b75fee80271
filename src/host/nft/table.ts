/** Our nftables tables of virtual servers, one for each family, as they stand before any service is in them. */
import type { TableDestination } from "../../director/table.ts";
import type { Protocol } from "../../model/director-models.ts";
import { type NftBatch, type NftTableFact, TYPE_MARK } from "../../wire/netlink/nftables.ts";
import type { NftExpression, NftFamily } from "../../wire/netlink/nftables-expressions.ts";
import { hostNumber, word } from "../../wire/netlink/nftables-expressions.ts";
import {
  addressKeyShape,
  connectionKeyShape,
  errorKey,
  isProtocol,
  SERVER_REGISTER,
  serviceKeyShape,
} from "./matches.ts";
import type { ServiceHead } from "./names.ts";

/** The table's name, and the comment that tells ours from another's. */
export const SERVICES_TABLE = "buoy";
const MADE_BY_US = "virtual servers, by buoy (";
export const SERVICES_COMMENT = `${MADE_BY_US}3)`;
/** Which hooks a service is found from: new connections to be translated, or every packet on its way in. */
export const STAGES = ["nat", "input"] as const;
export type Stage = (typeof STAGES)[number];

/**
 * The servers with their numbers and weights, for who reads the table. No rule may look into it: at every change the kernel
 * follows whatever a rule can go to, so that it would take each service's way to each server there is.
 */
export const SERVERS = "servers";

export interface HeldServer {
  /** Never the same for two servers of a family, and never given again. */
  readonly id: number;
  readonly destination: TableDestination;
  /** It is this host: packets are not sent on to it. */
  readonly local: boolean;
}

export interface HeldService {
  readonly head: ServiceHead;
  readonly servers: readonly HeldServer[];
}

export const PROTOCOLS: Readonly<Record<Protocol, number>> = { tcp: 6, udp: 17, sctp: 132 };
const PORT_UNREACHABLE = { ip: 3, ip6: 4 } as const;
const RTN_LOCAL = 2;
/** Before the other translations, as those of containers; and after the filters of what comes in, as IPVS. */
const NAT_PRIORITY = -110;
const INPUT_PRIORITY = 98;
export const UNSERVED = "unserved";
export const CONNECTIONS = "connections";
/** The chain that remembers where a connection goes. */
export const REMEMBER = "remember";
/** Addresses of the servers that packets are sent on to, by their numbers. */
export const RELAYS = "relays";
/** Seconds that an idle connection is remembered, where the configuration says nothing else: those of IPVS. */
export const TIMEOUTS = { tcp: 900, tcpFin: 120, udp: 300 } as const;
/** Most entries of a map that packets feed: the kernel sets 16 bytes aside for each. */
const CONNECTION_LIMIT = 262_144;

/** Makes one family's table, empty. What was there under its name goes in the same batch. */
export function writeServicesTable(batch: NftBatch, family: NftFamily): void {
  const table = SERVICES_TABLE;
  removeServicesTable(batch, family);
  batch.table(family, table, SERVICES_COMMENT);
  const connection = connectionKeyShape(family);
  batch.map(family, table, {
    name: CONNECTIONS,
    keyType: connection.type,
    keyLength: connection.length,
    value: "mark",
    fed: { size: CONNECTION_LIMIT },
  });
  batch.map(family, table, { name: RELAYS, keyType: TYPE_MARK, keyLength: 4, value: "address" });
  batch.chain(family, table, REMEMBER);
  batch.chain(family, table, UNSERVED);
  // A reset is always sent; ICMP errors only so many a second.
  batch.rule(family, table, UNSERVED, [
    ...isProtocol(PROTOCOLS.tcp),
    { kind: "counter" },
    { kind: "reject", code: "reset" },
  ]);
  batch.rule(family, table, UNSERVED, [
    { kind: "counter" },
    { kind: "reject", code: PORT_UNREACHABLE[family] },
  ]);
  batch.map(family, table, { name: SERVERS, keyType: TYPE_MARK, keyLength: 4, value: "verdict" });
  for (const stage of STAGES) writeStage(batch, family, stage);
}

/** A table of ours, of whichever version. */
export function isMadeByUs({ name, comment }: NftTableFact): boolean {
  return name === SERVICES_TABLE && comment?.startsWith(MADE_BY_US) === true;
}

/** Removes one family's table, whether it is there or not. */
export function removeServicesTable(batch: NftBatch, family: NftFamily): void {
  batch.table(family, SERVICES_TABLE, SERVICES_COMMENT).deleteTable(family, SERVICES_TABLE);
}

function writeStage(batch: NftBatch, family: NftFamily, stage: Stage): void {
  const table = SERVICES_TABLE;
  const service = serviceKeyShape(family);
  const address = addressKeyShape(family);
  const value = "verdict";
  const names = { marks: `${stage}-marks`, services: `${stage}-services`, addresses: `${stage}-addresses` };
  batch.map(family, table, { name: names.marks, keyType: TYPE_MARK, keyLength: 4, value });
  batch.map(family, table, { name: names.services, keyType: service.type, keyLength: service.length, value });
  batch.map(family, table, {
    name: names.addresses,
    keyType: address.type,
    keyLength: address.length,
    value,
  });
  batch.chain(family, table, stage);
  if (stage === "input") batch.rule(family, table, stage, relayErrors(family));
  for (const rule of [
    [{ kind: "meta", key: "mark", register: word(0) }, verdictOf(names.marks, word(0))],
    [...service.load, verdictOf(names.services, word(0))],
    [...address.load, verdictOf(names.addresses, word(0))],
  ] satisfies NftExpression[][])
    batch.rule(family, table, stage, rule);
  for (const { chain, base } of BASE_CHAINS[stage]) {
    batch.chain(family, table, chain, base);
    batch.rule(family, table, chain, [
      { kind: "fib", register: word(0) },
      { kind: "equals", bytes: hostNumber(RTN_LOCAL), register: word(0) },
      { kind: "goto", chain: stage },
    ]);
  }
}

/**
 * ICMP errors about a connection go where its packets go: a server that is not told that its packets are too big sends them
 * again and again.
 */
function relayErrors(family: NftFamily): readonly NftExpression[] {
  return [
    ...errorKey(family),
    { kind: "map", map: { name: CONNECTIONS }, register: word(0), into: SERVER_REGISTER },
    // Through the mark, as nft has words for it; whatever it was is of no use to the server.
    { kind: "mark", register: SERVER_REGISTER },
    { kind: "meta", key: "mark", register: word(0) },
    { kind: "map", map: { name: RELAYS }, register: word(0), into: word(0) },
    { kind: "load", bytes: hostNumber(0), register: SERVER_REGISTER },
    { kind: "mark", register: SERVER_REGISTER },
    { kind: "dup", address: word(0) },
    { kind: "verdict", verdict: "drop" },
  ];
}

const BASE_CHAINS = {
  nat: (["prerouting", "output"] as const).map((hook) => ({
    chain: hook,
    base: { hook, priority: NAT_PRIORITY, type: "nat" } as const,
  })),
  input: [{ chain: "in", base: { hook: "input", priority: INPUT_PRIORITY } as const }],
};

/** A service without servers counts as one that translates. */
export function methodOf({ servers }: HeldService): "nat" | "dr" {
  return servers[0]?.destination.forwarding.method === "dr" ? "dr" : "nat";
}

function verdictOf(name: string, register: number): NftExpression {
  return { kind: "map", map: { name }, register, into: "verdict" };
}
