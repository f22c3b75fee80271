/**
 * Connections to the servers of our nftables services. Translated ones stand in the kernel's tracker; those that are sent
 * on, in a map of our table.
 */

import { concatBytes } from "../../base/bytes.ts";
import type { OsError, Result } from "../../base/result.ts";
import { fail, ok } from "../../base/result.ts";
import type { Endpoint } from "../../model/director-models.ts";
import type { TrackedConnection } from "../../wire/netlink/conntrack.ts";
import { decodeConnection, encodeConnectionDump, encodeConnectionEnd } from "../../wire/netlink/conntrack.ts";
import { readHost32 } from "../../wire/netlink/host-order.ts";
import { splitMessages } from "../../wire/netlink/message.ts";
import { decodeElements, encodeElementDump } from "../../wire/netlink/nftables-dump.ts";
import type { NftFamily } from "../../wire/netlink/nftables-expressions.ts";
import type { NetlinkWriter } from "../netlink-writer.ts";
import type { HeldServer, HeldService } from "./table.ts";
import { CONNECTIONS, PROTOCOLS, SERVICES_TABLE } from "./table.ts";

export interface ConnectionCount {
  readonly active: number;
  readonly inactive: number;
}

/** By the number of a server. */
export type ConnectionCounts = ReadonlyMap<number, ConnectionCount>;

/** Ends in one send. */
const BATCH = 200;

/**
 * Counts the connections of all servers of these services, which are of one family. `closing` is how many seconds the end of
 * one is remembered.
 */
export function countConnections(
  writer: NetlinkWriter,
  family: NftFamily,
  services: readonly HeldService[],
  closing: number,
  done: (result: Result<ConnectionCounts, OsError>) => void,
): void {
  const counts = new Map<number, ConnectionCount>();
  const add = (id: number, established: boolean): void => {
    const { active, inactive } = counts.get(id) ?? { active: 0, inactive: 0 };
    counts.set(id, { active: active + (established ? 1 : 0), inactive: inactive + (established ? 0 : 1) });
  };
  list(writer, family, true, (tracked) => {
    if (!tracked.ok) return done(tracked);
    const find = finderOf(services);
    for (const connection of tracked.value)
      for (const { id } of find(connection)) add(id, connection.established);
    const sequence = writer.nextSequence();
    const question = encodeElementDump(family, SERVICES_TABLE, CONNECTIONS, sequence);
    writer.submit("nftables: list connections", SERVICES_TABLE, sequence, question, (error, reply) => {
      if (error !== undefined) return done(fail(error));
      for (const { key, value, expires = 0 } of splitMessages(reply).flatMap(decodeElements)) {
        // Nothing else tells one that goes on from one that has just begun or ended.
        const isActive = key[0] === PROTOCOLS.tcp && expires > closing * 1000;
        if (value?.length === 4) add(readHost32(value, 0), isActive);
      }
      done(ok(counts));
    });
  });
}

/** Ends the translated connections to servers that have gone: the next packet of each is that of a new connection. */
export function endConnections(
  writer: NetlinkWriter,
  family: NftFamily,
  gone: readonly HeldService[],
  done: (error: OsError | undefined) => void,
): void {
  const find = finderOf(gone);
  endThose(writer, family, true, (connection) => find(connection).length > 0, done);
}

/**
 * Ends what came to these services' addresses before they were there, and goes to this host for as long as its sender goes
 * on: the tracker asks no rule again.
 */
export function endStrays(
  writer: NetlinkWriter,
  family: NftFamily,
  services: readonly HeldService[],
  done: (error: OsError | undefined) => void,
): void {
  const places = new Set(
    services.flatMap(({ head: { endpoint } }) => (endpoint.kind === "fwmark" ? [] : placeAt(endpoint))),
  );
  const isStray = ({ protocol, service, server }: TrackedConnection): boolean =>
    service.address === server.address &&
    service.port === server.port &&
    [service.port, 0].some((port) => places.has(placeOf(protocol, service.address, port)));
  endThose(writer, family, false, isStray, done);
}

function endThose(
  writer: NetlinkWriter,
  family: NftFamily,
  translated: boolean,
  isOver: (connection: TrackedConnection) => boolean,
  done: (error: OsError | undefined) => void,
): void {
  list(writer, family, translated, (tracked) => {
    if (!tracked.ok) return done(tracked.error);
    const ending = tracked.value.filter(isOver);
    const next = (from: number): void => {
      const batch = ending.slice(from, from + BATCH);
      if (batch.length === 0) {
        done(undefined);
        return;
      }
      const first = writer.nextSequence(batch.length);
      const bytes = concatBytes(
        ...batch.map(({ tuple }, index) => encodeConnectionEnd(family, tuple, first + index)),
      );
      // One that has ended by itself is as good.
      writer.submit("end connections", SERVICES_TABLE, first + batch.length - 1, bytes, () =>
        next(from + BATCH),
      );
    };
    next(0);
  });
}

function list(
  writer: NetlinkWriter,
  family: NftFamily,
  translated: boolean,
  done: (result: Result<readonly TrackedConnection[], OsError>) => void,
): void {
  const sequence = writer.nextSequence();
  const question = encodeConnectionDump(family, translated, sequence);
  writer.submit("list tracked connections", family, sequence, question, (error, reply) =>
    done(
      error === undefined
        ? ok(splitMessages(reply).flatMap((message) => decodeConnection(message) ?? []))
        : fail(error),
    ),
  );
}

/**
 * Finds the server of a connection. What a mark led to a service is known by its server alone, and may be of each service
 * with a mark that has it.
 */
function finderOf(
  services: readonly HeldService[],
): (connection: TrackedConnection) => readonly HeldServer[] {
  const servers = new Map<string, HeldServer[]>();
  for (const { head, servers: own } of services) {
    const { endpoint } = head;
    const place = endpoint.kind === "fwmark" ? ANY : placeAt(endpoint);
    for (const server of own) {
      const { address, port } = server.destination;
      const key = `${place} ${address} ${port}`;
      servers.set(key, [...(servers.get(key) ?? []), server]);
    }
  }
  return ({ protocol, service, server }) => {
    const places = [
      placeOf(protocol, service.address, service.port),
      placeOf(protocol, service.address, 0),
      ANY,
    ];
    for (const place of places)
      for (const port of [server.port, 0]) {
        const found = servers.get(`${place} ${server.address} ${port}`);
        if (found !== undefined) return found;
      }
    return [];
  };
}

const ANY = "any";

function placeAt({ protocol, address, port }: Endpoint & { readonly kind: "address" }): string {
  return placeOf(PROTOCOLS[protocol], address, port);
}

function placeOf(protocol: number, address: string, port: number): string {
  return `${protocol} ${address} ${port}`;
}
