/** What `buoy why` shows of the journal. */
import type { DirectorEvent } from "../director/event.ts";
import { isAbout } from "./director-text.ts";
import type { JournalEntry } from "./journal-entry.ts";

/**
 * State changes and what became of them, newest first: up to `limit` changes, each with the neighbours that had to be
 * asked or kept silent and the conflicts that followed it. A sync group or BFD session is asked for by its name.
 */
export function whyEntries(
  entries: readonly JournalEntry[],
  name: string | undefined,
  limit: number,
): readonly JournalEntry[] {
  const found: JournalEntry[] = [];
  let changes = 0;
  for (let index = entries.length - 1; index >= 0 && changes < limit; index--) {
    const entry = entries[index];
    if (entry === undefined) continue;
    const isChange = isTransition(entry, name);
    if (isChange || isConsequence(entry, name)) found.push(entry);
    if (isChange) changes++;
  }
  return found;
}

function isTransition({ event: journal }: JournalEntry, name: string | undefined): boolean {
  if (journal.source === "group") return journal.event.group === name;
  if (journal.source === "director") return isPoolChange(journal.event, name);
  if (journal.source !== "vrrp" && journal.source !== "bfd") return false;
  if (journal.event.kind !== "StateChanged") return false;
  if (journal.source === "bfd") return journal.event.session === name;
  return name === undefined || journal.event.instance === name;
}

/** Of servers and services: what changed in the pool. */
function isPoolChange(event: DirectorEvent, name: string | undefined): boolean {
  const { kind } = event;
  const isChange = kind === "ServerChanged" || kind === "QuorumChanged" || kind === "WeightChanged";
  return isChange && (name === undefined || isAbout(event, name));
}

/** What an operator who asks why wants to know besides the changes. */
const TELLING: ReadonlySet<DirectorEvent["kind"]> = new Set([
  "SorryServer",
  "TableRefused",
  "Drained",
  "CheckOverdue",
  "ChecksBlocked",
  "ChecksUnblocked",
]);

function isConsequence({ event: journal }: JournalEntry, name: string | undefined): boolean {
  if (journal.source === "director") {
    const { kind } = journal.event;
    return TELLING.has(kind) && (name === undefined || isAbout(journal.event, name));
  }
  if (journal.source !== "vrrp") return false;
  const { event } = journal;
  if (name !== undefined && event.instance !== name) return false;
  switch (event.kind) {
    case "AddressConflict":
    case "AddressesReclaimed":
      return true;
    case "NeighbourVerified":
      return event.outcome === "asked" || event.outcome === "unproved";
    default:
      return false;
  }
}
