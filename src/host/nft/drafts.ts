/** What steps make of the services of our nftables table, before anything is written: and what nftables cannot do of them. */
import type { OsError } from "../../base/result.ts";
import type { TableChange, TableDestination, TableRefusal } from "../../director/table.ts";
import type { Endpoint } from "../../model/director-models.ts";
import type { NftFamily } from "../../wire/netlink/nftables-expressions.ts";
import { chainOf, nftFamilyOf } from "./names.ts";
import type { HeldServer, HeldService } from "./table.ts";
import { methodOf } from "./table.ts";

/** One service, as it is and as it is to be. */
export interface Draft {
  readonly family: NftFamily;
  readonly chain: string;
  readonly before: HeldService | undefined;
  readonly after: HeldService | undefined;
  /** Steps that it comes from. */
  readonly indices: readonly number[];
}

export interface DraftSurroundings {
  find(family: NftFamily, chain: string): HeldService | undefined;
  /** A number that no server has had. */
  nextId(): number;
  /** Addresses of this host. */
  readonly locals: ReadonlySet<string>;
}

interface Drafts {
  readonly drafts: readonly Draft[];
  readonly refusals: readonly TableRefusal[];
}

type Writable<Record> = { -readonly [Field in keyof Record]: Record[Field] };

export function draftChanges(changes: readonly TableChange[], around: DraftSurroundings): Drafts {
  const refusals: TableRefusal[] = [];
  const drafts = new Map<string, Writable<Draft>>();
  for (const [index, change] of changes.entries()) {
    const endpoint = endpointOf(change);
    const [family, chain] = [nftFamilyOf(endpoint), chainOf(endpoint)];
    const key = `${family} ${chain}`;
    const before = around.find(family, chain);
    const draft = drafts.get(key) ?? { family, chain, before, after: before, indices: [] };
    drafts.set(key, draft);
    const error = apply(draft, change, around);
    if (error === undefined) draft.indices = [...draft.indices, index];
    else refusals.push({ index, error });
  }
  for (const draft of drafts.values()) refusals.push(...withoutStrangers(draft, changes));
  return { drafts: [...drafts.values()], refusals };
}

/** The service with the servers that have left it and whose connections are translated. */
export function goneFrom({ before, after }: Draft): readonly HeldService[] {
  if (before === undefined || methodOf(before) === "dr") return [];
  const kept = new Set(after?.servers.map(({ id }) => id));
  const servers = before.servers.filter(({ id }) => !kept.has(id));
  return servers.length === 0 ? [] : [{ ...before, servers }];
}

/**
 * The service where its translation has just begun, or where this host itself answered until now: datagrams may have come
 * to it before, which the tracker takes for a connection that goes on. A TCP connection ends with the host's answer.
 */
export function begunIn({ before, after }: Draft): readonly HeldService[] {
  if (after === undefined || methodOf(after) === "dr") return [];
  const { endpoint } = after.head;
  if (endpoint.kind === "fwmark" || endpoint.protocol === "tcp") return [];
  const kept = new Set(after.servers.map(({ id }) => id));
  const hasLeftHost = before?.servers.some(({ id, local }) => local && !kept.has(id)) === true;
  return before === undefined || hasLeftHost ? [after] : [];
}

function endpointOf(change: TableChange): Endpoint {
  return "service" in change ? change.service.endpoint : change.endpoint;
}

function apply(
  draft: Writable<Draft>,
  change: TableChange,
  { nextId, locals }: DraftSurroundings,
): OsError | undefined {
  const { after } = draft;
  switch (change.kind) {
    case "AddService":
    case "EditService":
      draft.after = { head: change.service, servers: after?.servers ?? [] };
      return undefined;
    case "DeleteService":
      draft.after = undefined;
      return undefined;
    case "DeleteDestination":
      if (after !== undefined)
        draft.after = { ...after, servers: after.servers.filter((one) => !isAt(one, change.destination)) };
      return undefined;
    default: {
      const { destination, endpoint } = change;
      const error = refusalOf(after, destination, endpoint);
      if (error !== undefined || after === undefined) return error;
      const old = after.servers.find((one) => isAt(one, destination));
      const local = locals.has(destination.address) || destination.address.startsWith("127.");
      const server: HeldServer = { id: old?.id ?? nextId(), destination, local };
      // In its old place: the order of servers is that of their turns.
      const servers =
        old === undefined
          ? [...after.servers, server]
          : after.servers.map((one) => (one === old ? server : one));
      draft.after = { ...after, servers };
      return undefined;
    }
  }
}

function isAt(server: HeldServer, { address, port }: TableDestination): boolean {
  return server.destination.address === address && server.destination.port === port;
}

function refusalOf(
  service: HeldService | undefined,
  destination: TableDestination,
  endpoint: Endpoint,
): OsError | undefined {
  if (service === undefined) return refusal(destination, endpoint, "ESRCH", "its service is not there");
  if (destination.forwarding.method === "tun")
    return refusal(destination, endpoint, "EOPNOTSUPP", "nftables has no tunnels to servers");
  if ((destination.family === "ipv4" ? "ip" : "ip6") === nftFamilyOf(endpoint)) return undefined;
  return refusal(destination, endpoint, "EOPNOTSUPP", "nftables does not translate between IPv4 and IPv6");
}

/**
 * Servers with another method than the service's first one are left out. All steps count before that: where a sorry server
 * comes and the servers go, it is alone.
 */
function withoutStrangers(draft: Writable<Draft>, changes: readonly TableChange[]): readonly TableRefusal[] {
  const { after } = draft;
  if (after === undefined) return [];
  const method = methodOf(after);
  const strangers = after.servers.filter(({ destination }) => destination.forwarding.method !== method);
  if (strangers.length === 0) return [];
  draft.after = { ...after, servers: after.servers.filter((one) => !strangers.includes(one)) };
  const refused = draft.indices.filter((index) => {
    const change = changes[index];
    const isPut = change?.kind === "AddDestination" || change?.kind === "EditDestination";
    return isPut && strangers.some((one) => isAt(one, change.destination));
  });
  draft.indices = draft.indices.filter((index) => !refused.includes(index));
  const detail = "with nftables, all servers of a service have one forwarding method";
  return refused.flatMap((index) => {
    const change = changes[index];
    if (change === undefined || !("destination" in change)) return [];
    return [{ index, error: refusal(change.destination, change.endpoint, "EOPNOTSUPP", detail) }];
  });
}

function refusal(
  { address, port }: TableDestination,
  endpoint: Endpoint,
  errno: string,
  detail: string,
): OsError {
  return {
    call: "nftables: add server",
    subject: `[${address}]:${port} of ${chainOf(endpoint)}`,
    errno,
    detail,
  };
}
