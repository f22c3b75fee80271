/**
 * A virtual server in our nftables table: elements of maps that go to its chain, which chooses one of the chains of its
 * servers. A change writes what differs, and of that service only.
 */
import { present } from "../../base/assert.ts";
import { concatBytes } from "../../base/bytes.ts";
import { ipToBytes } from "../../base/ip.ts";
import type { LvsTimeouts } from "../../model/director-models.ts";
import type { NftBatch, NftElement } from "../../wire/netlink/nftables.ts";
import type { NftFamily } from "../../wire/netlink/nftables-expressions.ts";
import { hostNumber } from "../../wire/netlink/nftables-expressions.ts";
import { clientKeyShape } from "./matches.ts";
import type { ServiceHead } from "./names.ts";
import { chainOf, nftFamilyOf, serverChainOf, serverComment, serviceComment } from "./names.ts";
import { clientsOf, portBytes, rememberRules, serverRules, serviceRules } from "./rules.ts";
import type { HeldServer, HeldService, Stage } from "./table.ts";
import { methodOf, PROTOCOLS, RELAYS, REMEMBER, SERVERS, SERVICES_TABLE, STAGES, UNSERVED } from "./table.ts";

const CLIENT_LIMIT = 65_536;

/**
 * Everything of one service, from what was there to what is to be; undefined is no service. Kernels before 6.4 may find a
 * chain in use that nothing goes to any more: with `leaveChains` it stays, empty of meaning, until the table goes.
 */
export function writeService(
  batch: NftBatch,
  before: HeldService | undefined,
  after: HeldService | undefined,
  leaveChains: boolean,
): void {
  const head = after?.head ?? before?.head;
  if (head === undefined) return;
  const family = nftFamilyOf(head.endpoint);
  const chain = chainOf(head.endpoint);
  if (before === undefined)
    batch.chain(family, SERVICES_TABLE, chain).flushChain(family, SERVICES_TABLE, chain);
  else clearRules(batch, family, before, after);
  writeClients(batch, before, after);
  if (after !== undefined) {
    for (const server of after.servers) writeServer(batch, before, after, server);
    for (const rule of serviceRules(batch, after)) batch.rule(family, SERVICES_TABLE, chain, rule);
  }
  writeEntrances(batch, family, before, after);
  writeRelays(batch, family, before?.servers.filter(isRelayed) ?? [], after?.servers.filter(isRelayed) ?? []);
  for (const { id, destination } of before?.servers ?? []) {
    if (after?.servers.some((server) => server.id === id) === true) continue;
    batch.deleteElements(family, SERVICES_TABLE, SERVERS, [hostNumber(id)]);
    if (!leaveChains) batch.deleteChain(family, SERVICES_TABLE, serverChainOf(head.endpoint, destination));
  }
  if (after === undefined && !leaveChains) batch.deleteChain(family, SERVICES_TABLE, chain);
}

/** Where ICMP errors about connections go. */
function writeRelays(
  batch: NftBatch,
  family: NftFamily,
  before: readonly HeldServer[],
  after: readonly HeldServer[],
): void {
  const without = (list: readonly HeldServer[], others: readonly HeldServer[]): readonly HeldServer[] =>
    list.filter(({ id }) => !others.some((other) => other.id === id));
  for (const { id } of without(before, after))
    batch.deleteElements(family, SERVICES_TABLE, RELAYS, [hostNumber(id)]);
  const added = without(after, before).map(({ id, destination: { address } }) => {
    return {
      key: hostNumber(id),
      value: { bytes: present(ipToBytes(address), address) },
      comment: undefined,
    };
  });
  if (added.length > 0) batch.mapElements(family, SERVICES_TABLE, RELAYS, added);
}

/** Packets to it are sent on as they are. */
function isRelayed({ destination, local }: HeldServer): boolean {
  return destination.forwarding.method === "dr" && !local;
}

/** How long connections are remembered from now on. */
export function writeTimeouts(batch: NftBatch, family: NftFamily, timeouts: LvsTimeouts): void {
  batch.flushChain(family, SERVICES_TABLE, REMEMBER);
  for (const rule of rememberRules(family, timeouts)) batch.rule(family, SERVICES_TABLE, REMEMBER, rule);
}

/** Takes out the rules that will be others: until they have gone, what they look into cannot. */
function clearRules(
  batch: NftBatch,
  family: NftFamily,
  before: HeldService,
  after: HeldService | undefined,
): void {
  const { endpoint } = before.head;
  batch.flushChain(family, SERVICES_TABLE, chainOf(endpoint));
  for (const old of before.servers) {
    const server = after?.servers.find(({ id }) => id === old.id);
    if (after === undefined || server === undefined || !keepsRules(before, after, old, server))
      batch.flushChain(family, SERVICES_TABLE, serverChainOf(endpoint, old.destination));
  }
}

/** A server's rules say what is remembered for its service, and how packets go to it; its weight is not among them. */
function keepsRules(before: HeldService, after: HeldService, old: HeldServer, server: HeldServer): boolean {
  return (
    old.local === server.local &&
    serviceComment(before.head) === serviceComment(after.head) &&
    old.destination.forwarding.method === server.destination.forwarding.method
  );
}

/** The map of a persistent service's clients; one of another prefix length begins anew. */
function writeClients(
  batch: NftBatch,
  before: HeldService | undefined,
  after: HeldService | undefined,
): void {
  const [old, wanted] = [before?.head.persistence, after?.head.persistence];
  const stays = old !== undefined && wanted !== undefined && old.prefixLength === wanted.prefixLength;
  if (before !== undefined && old !== undefined && !stays)
    batch.deleteSet(nftFamilyOf(before.head.endpoint), SERVICES_TABLE, clientsOf(before.head));
  if (after === undefined || wanted === undefined || stays) return;
  const family = nftFamilyOf(after.head.endpoint);
  const { type, length } = clientKeyShape(family, wanted.prefixLength);
  batch.map(family, SERVICES_TABLE, {
    name: clientsOf(after.head),
    keyType: type,
    keyLength: length,
    value: "mark",
    fed: { size: CLIENT_LIMIT },
  });
}

/** Elements that lead to a service; one whose comment changes is put in anew in the same moment. */
function writeEntrances(
  batch: NftBatch,
  family: NftFamily,
  before: HeldService | undefined,
  after: HeldService | undefined,
): void {
  for (const stage of STAGES) {
    const old = before && entrance(before, stage);
    const wanted = after && entrance(after, stage);
    if (old?.map === wanted?.map && old?.text === wanted?.text) continue;
    if (old !== undefined) batch.deleteElements(family, SERVICES_TABLE, old.map, [old.element.key]);
    if (wanted !== undefined) batch.mapElements(family, SERVICES_TABLE, wanted.map, [wanted.element]);
  }
}

interface Entrance {
  readonly map: string;
  readonly element: NftElement;
  /** What of it may change. */
  readonly text: string;
}

/** Translated connections begin in one stage; all packets that are sent on, and those that nobody takes, in the other. */
function entrance(service: HeldService, stage: Stage): Entrance | undefined {
  const { head } = service;
  const isTranslated = methodOf(service) === "nat";
  if (stage === "nat" && !isTranslated) return undefined;
  if (stage === "input" && isTranslated && isServed(service)) return undefined;
  const chain = stage === "input" && isTranslated ? UNSERVED : chainOf(head.endpoint);
  const comment = serviceComment(head);
  const element = { key: entranceKey(head), value: { chain }, comment };
  const { endpoint } = head;
  const kind = endpoint.kind === "fwmark" ? "marks" : endpoint.port === 0 ? "addresses" : "services";
  return { map: `${stage}-${kind}`, element, text: `${chain} ${comment}` };
}

function entranceKey({ endpoint }: ServiceHead): Uint8Array {
  if (endpoint.kind === "fwmark") return hostNumber(endpoint.mark);
  const { protocol, address, port } = endpoint;
  const start = [Uint8Array.of(PROTOCOLS[protocol], 0, 0, 0), present(ipToBytes(address), address)];
  return concatBytes(...start, ...(port === 0 ? [] : [portBytes(port)]));
}

function isServed({ servers }: HeldService): boolean {
  return servers.some(({ destination }) => destination.weight > 0);
}

/** A server's chain, and the element of its number, which carries its weight. */
function writeServer(
  batch: NftBatch,
  before: HeldService | undefined,
  service: HeldService,
  server: HeldServer,
): void {
  const { endpoint } = service.head;
  const family = nftFamilyOf(endpoint);
  const chain = serverChainOf(endpoint, server.destination);
  const old = before?.servers.find(({ id }) => id === server.id);
  const comment = serverComment(server.destination, server.local);
  // One that could not be removed when its server went is emptied.
  if (old === undefined) batch.chain(family, SERVICES_TABLE, chain).flushChain(family, SERVICES_TABLE, chain);
  if (before === undefined || old === undefined || !keepsRules(before, service, old, server)) {
    for (const rule of serverRules(service.head, server, family))
      batch.rule(family, SERVICES_TABLE, chain, rule);
  }
  if (old !== undefined && serverComment(old.destination, old.local) === comment) return;
  const key = hostNumber(server.id);
  if (old !== undefined) batch.deleteElements(family, SERVICES_TABLE, SERVERS, [key]);
  const element = { key, value: { chain }, comment };
  batch.mapElements(family, SERVICES_TABLE, SERVERS, [element]);
}
