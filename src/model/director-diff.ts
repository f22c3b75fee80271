/** What a reload changes in virtual servers. */
import { equalPlain } from "../base/plain.ts";
import type { DirectorModel, VirtualServerModel } from "./director-models.ts";

export interface DirectorDiff {
  readonly added: readonly VirtualServerModel[];
  readonly removed: readonly VirtualServerModel[];
  readonly changed: readonly ServiceChange[];
}

/** A service that stays the same but has other settings or servers. */
export interface ServiceChange {
  readonly before: VirtualServerModel;
  readonly after: VirtualServerModel;
}

/** Services are matched by their key. */
export function diffDirector(before: DirectorModel, after: DirectorModel): DirectorDiff {
  const old = new Map(before.virtualServers.map((service) => [service.key, service]));
  const added: VirtualServerModel[] = [];
  const changed: ServiceChange[] = [];
  for (const service of after.virtualServers) {
    const previous = old.get(service.key);
    old.delete(service.key);
    if (previous === undefined) added.push(service);
    else if (!equalPlain(previous, service)) changed.push({ before: previous, after: service });
  }
  return { added, removed: [...old.values()], changed };
}

export function isSameDirector({ added, removed, changed }: DirectorDiff): boolean {
  return added.length + removed.length + changed.length === 0;
}
