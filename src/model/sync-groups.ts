/** `vrrp_sync_group` blocks: members, and what every member follows along with its own trackers. */

import type { Span } from "../config/source.ts";
import { didYouMean } from "../config/suggest.ts";
import type { Word } from "../config/tree.ts";
import type { ResolveContext } from "./context.ts";
import { blockOf, type DraftBlock, type DraftStatement, nameOf } from "./draft.ts";
import type { InstanceSurroundings, ResolvedInstance } from "./instance.ts";
import { baseInterfaceOf } from "./keys.ts";
import type { SyncGroupModel, TrackedModel, VrrpInstanceModel } from "./model.ts";
import { resolveNotify } from "./notify.ts";
import {
  resolveTrackedBfds,
  resolveTrackedNumbers,
  resolveTrackedScripts,
  resolveTrackInterfaces,
} from "./tracking.ts";

/** A group and where it was written. */
export interface ResolvedGroup {
  readonly model: SyncGroupModel;
  readonly span: Span;
}

export interface ResolvedGroups {
  readonly groups: readonly ResolvedGroup[];
  /** All instances, members with the trackers of their groups. */
  readonly instances: readonly ResolvedInstance[];
}

/** Where a track_file has no weight. */
const FILE_WEIGHT = 1;

/** The lists of things an instance can follow, each with the keyword that fills it. */
const TRACKED = {
  trackInterfaces: "track_interface",
  trackScripts: "track_script",
  trackBfds: "track_bfd",
  trackFiles: "track_file",
  trackProcesses: "track_process",
} as const;

type TrackedList = keyof typeof TRACKED;
type TrackedLists = Readonly<Record<TrackedList, readonly TrackedModel[]>>;

const LISTS = Object.keys(TRACKED) as TrackedList[];

/** All groups. An instance stays in the first one that names it, and a group without any is left out. */
export function resolveSyncGroups(
  root: DraftBlock,
  instances: readonly ResolvedInstance[],
  surroundings: InstanceSurroundings,
  context: ResolveContext,
): ResolvedGroups {
  const groups = new Map<string, ResolvedGroup>();
  const byName = new Map(instances.map((instance) => [instance.model.name, instance]));
  const defined = new Set(root.all("vrrp_instance").map(nameOf));
  const taken = new Map<string, string>();
  for (const statement of root.all("vrrp_sync_group")) {
    const name = nameOf(statement);
    if (groups.has(name)) {
      context.report.repair(
        "duplicate-name",
        statement.span,
        `vrrp_sync_group '${name}' is defined already`,
        {
          repair: "this block is ignored",
        },
      );
      continue;
    }
    const members = readMembers(statement, byName, defined, taken, context);
    const tracked = resolveTracked(blockOf(statement), surroundings, context);
    const model = resolveGroup(statement, members, surroundings, context);
    if (!isInhabited(model, statement.span, context)) continue;
    groups.set(name, { model, span: statement.span });
    const keepsWeights = blockOf(statement).has("sync_group_tracking_weight");
    for (const member of members) {
      const merged = mergeTrackers(member, model.name, tracked, keepsWeights, context);
      byName.set(member.model.name, merged);
    }
  }
  return {
    groups: [...groups.values()],
    instances: instances.map((instance) => byName.get(instance.model.name) ?? instance),
  };
}

function resolveGroup(
  statement: DraftStatement,
  members: readonly ResolvedInstance[],
  { defaults, policy }: InstanceSurroundings,
  context: ResolveContext,
): SyncGroupModel {
  const block = blockOf(statement);
  const name = nameOf(statement);
  return {
    name,
    members: members.map(({ model }) => model.name),
    notify: resolveNotify(block, name, policy, defaults.notifyTimeout, context),
    smtpAlert: block.flag("smtp_alert") ?? defaults.smtpAlert,
    notifyPriorityChanges: block.flag("notify_priority_changes") ?? false,
  };
}

function readMembers(
  statement: DraftStatement,
  instances: ReadonlyMap<string, ResolvedInstance>,
  defined: ReadonlySet<string>,
  taken: Map<string, string>,
  context: ResolveContext,
): readonly ResolvedInstance[] {
  const group = nameOf(statement);
  const words = blockOf(statement)
    .all("group")
    .flatMap(({ entries }) => entries.flatMap((entry) => entry.words));
  const members: ResolvedInstance[] = [];
  for (const word of words) {
    const instance = instances.get(word.text);
    const before = taken.get(word.text);
    if (instance === undefined) {
      // One that cannot be run has been reported where it is defined.
      if (!defined.has(word.text)) reportUnknown(word, defined, context);
    } else if (before !== undefined) {
      context.report.repair(
        "second-group",
        word.span,
        `'${word.text}' is in sync group '${before}' already`,
        {
          hint: "an instance can be in one group only, and once",
          repair: `it is no member of '${group}' by this line`,
        },
      );
    } else {
      taken.set(word.text, group);
      members.push(instance);
    }
  }
  return members;
}

function reportUnknown(word: Word, names: Iterable<string>, context: ResolveContext): void {
  const hint = didYouMean(word.text, names);
  context.report.repair("no-such-instance", word.span, `there is no vrrp_instance '${word.text}'`, {
    ...(hint === undefined ? {} : { hint }),
    repair: "the member is ignored",
  });
}

/** Whether there is anything to synchronise at all; a single member is only wondered at. */
function isInhabited({ name, members }: SyncGroupModel, span: Span, context: ResolveContext): boolean {
  if (members.length === 0) {
    context.report.repair("no-member", span, `vrrp_sync_group '${name}' has no member`, {
      hint: "name instances in it: group { VI_1 VI_2 }, each on a line of its own",
      repair: "the group is ignored",
    });
  }
  if (members.length === 1) {
    context.report.note("one-member", span, `vrrp_sync_group '${name}' has one member only`, {
      hint: "there is nothing to synchronise it with",
      exitClass: "config-error",
    });
  }
  return members.length > 0;
}

function resolveTracked(
  block: DraftBlock,
  { scripts, bfds, files, processes }: InstanceSurroundings,
  context: ResolveContext,
): TrackedLists {
  return {
    trackInterfaces: resolveTrackInterfaces(block, undefined, context),
    trackScripts: resolveTrackedScripts(block, scripts, context),
    trackBfds: resolveTrackedBfds(block, bfds, context),
    trackFiles: resolveTrackedNumbers(block, "track_file", files, context),
    trackProcesses: resolveTrackedNumbers(block, "track_process", processes, context),
  };
}

/**
 * A member's own trackers, and behind them its group's. What both have, the member follows in its own way; an interface
 * of its own it follows anyway.
 */
function mergeTrackers(
  { model, span }: ResolvedInstance,
  group: string,
  tracked: TrackedLists,
  keepsWeights: boolean,
  context: ResolveContext,
): ResolvedInstance {
  const merged: Partial<Record<TrackedList, readonly TrackedModel[]>> = {};
  for (const list of LISTS) {
    const own = keepsWeights ? model[list] : withoutWeights(model, list, span, context);
    const known = new Set(own.map(({ name }) => name));
    const fresh = tracked[list].filter(({ name }) => !known.has(name) && !isOwnInterface(model, list, name));
    merged[list] = [...own, ...fresh];
    for (const { name } of tracked[list].filter((one) => known.has(one.name))) {
      const message = `'${model.name}' and its sync group '${group}' both follow '${name}'`;
      context.report.note("followed-twice", span, message, { hint: "what the instance says counts for it" });
    }
  }
  return { span, model: { ...model, ...merged } };
}

function isOwnInterface(model: VrrpInstanceModel, list: TrackedList, name: string): boolean {
  return list === "trackInterfaces" && (name === model.interface || name === baseInterfaceOf(model));
}

/** Weights of its own would let a member's priority go apart from the others'. A file's default weight was not asked for. */
function withoutWeights(
  model: VrrpInstanceModel,
  list: TrackedList,
  span: Span,
  context: ResolveContext,
): readonly TrackedModel[] {
  const kept: TrackedModel[] = [];
  for (const tracked of model[list]) {
    const { name, weight } = tracked;
    const isDefault = list === "trackFiles" && weight === FILE_WEIGHT;
    if (weight === 0 || isDefault) kept.push({ ...tracked, weight: 0 });
    if (weight === 0) continue;
    const message = `'${model.name}' is in a sync group and follows ${TRACKED[list]} '${name}' with weight ${weight}`;
    context.report.repair("weight-in-group", span, message, {
      hint: "members would come to disagree; follow it in the group, or set sync_group_tracking_weight there",
      repair: isDefault ? "weight 0 is used" : "it is not followed",
    });
  }
  return kept;
}
