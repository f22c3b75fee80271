/**
 * The checks of the whole world: once the protocol has had its time, each connected part of the LAN has exactly one
 * master for each virtual router, nobody may preempt it, the addresses are where the masters are, the observer's neighbour
 * cache says so, and nothing changes any more.
 */

import { compareIp } from "../src/base/ip.ts";
import type { Instant, Micros } from "../src/base/time.ts";
import { MICROS_PER_MILLI } from "../src/base/time.ts";
import type { VrrpInstanceModel } from "../src/model/model.ts";
import type { InstanceMemory } from "../src/vrrp/memory.ts";
import { CONFIRM_WAIT, PROBE_WAIT, RESOLVE_WAIT } from "../src/vrrp/timers.ts";
import type { Member } from "./audience.ts";
import { catchUpAllowance, hearEachOther, isHeard } from "./audience.ts";
import { announceBound, calmDelays, retryWait, settleBound } from "./bounds.ts";
import { formerAddresses } from "./checkers/addresses.ts";
import type { RouterNode } from "./node.ts";
import type { Judgement } from "./senses.ts";
import { judgeTrackers } from "./senses.ts";
import type { VirtualRouterSpec } from "./spec.ts";
import { companyOf, LAN_INTERFACE } from "./spec.ts";
import type { InstanceView } from "./view.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

/** What delays a settled state beyond the protocol's own waits. */
export interface Allowances {
  /** Until the last late packet, timer or restart of the troubles has come. */
  readonly lag: Micros;
  /** A process may have slept. */
  readonly slept: boolean;
  /** A script's verdict is on its way. */
  readonly scripts: boolean;
}

export const NO_ALLOWANCE: Allowances = { lag: 0, slept: false, scripts: false };

/** Waits as long as the protocol may take from any state, then checks everything. */
export function settle(world: World, allowances: Allowances): void {
  const calmFrom = world.now;
  world.run(numberAllowance(world));
  world.run(allowances.lag + bootAllowance(world) + scriptAllowance(world, allowances.scripts));
  world.run(holdAllowance(world));
  const delays = calmDelays(world.scenario);
  const { unit } = world.scenario;
  const { virtualRouters } = world;
  world.run(
    Math.max(
      ...virtualRouters.map(
        (router) => settleBound(router, delays, allowances.slept) * roundsOf(world, router),
      ),
    ),
  );
  const settledAt = world.now;
  for (const router of virtualRouters) checkMasters(world, router);
  world.run(Math.max(...virtualRouters.map((router) => announceBound(router, delays))));
  world.run(addressAllowance(world));
  world.run(reclaimAllowance(world));
  checkAll(world, calmFrom + allowances.lag);
  world.run(2 * unit);
  checkAll(world, calmFrom + allowances.lag);
  const unrest = world.history.changesSince(settledAt)[0];
  if (unrest !== undefined) {
    fail(
      "stability",
      `${unrest.node} ${unrest.instance} goes from ${unrest.from} to ${unrest.to} at ${unrest.at}`,
    );
  }
}

/** Until signed numbers count again that a restart after a step of the clock has left behind. */
function numberAllowance(world: World): Micros {
  return Math.max(
    0,
    ...world.virtualRouters.map((router) => catchUpAllowance(world, membersOf(world, router))),
  );
}

/** Where some do not hear others, one after the other finds its place: the better ones first. */
function roundsOf(world: World, router: VirtualRouterSpec): number {
  const members = membersOf(world, router);
  return hearEachOther(world, members) ? 1 : members.length;
}

/** Machines that are on and whose process is not there yet. */
function bootAllowance(world: World): Micros {
  const spans = world.nodes
    .filter((node) => node.powered && node.engine === undefined)
    .map((node) => node.spec.bootTime);
  return Math.max(0, ...spans);
}

/**
 * Until scripts that give one result from now on have made their verdict: it needs up to `rise` or `fall` of them. Those of
 * a process that has just started, or is about to, may begin as failed (`init_fail`).
 */
function scriptAllowance(world: World, areChanging: boolean): Micros {
  const { w } = calmDelays(world.scenario);
  let longest = 0;
  for (const { spec, engine, powered, configured } of world.nodes) {
    for (const { rise, fall, interval, initFail } of spec.scripts) {
      const span = (Math.max(rise, fall) + 1) * interval + w;
      const isFresh =
        initFail && powered && (engine === undefined || world.now < configured.scriptsSince + span);
      if (areChanging || isFresh) longest = Math.max(longest, span);
    }
  }
  return longest;
}

/** An instance that could not hold its addresses keeps away for a while, each time longer. */
function holdAllowance(world: World): Micros {
  let longest = 0;
  for (const node of world.nodes) {
    for (const view of node.views.values()) {
      if (view.state !== "FAULT" || !isFit(node, view.model)) continue;
      longest = Math.max(longest, retryWait(world.history.failures(node.name, view.model.key)));
    }
  }
  return longest;
}

/** Until slow kernels and patient engines are through: what is under way, and what will be asked for again. */
function addressAllowance(world: World): Micros {
  const { w } = calmDelays(world.scenario);
  const busy = Math.max(...world.nodes.map(({ kernel }) => kernel.busyUntil));
  return Math.max(busy, world.history.retryUntil, world.now) - world.now + 2 * w + 5_000;
}

/** A master that has lately heard another waits until it is sure that the other is gone, and asks the LAN again then. */
function reclaimAllowance(world: World): Micros {
  let until = world.now;
  for (const { engine, now } of world.nodes) {
    for (const { internal } of engine?.snapshot(now).instances ?? []) {
      const { phase } = internal as InstanceMemory;
      if (phase.kind === "MASTER") until = Math.max(until, phase.reclaimAt ?? 0);
    }
  }
  return until === world.now ? 0 : until - world.now + QUESTIONING;
}

/** From the first question to a neighbour's answer: looking for its station, the probe, the question itself. */
const QUESTIONING = RESOLVE_WAIT + PROBE_WAIT + CONFIRM_WAIT + MICROS_PER_MILLI;

/** Everything that must be so in a settled world. */
export function checkAll(world: World, calmFrom: Instant): void {
  for (const router of world.virtualRouters) {
    checkMasters(world, router);
    checkObserver(world, router, calmFrom);
    checkDeaf(world, router, calmFrom);
  }
  for (const node of world.nodes) checkNode(node);
}

/** Exactly one master in each component that has a member fit for it, and one that nobody may preempt. */
function checkMasters(world: World, router: VirtualRouterSpec): void {
  for (const component of new Set(world.nodes.map((node) => world.segment.componentOf(node.name)))) {
    const members = membersOf(world, router).filter(
      ({ node }) => world.segment.componentOf(node.name) === component,
    );
    const fit = members.filter(({ node, view }) => isFit(node, view.model));
    const masters = members.filter(({ view }) => view.state === "MASTER");
    if (!hearEachOther(world, fit)) {
      checkDeafened(world, fit, masters);
      continue;
    }
    // Who stands aside by an order is master only where nobody else can be.
    const isDecided = fit.length === 0 || fit.some((member) => !standsAside(member));
    const names = masters.map(({ node }) => node.name).join(" ");
    if (isDecided && masters.length !== (fit.length > 0 ? 1 : 0)) {
      fail(
        "one-master",
        `${router.name} in component ${component} has ${masters.length} masters ${names}, ${fit.length} are fit`,
      );
    }
    const [master] = masters;
    if (master === undefined) continue;
    if (isDecided && standsAside(master)) fail("orders", `${names} is master and stands aside`);
    if (!fit.includes(master)) fail("one-master", `${names} is master of ${router.name} and not fit`);
    const ruling = expectedPriority(master.node, master.view.model);
    for (const { node, view } of fit) {
      if (view.ordered) continue;
      const priority = expectedPriority(node, view.model);
      if (view.effectivePriority !== priority) {
        fail(
          "priority",
          `${node.name} ${router.name} has priority ${view.effectivePriority}, not ${priority}`,
        );
      }
      if (view.model.preempt && priority > ruling) {
        fail(
          "preemption",
          `${node.name} (${priority}) does not preempt ${names} (${ruling}) as ${router.name}`,
        );
      }
    }
  }
}

/**
 * Where some do not hear others: each that is fit is master, or hears one that it obeys; and no master hears a better one.
 */
function checkDeafened(world: World, fit: readonly Member[], masters: readonly Member[]): void {
  for (const master of masters)
    if (!fit.includes(master)) fail("deafened", `${master.node.name} is master and not fit`);
  for (const member of fit) {
    // It yields to anybody, and need not be master if it hears nobody.
    if (standsAside(member)) continue;
    const { node, view } = member;
    const heard = masters.filter((master) => master !== member && isHeard(world, master, member));
    const ruler =
      view.state === "MASTER"
        ? heard.find((master) => outranks(master, member))
        : heard.find((master) => !view.model.preempt || !isLower(master, member));
    if (view.state === "MASTER" && ruler !== undefined)
      fail("deafened", `${node.name} is master and hears ${ruler.node.name}, which is better`);
    if (view.state !== "MASTER" && ruler === undefined)
      fail("deafened", `${node.name} is ${view.state} and hears no master that it would obey`);
  }
}

function standsAside({ node, view }: Member): boolean {
  return node.orders.standsAside(node.model, view.model.name, node.now);
}

function isLower(a: Member, b: Member): boolean {
  return expectedPriority(a.node, a.view.model) < expectedPriority(b.node, b.view.model);
}

/** Whether of two masters the first stays. */
export function outranks(a: Member, b: Member): boolean {
  const difference = expectedPriority(a.node, a.view.model) - expectedPriority(b.node, b.view.model);
  if (difference !== 0) return difference > 0;
  const { family } = a.view.model;
  return compareIp(a.node.spec[family], b.node.spec[family]) > 0;
}

/** The kernel holds the addresses of its master and no others, and the engine's own account agrees. */
function checkNode(node: RouterNode): void {
  if (!node.powered || node.paused || node.leftBehind) return;
  const snapshot = node.engine?.snapshot(node.now);
  for (const { address, interface: name } of formerAddresses(node))
    if (node.kernel.hasAddress(name, address)) fail("addresses", `${node.name} keeps former ${address}`);
  for (const model of node.model.instances) {
    const view = node.views.get(model.key);
    const isMaster = view?.state === "MASTER";
    for (const { address, interface: name, noTrack } of [
      ...model.virtualAddresses,
      ...model.excludedAddresses,
    ]) {
      // What others delete stays deleted where nobody is to look after it.
      if (node.kernel.hasAddress(name, address) !== isMaster && !(isMaster && noTrack)) {
        fail(
          "addresses",
          `${node.name} is ${view?.state ?? "dead"} and ${isMaster ? "lacks" : "keeps"} ${address}`,
        );
      }
    }
    for (const { key } of model.routing) {
      if (node.kernel.hasRouting(key) !== isMaster) {
        fail(
          "addresses",
          `${node.name} is ${view?.state ?? "dead"} and ${isMaster ? "lacks" : "keeps"} ${key}`,
        );
      }
    }
    if (view === undefined) continue;
    const told = snapshot?.instances.find(({ key }) => key === model.key);
    if (told?.state !== view.state) fail("snapshot", `${node.name} shows ${told?.state}, not ${view.state}`);
    if (told.effectivePriority !== view.effectivePriority)
      fail("snapshot", `${node.name} shows another priority`);
    if (told.order !== undefined && !view.ordered)
      fail("orders", `${node.name} ${model.name} goes by an order that stands no more`);
    if (told.degraded) fail("snapshot", `${node.name} shows itself degraded`);
    for (const { address, state, interface: name } of told.addresses) {
      const wanted = node.kernel.hasAddress(name, address) ? "present" : "absent";
      if (state !== wanted) fail("snapshot", `${node.name} shows ${address} ${state}, not ${wanted}`);
    }
  }
}

/** Two that do not hear each other both say that they have the addresses. */
function haveRivals(world: World, router: VirtualRouterSpec): boolean {
  return !hearEachOther(world, membersOf(world, router));
}

/**
 * The observer's neighbour cache names the master wherever the master had a reason to announce in the calm (it became
 * master, heard a lesser one, or refreshes), or another machine's claim arrived in it.
 */
function checkObserver(world: World, router: VirtualRouterSpec, calmFrom: Instant): void {
  if (haveRivals(world, router)) return;
  const master = membersOf(world, router).find(
    ({ node, view }) => view.state === "MASTER" && world.segment.reaches(node.name, world.observer.name),
  );
  if (master === undefined) return;
  const { node, view } = master;
  const obligedAt = world.history.obligedAt(node.name, router.key) ?? -1;
  for (const { address, interface: name } of view.model.virtualAddresses) {
    if (name !== LAN_INTERFACE || !node.kernel.hasAddress(name, address)) continue;
    const known = world.observer.lookup(address);
    if (known?.mac === node.spec.mac) continue;
    const misledAt = known?.since ?? -1;
    if (view.model.garp.masterRefresh === 0 && obligedAt < calmFrom && misledAt < calmFrom) continue;
    fail(
      "observer",
      `${address} is at ${known?.mac} for the observer since ${known?.since}, ${node.name} is master`,
    );
  }
}

/**
 * A master that asks has taught the deaf host where its addresses are, if it became master in the calm, if another master
 * yielded in it, or if the host was told otherwise in it.
 */
function checkDeaf(world: World, router: VirtualRouterSpec, calmFrom: Instant): void {
  if (haveRivals(world, router)) return;
  const master = membersOf(world, router).find(
    ({ node, view }) => view.state === "MASTER" && world.segment.reaches(node.name, world.deaf.name),
  );
  if (master === undefined || master.view.model.announceOnly) return;
  const { node, view } = master;
  const isFresh = view.since >= calmFrom || hasYielded(world, router, master, calmFrom);
  for (const { address, interface: name, noTrack } of view.model.virtualAddresses) {
    if (name !== LAN_INTERFACE || noTrack || !node.kernel.hasAddress(name, address)) continue;
    const known = world.deaf.lookup(address);
    if (known?.mac === node.spec.mac) continue;
    if (!isFresh && (known?.since ?? -1) < calmFrom) continue;
    fail(
      "deaf",
      `${address} is at ${known?.mac} for the deaf host since ${known?.since}, ${node.name} is master`,
    );
  }
}

/** Whether a second master that says so has yielded to this one. */
function hasYielded(
  world: World,
  router: VirtualRouterSpec,
  { node: to, view }: { readonly node: RouterNode; readonly view: InstanceView },
  since: Instant,
): boolean {
  return world.history.changesSince(since).some((change) => {
    const other = world.node(change.node);
    const yielded = router.members.get(other.name);
    return (
      other !== to &&
      yielded !== undefined &&
      change.instance === router.key &&
      change.from === "MASTER" &&
      change.to === "BACKUP" &&
      speaksLast(yielded, view.model) &&
      world.segment.reaches(other.name, to.name)
    );
  });
}

/** Whether one that yields says so: in version 3 not with an interval that is shorter than the other's. */
function speaksLast(yielded: VrrpInstanceModel, master: VrrpInstanceModel): boolean {
  if (yielded.announceOnly) return false;
  return yielded.version === 2 || yielded.advertisementInterval >= master.advertisementInterval;
}

/** Members whose process runs. */
export function membersOf(world: World, router: VirtualRouterSpec): Member[] {
  const members: Member[] = [];
  for (const node of world.nodes) {
    const view = node.views.get(router.key);
    if (router.members.has(node.name) && view !== undefined && !node.paused) members.push({ node, view });
  }
  return members;
}

/**
 * Whether nothing keeps this instance, or another of its sync group, from being master: links and scripts as they are, not
 * as the engine sees them.
 */
export function isFit(node: RouterNode, model: VrrpInstanceModel): boolean {
  return companyOf(node.model, model.name).every((member) => isSound(node, member));
}

function isSound(node: RouterNode, model: VrrpInstanceModel): boolean {
  if (node.engine === undefined || !node.attached || node.paused) return false;
  if (model.unicast?.peers.length === 0) return false;
  const watched = [...model.virtualAddresses, ...model.excludedAddresses].filter(({ noTrack }) => !noTrack);
  return (
    watched.every(({ interface: name }) => node.kernel.isRunning(name)) && !judgeNow(node, model).mustFail
  );
}

/** Base and weights, 1..254; the owner's is not altered. */
export function expectedPriority(node: RouterNode, model: VrrpInstanceModel): number {
  return judgeNow(node, model).priority;
}

function judgeNow(node: RouterNode, model: VrrpInstanceModel): Judgement {
  return judgeTrackers(
    model,
    node.model,
    node.senses.verdicts((name) => node.kernel.isRunning(name)),
  );
}

function fail(checker: string, message: string): never {
  throw new Violation(checker, message);
}
