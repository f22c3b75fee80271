/** What a reload changes: the running model against a new one, instance by instance. */
import { differingFields, equalPlain } from "../base/plain.ts";
import { type DirectorDiff, diffDirector, isSameDirector } from "./director-diff.ts";
import type { DirectorModel } from "./director-models.ts";
import type { Model, TrackScriptModel, VrrpInstanceModel } from "./model.ts";

export interface ModelDiff {
  readonly added: readonly VrrpInstanceModel[];
  readonly removed: readonly VrrpInstanceModel[];
  readonly changed: readonly InstanceChange[];
  readonly unchanged: readonly VrrpInstanceModel[];
  /** Track scripts that are new or not what they were, and those that are gone, by name. */
  readonly scripts: {
    readonly added: readonly TrackScriptModel[];
    readonly removed: readonly TrackScriptModel[];
    readonly changed: readonly TrackScriptModel[];
  };
  /** Virtual servers. */
  readonly director: DirectorDiff;
  /** Fields of the rest that differ: `global.routerId`, `mail`, `vrrp.startupDelay`. */
  readonly settings: readonly string[];
}

/** An instance that stays the same router but has other settings. */
export interface InstanceChange {
  readonly before: VrrpInstanceModel;
  readonly after: VrrpInstanceModel;
  /** Names of the fields that differ; `name` is one of them where only that differs. */
  readonly fields: readonly (keyof VrrpInstanceModel)[];
}

/** Instances are matched by their key, never by name. */
export function diffModels(before: Model, after: Model): ModelDiff {
  const old = new Map(before.vrrp.instances.map((instance) => [instance.key, instance]));
  const added: VrrpInstanceModel[] = [];
  const changed: InstanceChange[] = [];
  const unchanged: VrrpInstanceModel[] = [];
  for (const instance of after.vrrp.instances) {
    const previous = old.get(instance.key);
    old.delete(instance.key);
    if (previous === undefined) added.push(instance);
    else {
      const fields = differingFields(previous, instance);
      if (fields.length === 0) unchanged.push(instance);
      else changed.push({ before: previous, after: instance, fields });
    }
  }
  return {
    added,
    removed: [...old.values()],
    changed,
    unchanged,
    scripts: diffScripts(before.trackScripts, after.trackScripts),
    director: diffDirector(before.director, after.director),
    settings: diffSettings(before, after),
  };
}

/** Whether applying the new model would do nothing at all. */
export function isUnchanged(diff: ModelDiff): boolean {
  const { added, removed, changed, scripts, director, settings } = diff;
  if (!isSameDirector(director)) return false;
  return [added, removed, changed, scripts.added, scripts.removed, scripts.changed, settings].every(
    (list) => list.length === 0,
  );
}

function diffScripts(
  before: readonly TrackScriptModel[],
  after: readonly TrackScriptModel[],
): ModelDiff["scripts"] {
  const old = new Map(before.map((script) => [script.name, script]));
  const added: TrackScriptModel[] = [];
  const changed: TrackScriptModel[] = [];
  for (const script of after) {
    const previous = old.get(script.name);
    old.delete(script.name);
    if (previous === undefined) added.push(script);
    else if (differingFields(previous, script).length > 0) changed.push(script);
  }
  return { added, removed: [...old.values()], changed };
}

function diffSettings(before: Model, after: Model): readonly string[] {
  const fields: string[] = differingFields(before.global, after.global).map((field) => `global.${field}`);
  fields.push(...directorSettings(before.director, after.director));
  if (!equalPlain(before.mail, after.mail)) fields.push("mail");
  if (!equalPlain(before.trackFiles, after.trackFiles)) fields.push("trackFiles");
  if (!equalPlain(before.trackProcesses, after.trackProcesses)) fields.push("trackProcesses");
  if (!equalPlain(before.bfd, after.bfd)) fields.push("bfd");
  if (!equalPlain(before.daemon, after.daemon)) fields.push("daemon");
  if (before.vrrp.noMailOnFault !== after.vrrp.noMailOnFault) fields.push("vrrp.noMailOnFault");
  if (before.vrrp.fifo !== after.vrrp.fifo) fields.push("vrrp.fifo");
  if (before.vrrp.startupDelay !== after.vrrp.startupDelay) fields.push("vrrp.startupDelay");
  if (!equalPlain(before.vrrp.statics, after.vrrp.statics)) fields.push("vrrp.statics");
  for (const field of ["delayAfterBoot", "linkDelays", "firewall"] as const) {
    if (!equalPlain(before.vrrp[field], after.vrrp[field])) fields.push(`vrrp.${field}`);
  }
  if (!equalPlain(before.vrrp.syncGroups, after.vrrp.syncGroups)) fields.push("vrrp.syncGroups");
  if (!equalPlain(before.vrrp.garpGroups, after.vrrp.garpGroups)) fields.push("vrrp.garpGroups");
  return fields;
}

function directorSettings(before: DirectorModel, after: DirectorModel): readonly string[] {
  const fields = differingFields(
    { ...before, virtualServers: undefined },
    { ...after, virtualServers: undefined },
  );
  return fields.map((field) => `director.${field}`);
}
