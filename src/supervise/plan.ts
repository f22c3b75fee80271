/** What a reload would do before it is done: instance by instance, and whether a virtual address would move. Pure. */

import { diffModels } from "../model/diff.ts";
import type { Difference } from "../model/differences.ts";
import { differences } from "../model/differences.ts";
import type { Model, VrrpInstanceModel } from "../model/model.ts";
import type { InstanceSnapshot } from "../vrrp/snapshot.ts";
import { type DirectorPlan, planDirector } from "./director-plan.ts";

/** Whether a virtual address leaves the router that holds it: surely, depending on other routers, or not. */
export type Movement = "no" | "possible" | "yes";

export interface ReloadPlan {
  /** What is added, removed, changed or moved; what stays as it is is counted only. */
  readonly instances: readonly PlannedInstance[];
  readonly untouched: number;
  /** Masters that may be drawn along by a member of their sync group. */
  readonly followers: readonly Follower[];
  readonly director: DirectorPlan;
  /** Everything outside of instances and virtual servers. */
  readonly others: readonly Difference[];
  /** The worst of all instances. */
  readonly movement: Movement;
}

/** A master whose sync group may take it along. */
export interface Follower {
  readonly name: string;
  readonly group: string;
  /** Whom it would follow. */
  readonly member: string;
}

export interface PlannedInstance {
  /** `replace`: the same name with another identity, which is a removal and an addition. */
  readonly action: "add" | "remove" | "modify" | "replace";
  readonly name: string;
  /** As of now; undefined for a new one, or where the vrrp process does not answer. */
  readonly state: InstanceSnapshot["state"] | undefined;
  readonly changes: readonly Difference[];
  /** What follows, in sentences. */
  readonly effects: readonly string[];
  readonly movement: Movement;
  /** It may have to give way to another router. */
  readonly mayYield: boolean;
}

/** How an instance stands now, by its key. */
export type Standings = ReadonlyMap<string, InstanceSnapshot>;

interface Effect {
  readonly text: string;
  readonly movement: Movement;
}

/** Compares what runs with what is to run. */
export function planReload(before: Model, after: Model, standings: Standings): ReloadPlan {
  const diff = diffModels(before, after);
  const added = new Map(diff.added.map((instance) => [instance.name, instance]));
  const removed = new Map(diff.removed.map((instance) => [instance.name, instance]));
  const instances = [
    ...diff.removed.map((gone) => {
      const successor = added.get(gone.name);
      return successor === undefined
        ? planned("remove", gone, standings, [], removal(gone, standings.get(gone.key)))
        : replacement(gone, successor, standings);
    }),
    ...diff.changed.map((change) => modification(change.before, change.after, standings)),
    ...diff.added
      .filter(({ name }) => !removed.has(name))
      .map((fresh) => planned("add", fresh, standings, [], addition(fresh))),
  ];
  const followers = followersOf(after, instances, standings);
  return {
    instances,
    untouched: diff.unchanged.length,
    followers,
    director: planDirector(before.director, after.director),
    others: otherDifferences(before, after),
    movement: worst([
      ...instances.map(({ movement }) => movement),
      ...followers.map(() => "possible" as const),
    ]),
  };
}

/** Masters of sync groups one of whose other members may yield, or is no master and may have to obey one. */
function followersOf(
  after: Model,
  instances: readonly PlannedInstance[],
  standings: Standings,
): readonly Follower[] {
  const keys = new Map(after.vrrp.instances.map(({ name, key }) => [name, key]));
  const isMaster = (name: string): boolean => standings.get(keys.get(name) ?? "")?.state === "MASTER";
  const planOf = new Map(instances.map((instance) => [instance.name, instance]));
  const pulls = (name: string): boolean => planOf.get(name)?.mayYield === true || !isMaster(name);
  return after.vrrp.syncGroups.flatMap(({ name: group, members }) =>
    members.flatMap((name) => {
      const member = members.find((other) => other !== name && pulls(other));
      const follows = member !== undefined && isMaster(name) && planOf.get(name)?.mayYield !== true;
      return follows ? [{ name, group, member }] : [];
    }),
  );
}

function planned(
  action: PlannedInstance["action"],
  { name, key }: VrrpInstanceModel,
  standings: Standings,
  changes: readonly Difference[],
  effects: readonly Effect[],
): PlannedInstance {
  return {
    action,
    name,
    state: standings.get(key)?.state,
    changes,
    effects: effects.map(({ text }) => text),
    movement: worst(effects.map(({ movement }) => movement)),
    mayYield: effects.some(({ movement }) => movement === "possible"),
  };
}

function removal(gone: VrrpInstanceModel, standing: InstanceSnapshot | undefined): readonly Effect[] {
  if (standing?.state !== "MASTER") return [{ text: "leaves the election", movement: "no" }];
  const text = `gives up mastership by priority 0 and releases ${addressText(gone)}`;
  return [{ text, movement: "yes" }];
}

function addition(fresh: VrrpInstanceModel): readonly Effect[] {
  return fresh.priority === OWNER_PRIORITY
    ? [{ text: `becomes MASTER at once (address owner) and takes ${addressText(fresh)}`, movement: "yes" }]
    : [{ text: "begins as BACKUP and takes over only from a silent or lower master", movement: "no" }];
}

function replacement(
  gone: VrrpInstanceModel,
  successor: VrrpInstanceModel,
  standings: Standings,
): PlannedInstance {
  const effects = [...removal(gone, standings.get(gone.key)), ...addition(successor)];
  const why = {
    text: "is another virtual router from then on: its identity changes",
    movement: "no",
  } as const;
  return planned("replace", gone, standings, visible(gone, successor), [why, ...effects]);
}

function modification(
  before: VrrpInstanceModel,
  after: VrrpInstanceModel,
  standings: Standings,
): PlannedInstance {
  const changes = visible(before, after);
  const standing = standings.get(after.key);
  const fields = new Set(changes.map(({ field }) => field.split(".")[0] ?? field));
  const effects = [
    ...agreementEffects(after, changes),
    ...addressEffects(changes, standing),
    ...electionEffects(before, after, fields, standing),
  ];
  const quiet = { text: "goes on as it is, without a missed advertisement", movement: "no" } as const;
  return planned("modify", after, standings, changes, effects.length === 0 ? [quiet] : effects);
}

/** What every router of the virtual router must have alike; in version 2 the interval, too. */
const SHARED: ReadonlySet<string> = new Set<keyof VrrpInstanceModel>([
  "version",
  "authentication",
  "authHmac",
  "multicastGroup",
  "unicast",
  "v3Checksum",
]);
/** Lists that may grow on one router before they do on the others. */
const GROWING: ReadonlySet<string> = new Set(["unicast.peers", "authHmac.keys"]);

function agreementEffects(after: VrrpInstanceModel, changes: readonly Difference[]): readonly Effect[] {
  const lost = changes.filter(({ field, to }) => field === "unicast.peers" && to === undefined);
  const effects = lost.map(({ from }): Effect => {
    const text = `${from} does not hear this router any more: unless it is stopped, two may be master`;
    return { text, movement: "possible" };
  });
  const isShared = changes.some(({ field, from, to }) => {
    if (GROWING.has(field) && from === undefined) return false;
    if (field === "unicast.peers" && to === undefined) return false;
    const name = field.split(".")[0] ?? field;
    return SHARED.has(name) || (name === "advertisementInterval" && after.version === 2);
  });
  if (!isShared) return effects;
  const text =
    "the other routers need the same setting: until they have it, advertisements are dropped and two may be master";
  return [...effects, { text, movement: "possible" }];
}

function addressEffects(
  changes: readonly Difference[],
  standing: InstanceSnapshot | undefined,
): readonly Effect[] {
  if (standing?.state !== "MASTER") return [];
  const lists = changes.filter(({ field }) => field === "virtualAddresses" || field === "excludedAddresses");
  const gone = lists.flatMap(({ from, to }) => (to === undefined && from !== undefined ? [from] : []));
  const fresh = lists.flatMap(({ from, to }) => (from === undefined && to !== undefined ? [to] : []));
  const effects: Effect[] = [];
  if (gone.length > 0) effects.push({ text: `releases ${gone.join(", ")}`, movement: "yes" });
  if (fresh.length > 0) effects.push({ text: `takes and announces ${fresh.join(", ")}`, movement: "no" });
  return effects;
}

function electionEffects(
  before: VrrpInstanceModel,
  after: VrrpInstanceModel,
  fields: ReadonlySet<string>,
  standing: InstanceSnapshot | undefined,
): readonly Effect[] {
  const { state, masterPriority } = standing ?? {};
  const effects: Effect[] = [];
  if (state === "MASTER" && after.priority < before.priority) {
    const text = `a preempting backup whose priority is over ${after.priority} takes over`;
    effects.push({ text, movement: "possible" });
  }
  if (state === "BACKUP" && masterPriority !== undefined && after.preempt && fields.size > 0) {
    const outranks = after.priority > masterPriority && before.priority <= masterPriority;
    const mayPreempt = !before.preempt && after.priority > masterPriority;
    const text = `outranks the present master (priority ${masterPriority}) and takes over from it`;
    if (outranks || mayPreempt) effects.push({ text, movement: "yes" });
  }
  const trackers = [...fields].filter((field) => field.startsWith("track"));
  if (state === "MASTER" && trackers.length > 0) {
    effects.push({
      text: "its trackers are weighed anew, which may change its priority",
      movement: "possible",
    });
  }
  return effects;
}

const OWNER_PRIORITY = 255;
/** Made of other fields. */
const DERIVED: ReadonlySet<string> = new Set(["key", "family"]);

function visible(before: VrrpInstanceModel, after: VrrpInstanceModel): readonly Difference[] {
  return differences("instance", before, after).filter(({ field }) => !DERIVED.has(field));
}

function otherDifferences(before: Model, after: Model): readonly Difference[] {
  // The engine's shares of the trackers stand in the model as wholes, too.
  const rest = ({ vrrp, director, ...model }: Model): object => {
    const { instances: _, trackScripts: __, trackFiles: ___, trackProcesses: ____, ...others } = vrrp;
    const { virtualServers: _____, ...settings } = director;
    return { ...model, director: settings, vrrp: others };
  };
  return differences("model", rest(before), rest(after));
}

function addressText({ virtualAddresses, excludedAddresses }: VrrpInstanceModel): string {
  const all = [...virtualAddresses, ...excludedAddresses].map(({ address }) => address);
  const shown = all.slice(0, MOST_SHOWN).join(", ");
  if (all.length === 0) return "no address";
  return all.length > MOST_SHOWN ? `${shown} and ${all.length - MOST_SHOWN} more` : shown;
}

/** Addresses named in a sentence. */
const MOST_SHOWN = 8;

function worst(movements: readonly Movement[]): Movement {
  if (movements.includes("yes")) return "yes";
  return movements.includes("possible") ? "possible" : "no";
}
