/** Answers on the control socket. */
import type { ControlClient } from "../host/control-server.ts";
import type { ControlReply, ControlRequest } from "../observe/control-protocol.ts";
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
