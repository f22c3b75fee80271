/**
 * Connections to the servers of our nftables services. Translated ones stand in the kernel's tracker; those that are sent
 * on, in a map of our table.
 */

import { concatBytes } from "../../base/bytes.ts";
import type { OsError, Result } from "../../base/result.ts";
import { fail, ok } from "../../base/result.ts";
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

/** Counts the connections of all servers of these services, which are of one family. */
export function countConnections(
  writer: NetlinkWriter,
  family: NftFamily,
  services: readonly HeldService[],
  done: (result: Result<ConnectionCounts, OsError>) => void,
): void {
  const counts = new Map<number, ConnectionCount>();
  const add = (id: number, established: boolean): void => {
    const { active, inactive } = counts.get(id) ?? { active: 0, inactive: 0 };
    counts.set(id, { active: active + (established ? 1 : 0), inactive: inactive + (established ? 0 : 1) });
  };
  list(writer, family, (tracked) => {
    if (!tracked.ok) return done(tracked);
    const find = finderOf(services);
    for (const connection of tracked.value)
      for (const { id } of find(connection)) add(id, connection.established);
    const sequence = writer.nextSequence();
    const question = encodeElementDump(family, SERVICES_TABLE, CONNECTIONS, sequence);
    writer.submit("nftables: list connections", SERVICES_TABLE, sequence, question, (error, reply) => {
      if (error !== undefined) return done(fail(error));
      for (const { value } of splitMessages(reply).flatMap(decodeElements))
        if (value?.length === 4) add(readHost32(value, 0), true);
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
  list(writer, family, (tracked) => {
    if (!tracked.ok) return done(tracked.error);
    const find = finderOf(gone);
    const ending = tracked.value.filter((connection) => find(connection).length > 0);
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
  done: (result: Result<readonly TrackedConnection[], OsError>) => void,
): void {
  const sequence = writer.nextSequence();
  const question = encodeConnectionDump(family, sequence);
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
    const place =
      endpoint.kind === "fwmark"
        ? ANY
        : placeOf(PROTOCOLS[endpoint.protocol], endpoint.address, endpoint.port);
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

function placeOf(protocol: number, address: string, port: number): string {
  return `${protocol} ${address} ${port}`;
}
