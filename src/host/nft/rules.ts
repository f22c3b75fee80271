/** The rules of virtual servers: how a packet's server is chosen, what is remembered of it, and how the packet goes there. */
import { present } from "../../base/assert.ts";
import { ipToBytes } from "../../base/ip.ts";
import type { TableDestination } from "../../director/table.ts";
import type { LvsTimeouts } from "../../model/director-models.ts";
import { type NftBatch, TYPE_INTEGER, TYPE_MARK } from "../../wire/netlink/nftables.ts";
import type { NftExpression, NftFamily } from "../../wire/netlink/nftables-expressions.ts";
import { hostNumber, word } from "../../wire/netlink/nftables-expressions.ts";
import {
  clientKeyShape,
  connectionKeyShape,
  hashKeyShape,
  ICMP,
  isProtocol,
  SERVER_REGISTER,
  tcpFlags,
} from "./matches.ts";
import type { ServiceHead } from "./names.ts";
import { chainOf, nftFamilyOf, serverChainOf } from "./names.ts";
import { slotsOf } from "./slots.ts";
import type { HeldServer, HeldService } from "./table.ts";
import { CONNECTIONS, methodOf, PROTOCOLS, REMEMBER, SERVICES_TABLE, TIMEOUTS, UNSERVED } from "./table.ts";

type Rule = readonly NftExpression[];

const TCP = 6;
const FIN = 1;
const SYN = 2;
const RST = 4;
/** The same on every director, so that a client keeps its server when another takes over. */
const HASH_SEED = 0x62756f79;
/** Of connections that have only begun, as with IPVS: what is never answered must not fill the map. */
const TCP_BEGUN = 60;
const ACCEPT: NftExpression = { kind: "verdict", verdict: "accept" };

export function clientsOf({ endpoint }: ServiceHead): string {
  return `clients/${chainOf(endpoint)}`;
}

/** The rules that choose a server. */
export function serviceRules(batch: NftBatch, service: HeldService): readonly Rule[] {
  const { head } = service;
  const { endpoint } = head;
  const family = nftFamilyOf(endpoint);
  const isDirect = methodOf(service) === "dr";
  const mayBeTcp = endpoint.kind === "fwmark" || endpoint.protocol === "tcp";
  const connection = connectionKeyShape(family).load;
  const isLate = [...isProtocol(TCP), ...tcpFlags(SYN | RST, "differs", SYN)];
  const known = [...connection, ...markOf(CONNECTIONS)];
  return [
    ...(endpoint.kind === "fwmark" ? [[...isProtocol(ICMP[family]), ACCEPT]] : []),
    ...(isDirect && !head.onePacket ? [[...known, ...toMarkedServer(batch, service)]] : []),
    // A connection that nobody here saw begin is for the host's own answer.
    ...(mayBeTcp ? [[...isLate, ACCEPT]] : []),
    ...(isDirect ? [[...connection, ...forget(CONNECTIONS)]] : []),
    ...persistenceRules(batch, service),
    ...scheduleRules(batch, service, family),
  ];
}

function persistenceRules(batch: NftBatch, service: HeldService): readonly Rule[] {
  const { head, servers } = service;
  if (head.persistence === undefined || servers.length === 0) return [];
  const { load } = clientKeyShape(nftFamilyOf(head.endpoint), head.persistence.prefixLength);
  const map = clientsOf(head);
  return [
    [...load, ...markOf(map), ...toMarkedServer(batch, service)],
    // Its server has gone: what is remembered would keep its value.
    [...load, ...forget(map)],
  ];
}

function scheduleRules(batch: NftBatch, service: HeldService, family: NftFamily): readonly Rule[] {
  const { endpoint, scheduler, flags } = service.head;
  const { by, ids } = slotsOf(
    scheduler,
    service.servers.map(({ id, destination }) => ({
      id,
      name: `${destination.address} ${destination.port}`,
      weight: destination.weight,
    })),
  );
  const unserved: NftExpression = { kind: "goto", chain: UNSERVED };
  if (ids.length === 0) return methodOf(service) === "dr" ? [[unserved]] : [];
  const modulus = ids.length;
  const register = word(0);
  const choice: Rule =
    by === "turn" ? [{ kind: "numgen", modulus, register }] : hashed(family, by, flags.flag2, modulus);
  const chains = new Map(
    service.servers.map(({ id, destination }) => [id, serverChainOf(endpoint, destination)]),
  );
  const row = ids.map((id, slot) => [slot, present(chains.get(id), "chain of a server")] as const);
  const [[, first] = [0, ""]] = row;
  if (row.every(([, chain]) => chain === first)) return [[{ kind: "goto", chain: first }]];
  const map = batch.anonymousMap(family, SERVICES_TABLE, TYPE_INTEGER, row);
  return [[...choice, { kind: "map", map, register, into: "verdict" }]];
}

function hashed(family: NftFamily, by: "client" | "service", withPort: boolean, modulus: number): Rule {
  const { load, length } = hashKeyShape(family, by, withPort);
  const source = word(0);
  return [...load, { kind: "jhash", source, length, modulus, seed: HASH_SEED, register: word(0) }];
}

/** The rules that send a packet to a server. */
export function serverRules(
  head: ServiceHead,
  { id, destination, local }: HeldServer,
  family: NftFamily,
): readonly Rule[] {
  const isDirect = destination.forwarding.method === "dr";
  const remembered = [
    ...(isDirect && !head.onePacket ? [[...setMark(id), { kind: "jump", chain: REMEMBER } as const]] : []),
    ...(isDirect || head.persistence !== undefined ? [setMark(ownMark(head))] : []),
    ...clientRules(head, family, id),
  ];
  const counter: NftExpression = { kind: "counter" };
  if (isDirect && local) return [...remembered, [counter, ACCEPT]];
  const address = present(ipToBytes(destination.address), destination.address);
  const load: NftExpression = { kind: "load", bytes: address, register: word(0) };
  if (isDirect) {
    const copy: NftExpression = { kind: "dup", address: word(0) };
    return [...remembered, [counter, load, copy, { kind: "verdict", verdict: "drop" }]];
  }
  const translated = translation(destination, family, load);
  // nft reads a port back only where the protocol stands before it.
  const guards = destination.port === 0 ? [[]] : protocolsOf(head).map(isProtocol);
  return [...remembered, ...guards.map((guard) => [...guard, counter, ...translated])];
}

/** The mark that the service's packets come with. */
function ownMark({ endpoint }: ServiceHead): number {
  return endpoint.kind === "fwmark" ? endpoint.mark : 0;
}

function setMark(mark: number): Rule {
  const register = word(0);
  return [
    { kind: "load", bytes: hostNumber(mark), register },
    { kind: "mark", register },
  ];
}

function protocolsOf({ endpoint }: ServiceHead): readonly number[] {
  return endpoint.kind === "fwmark" ? Object.values(PROTOCOLS) : [PROTOCOLS[endpoint.protocol]];
}

/** A host's own loopback address cannot be reached from outside: only the port changes. */
function translation({ address, port }: TableDestination, family: NftFamily, load: NftExpression): Rule {
  const isLoopback = address.startsWith("127.") || address === "::1";
  if (isLoopback && port === 0) return [ACCEPT];
  const number = word(4);
  return [
    ...(isLoopback ? [] : [load]),
    ...(port === 0
      ? []
      : [{ kind: "load", bytes: portBytes(port).subarray(0, 2), register: number } as const]),
    {
      kind: "dnat",
      family,
      address: isLoopback ? undefined : word(0),
      port: port === 0 ? undefined : number,
    },
  ];
}

/**
 * Remembers that a connection goes to the server that the packet is marked with; at its beginning and after its end, for a
 * shorter time. All servers share these rules: the kernel looks through all rules that feed a map whenever another one comes.
 */
export function rememberRules(family: NftFamily, timeouts: LvsTimeouts): readonly Rule[] {
  const { load } = connectionKeyShape(family);
  const remember = (timeout: number): Rule => [
    ...load,
    { kind: "meta", key: "mark", register: SERVER_REGISTER },
    { kind: "remember", map: CONNECTIONS, key: word(0), value: SERVER_REGISTER, timeout: timeout * 1000 },
  ];
  const { tcp, tcpFin, udp } = { ...TIMEOUTS, ...definedOf(timeouts) };
  return [
    remember(tcp),
    [...isProtocol(TCP), ...tcpFlags(SYN, "differs", 0), ...remember(Math.min(tcp, TCP_BEGUN))],
    [...isProtocol(TCP), ...tcpFlags(FIN | RST, "differs", 0), ...remember(tcpFin)],
    [...isProtocol(PROTOCOLS.udp), ...remember(udp)],
  ];
}

function clientRules(head: ServiceHead, family: NftFamily, id: number): readonly Rule[] {
  const { persistence } = head;
  if (persistence === undefined) return [];
  return [
    [
      ...clientKeyShape(family, persistence.prefixLength).load,
      { kind: "load", bytes: hostNumber(id), register: SERVER_REGISTER },
      {
        kind: "remember",
        map: clientsOf(head),
        key: word(0),
        value: SERVER_REGISTER,
        timeout: persistence.timeout * 1000,
      },
    ],
  ];
}

function definedOf({ tcp, tcpFin, udp }: LvsTimeouts): { tcp?: number; tcpFin?: number; udp?: number } {
  return {
    ...(tcp === undefined ? {} : { tcp }),
    ...(tcpFin === undefined ? {} : { tcpFin }),
    ...(udp === undefined ? {} : { udp }),
  };
}

/**
 * The packet bears the number of the server that is remembered under the key in the first registers: nft has no words for
 * what goes from one map into another without a mark.
 */
function markOf(name: string): Rule {
  const register = SERVER_REGISTER;
  return [
    { kind: "map", map: { name }, register: word(0), into: register },
    { kind: "mark", register },
  ];
}

/** To that server, if it is still one of the service's. */
function toMarkedServer(batch: NftBatch, { head: { endpoint }, servers }: HeldService): Rule {
  const chains = servers.map(({ id, destination }) => [id, serverChainOf(endpoint, destination)] as const);
  const map = batch.anonymousMap(nftFamilyOf(endpoint), SERVICES_TABLE, TYPE_MARK, chains);
  const register = word(0);
  return [
    { kind: "meta", key: "mark", register },
    { kind: "map", map, register, into: "verdict" },
  ];
}

function forget(map: string): Rule {
  const value = SERVER_REGISTER;
  return [
    { kind: "load", bytes: hostNumber(0), register: value },
    { kind: "forget", map, key: word(0), value },
  ];
}

/** In network byte order, padded to a register. */
export function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff, 0, 0);
}
