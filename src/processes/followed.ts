/** What the vrrp child tells the checker child: checks follow sessions, connection synchronisation follows an instance. */
import type { JournalEvent } from "../observe/journal-entry.ts";
import type { Followed } from "./messages.ts";

/** The news in an event, or undefined. */
export function followedOf(journal: JournalEvent): Followed | undefined {
  if (journal.source === "bfd" && journal.event.kind === "StateChanged")
    return journal.event.session === undefined
      ? undefined
      : { what: "session", name: journal.event.session, on: journal.event.to === "Up" };
  if (journal.source === "vrrp" && journal.event.kind === "StateChanged")
    return { what: "instance", name: journal.event.instance, on: journal.event.to === "MASTER" };
  return undefined;
}
