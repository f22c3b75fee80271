/** What a reload would do to virtual servers: which services and servers come, go and change. Pure. */
import { type Difference, differences } from "../model/differences.ts";
import { diffDirector, type ServiceChange } from "../model/director-diff.ts";
import type { DirectorModel, RealServerModel, VirtualServerModel } from "../model/director-models.ts";

export interface DirectorPlan {
  /** Services that are added, removed or changed; what stays as it is is counted only. */
  readonly services: readonly PlannedService[];
  readonly untouched: number;
}

export interface PlannedService {
  readonly action: "add" | "remove" | "modify";
  /** As the log writes it. */
  readonly name: string;
  /** Of the service itself. */
  readonly changes: readonly Difference[];
  readonly servers: readonly PlannedServer[];
}

export interface PlannedServer {
  readonly action: "add" | "remove" | "modify";
  readonly name: string;
  readonly changes: readonly Difference[];
}

/** Compares what runs with what is to run. */
export function planDirector(before: DirectorModel, after: DirectorModel): DirectorPlan {
  const diff = diffDirector(before, after);
  const whole = (action: "add" | "remove") => (service: VirtualServerModel) => ({
    action,
    name: service.name,
    changes: [],
    servers: service.realServers.map((server) => ({ action, name: nameOf(server), changes: [] })),
  });
  const services = [
    ...diff.removed.map(whole("remove")),
    ...diff.changed.map(changedService),
    ...diff.added.map(whole("add")),
  ];
  return { services, untouched: after.virtualServers.length - diff.changed.length - diff.added.length };
}

function changedService({ before, after }: ServiceChange): PlannedService {
  const { realServers: old, ...was } = before;
  const { realServers: fresh, ...is } = after;
  return {
    action: "modify",
    name: after.name,
    changes: differences("virtualServer", was, is),
    servers: changedServers(old, fresh),
  };
}

function changedServers(
  before: readonly RealServerModel[],
  after: readonly RealServerModel[],
): readonly PlannedServer[] {
  const old = new Map(before.map((server) => [server.key, server]));
  const servers: PlannedServer[] = [];
  for (const server of after) {
    const previous = old.get(server.key);
    old.delete(server.key);
    if (previous === undefined) servers.push({ action: "add", name: nameOf(server), changes: [] });
    else {
      const changes = serverDifferences(previous, server);
      if (changes.length > 0) servers.push({ action: "modify", name: nameOf(server), changes });
    }
  }
  const gone = [...old.values()].map((server) => ({
    action: "remove" as const,
    name: nameOf(server),
    changes: [],
  }));
  return [...gone, ...servers];
}

/** Checks have no names: one by one they are compared by their place. */
function serverDifferences(before: RealServerModel, after: RealServerModel): readonly Difference[] {
  const { checks: old, ...was } = before;
  const { checks: fresh, ...is } = after;
  const found = [...differences("realServer", was, is)];
  for (let index = 0; index < Math.max(old.length, fresh.length); index += 1) {
    const [from, to] = [old[index], fresh[index]];
    if (from !== undefined && to !== undefined && from.probe.kind === to.probe.kind) {
      const { key: _, ...one } = from;
      const { key: __, ...other } = to;
      const changed = differences("check", one, other);
      found.push(
        ...changed.map((difference) => ({
          ...difference,
          what: `${to.probe.kind} check: ${difference.what}`,
        })),
      );
    } else {
      const text = (check: typeof from): string | undefined =>
        check === undefined ? undefined : `${check.probe.kind} check`;
      found.push({ field: "checks", what: "check", from: text(from), to: text(to) });
    }
  }
  return found;
}

/** `172.16.0.1:80`, `[2001:db8::1]:80`. */
function nameOf({ address, port }: RealServerModel): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
