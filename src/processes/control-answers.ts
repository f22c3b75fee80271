/** Answers on the control socket. */

import { serverName } from "../director/names.ts";
import type { ControlClient } from "../host/control-server.ts";
import type { ControlReply, ControlRequest } from "../observe/control-protocol.ts";
import { isCalled } from "../observe/director-text.ts";
import type { PoolStatus } from "../observe/pool-view.ts";
import type { PoolDecision } from "../supervise/pool-orders.ts";
import type { Journal } from "./journal.ts";

export function reply(client: ControlClient, value: ControlReply): void {
  client.reply(value);
}

/** The last entries, and those to come where they are wanted. */
export function answerJournal(
  journal: Journal | undefined,
  { limit, follow }: ControlRequest & { readonly command: "journal" },
  client: ControlClient,
): void {
  const entries = limit === 0 ? [] : (journal?.entries.slice(-limit) ?? []);
  reply(client, { ok: true, command: "journal", entries });
  if (!follow) return;
  client.keepOpen();
  const stop = journal?.follow((entry) => reply(client, { ok: true, command: "journal", entries: [entry] }));
  client.onClose(() => stop?.());
}

/** Services and servers, of one service where it is named. */
export function answerPools(
  pool: PoolStatus | undefined,
  wanted: string | undefined,
  moment: { readonly time: string; readonly at: number },
  client: ControlClient,
): void {
  const services = pool?.services.filter(
    ({ key, name }) => wanted === undefined || key === wanted || isCalled(name, wanted),
  );
  if (wanted !== undefined && services?.length === 0)
    reply(client, {
      ok: false,
      error: `there is no virtual server ${wanted}; \`buoy pool list\` names them all`,
    });
  else
    reply(client, {
      ok: true,
      command: "pools",
      pool: pool && { ...pool, services: services ?? [] },
      ...moment,
    });
}

/** The service and the server of an order, as the log writes them. */
export function namesOf({ service, server }: PoolDecision): {
  readonly virtualServer: string;
  readonly realServer: string;
} {
  return { virtualServer: service.name, realServer: serverName(service, server) };
}
