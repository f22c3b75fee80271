/** `static_ipaddress`, `static_routes`, `static_rules` and the `track_group`s that tie instances to them. */
import { addressKey } from "../base/routing.ts";
import type { Span } from "../config/source.ts";
import { didYouMean } from "../config/suggest.ts";
import type { Entry, Word } from "../config/tree.ts";
import { readVirtualAddress } from "./addresses.ts";
import type { ResolveContext } from "./context.ts";
import { blockOf, type DraftBlock, nameOf } from "./draft.ts";
import type { StaticsModel, VirtualAddressModel } from "./model.ts";
import { readRoute } from "./routes.ts";
import { readRouting, withoutTwins } from "./routing.ts";
import { type FreePreferences, readRule } from "./rules.ts";

export interface ResolvedStatics {
  readonly model: StaticsModel;
  /** Keys of the entries each instance depends on, by its name. */
  readonly tracked: ReadonlyMap<string, readonly string[]>;
}

/** keepalived's default for entries without `dev`. */
const DEFAULT_INTERFACE = "eth0";

interface TrackGroup {
  readonly members: readonly string[];
}

export function resolveStatics(
  root: DraftBlock,
  globals: DraftBlock,
  preferences: FreePreferences,
  context: ResolveContext,
): ResolvedStatics {
  const groups = readGroups(root, context);
  const tracked = new Map<string, string[]>();
  const track = (key: string, name: Word | undefined): void => {
    const group = name === undefined ? undefined : groups.get(name.text);
    if (name !== undefined && group === undefined) reportNoGroup(name, groups, context);
    for (const member of group?.members ?? []) tracked.set(member, [...(tracked.get(member) ?? []), key]);
  };
  const addresses = readAddresses(root, globals, track, context);
  const routing = [
    ...readRouting(root, "static_routes", (entry) => readRoute(entry, true, context)),
    ...readRouting(root, "static_rules", (entry) => readRule(entry, true, preferences, context)),
  ];
  for (const { model, trackGroup } of routing) track(model.key, trackGroup);
  return { model: { addresses, routing: withoutTwins(routing, context) }, tracked };
}

function readAddresses(
  root: DraftBlock,
  globals: DraftBlock,
  track: (key: string, group: Word | undefined) => void,
  context: ResolveContext,
): readonly VirtualAddressModel[] {
  const kept = new Map<string, VirtualAddressModel>();
  for (const entry of root.all("static_ipaddress").flatMap((statement) => statement.entries)) {
    const group = trackGroupOf(entry);
    const words = group === undefined ? entry : { ...entry, words: group.rest };
    const address = readVirtualAddress(words, defaultInterface(globals, context), context);
    if (address === undefined) continue;
    if (address.model.interface === "") {
      context.report.repair("no-interface", entry.span, "the address has no interface", {
        hint: "add dev, or set default_interface",
        repair: "the address is left out",
      });
      continue;
    }
    const key = addressKey(address.model);
    kept.set(key, address.model);
    track(key, group?.name);
  }
  return [...kept.values()];
}

/** `track_group NAME` within the words of an address, and the words without it. */
function trackGroupOf(
  entry: Entry,
): { readonly name: Word | undefined; readonly rest: readonly Word[] } | undefined {
  const at = entry.words.findIndex(({ text }) => text === "track_group");
  if (at < 0) return undefined;
  return { name: entry.words[at + 1], rest: [...entry.words.slice(0, at), ...entry.words.slice(at + 2)] };
}

function defaultInterface(globals: DraftBlock, context: ResolveContext): string | undefined {
  const named = globals.text("default_interface");
  if (named !== undefined) return named;
  const known = context.facts.interfaces;
  return known === undefined || known.some(({ name }) => name === DEFAULT_INTERFACE)
    ? DEFAULT_INTERFACE
    : undefined;
}

function readGroups(root: DraftBlock, context: ResolveContext): ReadonlyMap<string, TrackGroup> {
  const groups = new Map<string, TrackGroup>();
  const instances = new Set(root.all("vrrp_instance").map(nameOf));
  for (const statement of root.all("track_group")) {
    const name = nameOf(statement);
    if (groups.has(name)) {
      context.report.repair("duplicate-name", statement.span, `track_group '${name}' is defined already`, {
        repair: "this block is ignored",
      });
      continue;
    }
    const words = blockOf(statement)
      .all("group")
      .flatMap(({ entries }) => entries.flatMap((entry) => entry.words));
    const members = words.filter((word) => isInstance(word, instances, context)).map(({ text }) => text);
    if (members.length === 0) reportEmptyGroup(name, statement.span, context);
    groups.set(name, { members });
  }
  return groups;
}

function isInstance(word: Word, instances: ReadonlySet<string>, context: ResolveContext): boolean {
  if (instances.has(word.text)) return true;
  const hint = didYouMean(word.text, instances);
  context.report.repair("no-such-instance", word.span, `there is no vrrp_instance '${word.text}'`, {
    ...(hint !== undefined && { hint }),
    repair: "the name is ignored",
  });
  return false;
}

function reportEmptyGroup(name: string, span: Span, context: ResolveContext): void {
  context.report.repair("empty-group", span, `track_group '${name}' has no instance`, {
    repair: "nothing follows its entries",
  });
}

function reportNoGroup(name: Word, groups: ReadonlyMap<string, TrackGroup>, context: ResolveContext): void {
  const hint = didYouMean(name.text, groups.keys());
  context.report.repair("no-such-group", name.span, `there is no track_group '${name.text}'`, {
    ...(hint !== undefined && { hint }),
    repair: "nothing follows the entry",
  });
}
