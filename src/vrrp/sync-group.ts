/**
 * Sync groups: all members have one state. Members decide alone, and the group makes one decision of theirs before any is
 * applied: FAULT if one fails, out of it when all are sound, BACKUP if one yields, MASTER when all would be.
 */
import { present } from "../base/assert.ts";
import type { SyncGroupModel } from "../model/model.ts";
import { speakLast } from "./advert.ts";
import type { Cause, CauseFact } from "./cause.ts";
import type { Instance, SyncGroup } from "./instance.ts";
import { masterDownOf } from "./instance.ts";
import type { GroupMemory } from "./memory.ts";
import { OWNER_PRIORITY } from "./timers.ts";
import { tell } from "./transition.ts";
import type { Transition, Turn } from "./turn.ts";
import { emit, factAt } from "./turn.ts";

/** The groups of a model around these instances, each with what `memories` knows of it, which is made to fit. */
export function makeGroups(
  models: readonly SyncGroupModel[],
  instances: readonly Instance[],
  memories: GroupMemory[],
): readonly SyncGroup[] {
  const byName = new Map<string, Instance>();
  for (const instance of instances) {
    instance.group = undefined;
    if (!instance.retired) byName.set(instance.model.name, instance);
  }
  const known = new Map(memories.map((memory) => [memory.name, memory]));
  const groups = models.map((model): SyncGroup => {
    const members = model.members.map((name) => present(byName.get(name), `member ${name} of ${model.name}`));
    const memory = known.get(model.name) ?? freshGroup(model.name);
    const group = { model, memory, members, joining: isDivided(members) };
    for (const member of members) member.group = group;
    return group;
  });
  memories.splice(0, memories.length, ...groups.map(({ memory }) => memory));
  return groups;
}

function freshGroup(name: string): GroupMemory {
  return { name, state: "INIT", lastTransition: undefined, cause: [], lastMailed: undefined };
}

function isDivided(members: readonly Instance[]): boolean {
  return members.some(({ memory }) => memory.phase.kind !== members[0]?.memory.phase.kind);
}

/** The groups whose members decided something. */
export function groupsOf(wishes: readonly Transition[]): readonly SyncGroup[] {
  const groups = new Set<SyncGroup>();
  for (const { instance } of wishes) if (instance.group !== undefined) groups.add(instance.group);
  return [...groups];
}

/** All wishes of the turn, those of these groups' members replaced by what the groups decide. */
export function agree(turn: Turn, groups: readonly SyncGroup[]): readonly Transition[] {
  const alone = turn.wishes.filter(({ instance }) => instance.group === undefined);
  const agreed = groups.flatMap((group) => {
    const own = turn.wishes.filter(({ instance }) => instance.group === group);
    return decide(turn, group, own);
  });
  return [...alone, ...agreed];
}

/** Who brought it about comes first, the others follow in the model's order. */
function decide(turn: Turn, group: SyncGroup, wishes: readonly Transition[]): readonly Transition[] {
  if (wishes.some(({ to }) => to === "STOP")) return wishes;
  const { members } = group;
  const inState = (...kinds: readonly string[]): readonly Instance[] =>
    members.filter(({ memory }) => kinds.includes(memory.phase.kind));
  const waits = members.some(({ memory }) => memory.waiting);
  if (waits && inState("INIT").length === members.length) return [];
  const faulty = members.filter(({ memory }) => memory.faults.length > 0);
  if (faulty.length > 0) return failTogether(turn, group, faulty, wishes);

  const down = inState("INIT", "FAULT");
  const rising = down.some(({ memory }) => memory.waiting) ? [] : rise(turn, group, down, wishes);
  const yielding = together(turn, group, inState("MASTER"), ofKind(wishes, "MASTER", "BACKUP"));
  const willing = ofKind(wishes, "BACKUP", "MASTER");
  const fresh = noteWishes(turn, willing);
  if (down.length > 0 || yielding.length > 0) return [...rising, ...yielding];
  const taking = takeOver(turn, group, inState("BACKUP"), willing);
  if (taking.length === 0) for (const instance of fresh) tellWait(turn, group, instance);
  return taking;
}

/** Every master among them says so by priority 0, as keepalived's do: the peer need not wait for one of their timers. */
function failTogether(
  turn: Turn,
  group: SyncGroup,
  faulty: readonly Instance[],
  wishes: readonly Transition[],
): readonly Transition[] {
  const running = group.members.filter(({ memory }) => memory.phase.kind !== "FAULT");
  const own = faulty
    .filter((instance) => running.includes(instance))
    .map(
      (instance) =>
        wishes.findLast((wish) => wish.instance === instance && wish.to === "FAULT") ??
        failure(turn, instance),
    );
  const trigger = own[0] ?? failure(turn, present(faulty[0], "a faulty member"));
  const others = running.filter((instance) => !faulty.includes(instance));
  return [...own, ...others.map((instance) => follow(turn, group, instance, trigger))];
}

function failure(turn: Turn, instance: Instance): Transition {
  const cause = instance.memory.faults.map(({ fact }) => fact);
  return transition(turn, instance, "FAULT", cause);
}

/** All are sound. A group of address owners needs no election; in any other an owner waits for the rest. */
function rise(
  turn: Turn,
  group: SyncGroup,
  down: readonly Instance[],
  wishes: readonly Transition[],
): readonly Transition[] {
  const [first] = down;
  if (first === undefined) return [];
  const needsNone = group.members.every(
    (member) => isOwner(member) && (down.includes(member) || member.memory.phase.kind === "MASTER"),
  );
  const to = needsNone ? "MASTER" : "BACKUP";
  const wishers = new Map(
    wishes.filter(({ instance }) => down.includes(instance)).map((wish) => [wish.instance, wish]),
  );
  const [leading] = wishers.values();
  const trigger = leading ?? transition(turn, first, to, [factAt(turn.now, CHANGED_MEMBERS)]);
  const order = [trigger.instance, ...down.filter((instance) => instance !== trigger.instance)];
  return order.map((instance): Transition => {
    const own = instance === trigger.instance ? trigger : wishers.get(instance);
    const { cause } = own ?? follow(turn, group, instance, trigger);
    const begin = transition(turn, instance, to, cause);
    return to === "BACKUP" && isOwner(instance) ? { ...begin, wanted: cause } : begin;
  });
}

/** The wishes, and the other masters after them. */
function together(
  turn: Turn,
  group: SyncGroup,
  masters: readonly Instance[],
  wishes: readonly Transition[],
): readonly Transition[] {
  const [trigger] = wishes;
  if (trigger === undefined) return [];
  const others = masters.filter((instance) => !wishes.some((wish) => wish.instance === instance));
  // The other master may have heard nothing of us on these LANs either.
  if (trigger.cause[0]?.kind === "advertisement") {
    // Theirs have not been heard here: the interval is taken to be that of the one that was.
    const { masterInterval } = trigger.instance.memory;
    for (const instance of others) speakLast(turn, instance, masterInterval);
  }
  return [...wishes, ...others.map((instance) => follow(turn, group, instance, trigger))];
}

/** Who would be master and must wait listens on, with its wish kept. Returns those whose wish is new. */
function noteWishes(turn: Turn, wishes: readonly Transition[]): readonly Instance[] {
  const fresh: Instance[] = [];
  for (const { instance, cause } of wishes) {
    const { phase } = instance.memory;
    if (phase.kind !== "BACKUP") continue;
    if (phase.wanted === undefined) fresh.push(instance);
    phase.wanted = cause;
    phase.masterDownAt = turn.now + masterDownOf(instance);
  }
  return fresh;
}

function tellWait(turn: Turn, group: SyncGroup, instance: Instance): void {
  const members = group.members
    .filter((member) => member.memory.phase.kind === "BACKUP" && wishOf(member) === undefined)
    .map(({ model }) => model.name);
  const cause = wishOf(instance) ?? [];
  emit(turn, instance, { kind: "AwaitsGroup", group: group.model.name, members, cause });
}

function takeOver(
  turn: Turn,
  group: SyncGroup,
  backups: readonly Instance[],
  wishes: readonly Transition[],
): readonly Transition[] {
  if (backups.some((instance) => wishOf(instance) === undefined)) return [];
  const last = wishes.at(-1);
  const agreed =
    last === undefined
      ? []
      : [factAt(turn.now, { kind: "group-agreed", group: group.model.name, last: last.instance.model.name })];
  const others = backups.filter((instance) => !wishes.some((wish) => wish.instance === instance));
  return [
    ...wishes,
    ...others.map((instance) => {
      const cause = [...agreed, ...(wishOf(instance) ?? [])];
      return { ...transition(turn, instance, "MASTER", cause), due: last?.due ?? turn.now };
    }),
  ];
}

/** After the members: the state they now have in common, told once. */
export function closeGroup(turn: Turn, group: SyncGroup, transitions: readonly Transition[]): void {
  const { model, memory, members } = group;
  group.joining = isDivided(members);
  const to = members[0]?.memory.phase.kind;
  if (group.joining || to === undefined || to === "INIT" || to === memory.state) return;
  const first = transitions.find(({ instance }) => instance.group === group);
  const from = memory.state;
  memory.state = to;
  memory.lastTransition = turn.now;
  memory.cause = groupCause(turn, group, first);
  turn.out.emitGroup({
    at: turn.now,
    group: model.name,
    kind: "StateChanged",
    from,
    to,
    cause: memory.cause,
  });
  tell(turn, { kind: "GROUP", priority: 0, ...model }, memory, to);
}

const CHANGED_MEMBERS = { kind: "configured", what: "the members of a sync group" } as const;

function groupCause(turn: Turn, group: SyncGroup, first: Transition | undefined): Cause {
  if (first === undefined) return [factAt(turn.now, CHANGED_MEMBERS)];
  const { cause, instance, to } = first;
  if (to === "STOP" || cause[0]?.kind === "group") return cause;
  const { name } = instance.model;
  if (to !== "MASTER") return [memberFact(turn, group, name), ...cause];
  return [factAt(turn.now, { kind: "group-agreed", group: group.model.name, last: name }), ...cause];
}

/**
 * An advertisement that one member obeys, while a reload has left others of its group master: those yield, because not all
 * can be master.
 */
export function obeyTogether(turn: Turn, instance: Instance, fact: CauseFact): void {
  const { group } = instance;
  if (group === undefined) return;
  const cause = [memberFact(turn, group, instance.model.name), fact];
  for (const member of group.members) {
    if (member.memory.phase.kind === "MASTER") turn.wishes.push(transition(turn, member, "BACKUP", cause));
  }
}

function follow(turn: Turn, group: SyncGroup, instance: Instance, trigger: Transition): Transition {
  const fact = memberFact(turn, group, trigger.instance.model.name);
  return transition(turn, instance, trigger.to, [fact, ...trigger.cause]);
}

function memberFact(turn: Turn, group: SyncGroup, member: string): CauseFact {
  return factAt(turn.now, { kind: "group", group: group.model.name, member });
}

function transition(turn: Turn, instance: Instance, to: Transition["to"], cause: Cause): Transition {
  return { instance, to, cause, resigns: to === "FAULT", due: turn.now };
}

function ofKind(
  wishes: readonly Transition[],
  from: "BACKUP" | "MASTER",
  to: Transition["to"],
): readonly Transition[] {
  return wishes.filter((wish) => wish.to === to && wish.instance.memory.phase.kind === from);
}

function wishOf({ memory }: Instance): Cause | undefined {
  return memory.phase.kind === "BACKUP" ? memory.phase.wanted : undefined;
}

function isOwner({ model }: Instance): boolean {
  return model.priority === OWNER_PRIORITY;
}
