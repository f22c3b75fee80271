/**
 * Questions put to a settled world: what happens if this goes wrong now, and nothing else. Here the bounds are tight: the
 * successor's Master_Down_Interval from the last advertisement, or its skew from a priority 0.
 */
import type { Instant } from "../src/base/time.ts";
import { hearEachOther } from "./audience.ts";
import { calmDelays, masterDown, skew } from "./bounds.ts";
import { drawChange, drawGroups } from "./changes.ts";
import { damageAs } from "./corrupt.ts";
import { drawComponents, drawMeasurement } from "./faults.ts";
import { WILLING } from "./kernel.ts";
import type { LanPacket } from "./network.ts";
import type { RouterNode } from "./node.ts";
import { freeze, orderForAWhile, orderMaster } from "./order-probes.ts";
import type { Allowances } from "./settle.ts";
import { expectedPriority, isFit, membersOf, NO_ALLOWANCE, outranks, settle } from "./settle.ts";
import type { Probe, VirtualRouterSpec } from "./spec.ts";
import { LAN_INTERFACE } from "./spec.ts";
import type { Reign } from "./takeover.ts";
import { expectTakeoverByResignation, expectTakeoverByTimeout } from "./takeover.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";
import { measure } from "./world.ts";

/** Runs one probe and waits for the world to settle again. A probe that does not fit the world does nothing. */
export function runProbe(world: World, probe: Probe): void {
  healPartition(world);
  const [router] = world.virtualRouters;
  if (router === undefined) return;
  // Anywhere within the master's interval.
  world.run(world.random.integer(0, world.scenario.unit));
  const members = membersOf(world, router);
  // What follows from what is certain only where all hear each other.
  if (!hearEachOther(world, members)) return;
  const master = members.find(({ view }) => view.state === "MASTER");
  if (master === undefined) {
    if (probe === "boot-best") bootBest(world);
    return;
  }
  const heirs = members.filter((member) => member !== master && isFit(member.node, member.view.model));
  const reign: Reign = { router, master, heirs };
  PROBES[probe](world, reign);
}

const PROBES: Readonly<Record<Probe, (world: World, reign: Reign) => void>> = {
  "power-off-master": powerOffMaster,
  "stop-master": stopMaster,
  "kill-master-warm": (world, reign) => killMaster(world, reign, true),
  "kill-master-cold": (world, reign) => killMaster(world, reign, false),
  "kill-backup-warm": killBackup,
  "carrier-master": carrierMaster,
  "script-master": scriptMaster,
  "boot-best": bootBest,
  partition: splitLan,
  corrupt: forge,
  "slow-kernel": slowKernel,
  "failing-kernel": failingKernel,
  "pause-master": pauseMaster,
  "reload-master": (world, { master }) => reload(world, master.node),
  "reload-backup": (world, { heirs: [heir] }) => heir && reload(world, heir.node),
  "measure-master": measureMaster,
  failover: (world, reign) => orderMaster(world, reign, "failover"),
  maintenance: (world, reign) => orderMaster(world, reign, "maintenance"),
  "order-for-a-while": orderForAWhile,
  regroup,
  freeze,
};

function healPartition(world: World): void {
  const hosts = [world.observer, ...world.nodes];
  if (hosts.every(({ name }) => world.segment.componentOf(name) === 0)) return;
  world.log.add(world.now, "world", "partition heals");
  world.segment.partition(new Map());
  settle(world, NO_ALLOWANCE);
}

function powerOffMaster(world: World, reign: Reign): void {
  reign.master.node.powerOff();
  expectTakeoverByTimeout(world, reign);
  settle(world, NO_ALLOWANCE);
}

/** Priority 0 goes out w after the request, is heard d + w later, and the first heir follows after its skew and w. */
function stopMaster(world: World, reign: Reign): void {
  const { router, master, heirs } = reign;
  const stoppedAt = world.now;
  master.node.stop();
  if (heirs.length > 0) expectTakeoverByResignation(world, reign, stoppedAt);
  settle(world, NO_ALLOWANCE);
  if (master.node.engine !== undefined) {
    throw new Violation(
      "stop",
      `${master.node.name} still runs, ${router.name} was asked to stop at ${stoppedAt}`,
    );
  }
}

/** Warm: if it is back before half of Master_Down_Interval and before anybody's timer ends, nobody notices. */
function killMaster(world: World, reign: Reign, warm: boolean): void {
  const { master, heirs } = reign;
  const killedAt = world.now;
  const { w } = calmDelays(world.scenario);
  const { model, effectivePriority } = master.view;
  const interval = model.advertisementInterval;
  const half = Math.floor(masterDown(model, effectivePriority, interval) / 2) - 2;
  const { bootTime } = master.node.spec;
  const spoken = world.history.lastSpoken(master.node.name, model.key) ?? 0;
  const { d } = calmDelays(world.scenario);
  const patience = Math.min(
    ...heirs.map(({ node, view }) => masterDown(view.model, expectedPriority(node, view.model), interval)),
  );
  const isUnnoticed = warm && bootTime < half && killedAt + bootTime + w + d + w < spoken + patience;
  const others = master.node.views.size > 1;
  // What was put down last does not know how far the count of an Authentication Header has come.
  const isWrapped = model.authentication.kind === "ah";
  master.node.kill(warm, !isWrapped || world.random.chance(0.5));
  if (isUnnoticed && !others) {
    settle(world, NO_ALLOWANCE);
    const [change] = world.history.changesSince(killedAt);
    if (change !== undefined) {
      throw new Violation("warm-restart", `${change.node} goes to ${change.to}: ${change.causes.join(" ")}`);
    }
    return;
  }
  // The owner is master again as soon as it is back.
  if (!warm && model.priority !== 255) expectTakeoverByTimeout(world, reign, killedAt + bootTime + 2 * half);
  settle(world, NO_ALLOWANCE);
}

/** A backup that comes back has heard nothing meanwhile, and must not take that for a dead master. */
function killBackup(world: World, reign: Reign): void {
  const [backup] = reign.heirs;
  if (backup === undefined || backup.node.views.size > 1) return;
  const killedAt = world.now;
  backup.node.kill(true, world.random.chance(0.5));
  settle(world, NO_ALLOWANCE);
  const change = world.history.changesSince(killedAt).find(({ to }) => to === "MASTER");
  if (change !== undefined)
    throw new Violation("warm-restart", `${change.node} takes over from a living master`);
}

/** Priority 0 cannot get out: the successor waits for its timer. Then the link comes back. */
function carrierMaster(world: World, reign: Reign): void {
  const { node } = reign.master;
  node.setCarrier(LAN_INTERFACE, false);
  expectTakeoverByTimeout(world, reign);
  settle(world, NO_ALLOWANCE);
  node.setCarrier(LAN_INTERFACE, true);
  settle(world, NO_ALLOWANCE);
}

function scriptMaster(world: World, { master }: Reign): void {
  if (master.view.model.trackScripts.length === 0) return;
  const scripts: Allowances = { ...NO_ALLOWANCE, scripts: true };
  master.node.senses.scriptsOk = false;
  settle(world, scripts);
  master.node.senses.scriptsOk = true;
  settle(world, scripts);
}

/** One router's configuration changes while the world is calm. Nobody else notices, unless by the election. */
function reload(world: World, node: RouterNode): void {
  const change = drawChange(node.model, world.scenario.unit, world.random);
  world.log.add(world.now, "world", `reload of ${node.name}: ${JSON.stringify(change)}`);
  world.history.count(`reload ${change.what}`);
  const reloadedAt = world.now;
  node.reload(change);
  settle(world, { ...NO_ALLOWANCE, scripts: true });
  if (change.what !== "address" && change.what !== "excluded") return;
  const [moved] = world.history.changesSince(reloadedAt);
  if (moved !== undefined)
    throw new Violation("reload", `${moved.node} goes to ${moved.to} because an address is another`);
}

/** All routers get other sync groups: nobody moves whom no tracker moves. */
function regroup(world: World, { master: { node } }: Reign): void {
  if (node.model.instances.length < 2 || node.spec.model.syncGroups.length === 0) return;
  const change = drawGroups(node.model, world.random);
  world.log.add(world.now, "world", `regrouping: ${JSON.stringify(change)}`);
  world.history.count(`reload ${change.what}`);
  for (const one of world.nodes) {
    one.reload(change);
    world.run(world.random.integer(0, world.scenario.unit / 4));
  }
  settle(world, { ...NO_ALLOWANCE, scripts: true });
}

/** The tracked number of the master is another one, and what it was before. */
function measureMaster(world: World, { master: { node } }: Reign): void {
  const { tracker, value } = drawMeasurement(world.random);
  measure(node, tracker, value);
  node.tell(node.senses.setBfd(false));
  settle(world, NO_ALLOWANCE);
  measure(node, tracker, tracker === "file" ? 0 : 1);
  node.tell(node.senses.setBfd(true));
  settle(world, NO_ALLOWANCE);
}

/** Everything that is off is switched on. Where none of these may preempt, nothing else moves. */
function bootBest(world: World): void {
  const bootedAt = world.now;
  const off = world.nodes.filter((node) => node.engine === undefined);
  const ruling = world.nodes.flatMap((node) =>
    [...node.views.values()].filter(({ state }) => state === "MASTER"),
  );
  const rulers = world.nodes.filter((node) =>
    [...node.views.values()].some(({ state }) => state === "MASTER"),
  );
  for (const node of off) {
    node.powerOn();
    node.startAgain();
  }
  settle(world, NO_ALLOWANCE);
  const longest = Math.max(0, ...ruling.map(({ model }) => model.advertisementInterval));
  const { d, w } = calmDelays(world.scenario);
  // Whoever counts with a shorter interval than the master speaks in may give it up before it has heard it at all.
  const mayMove = off.some((node) =>
    node.model.instances.some(
      (model) =>
        model.preempt ||
        model.preemptDelay > 0 ||
        masterDown(model, model.priority, model.advertisementInterval) <= longest + d + 2 * w,
    ),
  );
  if (mayMove) return;
  for (const ruler of rulers) {
    const change = world.history.changesSince(bootedAt).find(({ node }) => node === ruler.name);
    if (change !== undefined) {
      throw new Violation("nopreempt", `${change.node} goes from ${change.from} to ${change.to}`);
    }
  }
}

/**
 * Each part has its master, and the whole one again when it heals: of the two the one with the higher priority, and with
 * equal priorities the one with the higher address. Nobody else can be, since neither could be preempted in its own part.
 */
function splitLan(world: World, { router }: Reign): void {
  world.segment.partition(drawComponents(world.scenario.routers, world.random));
  settle(world, NO_ALLOWANCE);
  const rivals = membersOf(world, router).filter(({ view }) => view.state === "MASTER");
  healPartition(world);
  const [first, ...others] = rivals;
  if (first === undefined) return;
  const best = others.reduce((a, b) => (outranks(b, a) ? b : a), first);
  const ruler = membersOf(world, router).find(({ view }) => view.state === "MASTER");
  if (ruler?.node !== best.node) {
    throw new Violation("rivals", `${ruler?.node.name} rules after the partition, ${best.node.name} should`);
  }
}

/** A stranger sends advertisements that everybody must ignore: no state changes anywhere. */
function forge(world: World, { master }: Reign): void {
  const { node, view } = master;
  const from = world.now;
  const kinds = [
    "bit",
    "checksum",
    "hop-limit",
    "cut",
    "version",
    "type",
    "interval",
    "password",
    "vrid",
    "signature",
  ] as const;
  let template: LanPacket | undefined;
  world.segment.attach({
    name: `stranger ${from}`,
    attached: true,
    receive(packet, sender) {
      if (sender === node.name && packet.kind === "vrrp") template ??= packet;
    },
  });
  world.run(2 * view.model.advertisementInterval);
  const original = template;
  if (original === undefined || original.kind !== "vrrp")
    throw new Violation("forge", `${node.name} is not heard`);
  // It comes from nobody's address, so that it stands for a router of its own.
  for (let count = 0; count < 30; count++) {
    const kind = world.random.pick(kinds);
    const forged = damageAs(kind, original, world.random);
    if (forged === undefined) continue;
    for (const target of world.nodes) if (target.attached) target.receive(forged, "stranger", kind);
    world.run(world.random.integer(0, view.model.advertisementInterval / 8));
  }
  settle(world, NO_ALLOWANCE);
  const [change] = world.history.changesSince(from);
  if (change !== undefined)
    throw new Violation("forge", `${change.node} goes from ${change.from} to ${change.to}`);
}

/** Advertisements and the takeover itself do not wait for a kernel that is busy. */
function slowKernel(world: World, reign: Reign): void {
  for (const { node } of reign.heirs) {
    node.kernel.mood = { ...WILLING, latencyMin: world.scenario.unit, latencyMax: 2 * world.scenario.unit };
  }
  reign.master.node.powerOff();
  expectTakeoverByTimeout(world, reign);
  world.run(world.scenario.unit / 2);
  for (const node of world.nodes) node.kernel.mood = WILLING;
  settle(world, NO_ALLOWANCE);
}

/**
 * The successor gets none of its addresses: it gives up with priority 0, and the next one follows after its skew. When
 * its kernel is willing again it comes back as its configuration says.
 */
function failingKernel(world: World, reign: Reign): void {
  const { router, heirs } = reign;
  for (const { node } of heirs) node.kernel.mood = { ...WILLING, addErrno: "EPERM" };
  const from = world.now;
  reign.master.node.powerOff();
  expectTakeoverByTimeout(world, reign);
  const takers = mastersSince(world, router, from);
  const [taker] = takers;
  for (const { node } of heirs) if (node.name !== taker) node.kernel.mood = WILLING;
  const successors = heirs.filter(({ node }) => node.name !== taker);
  const { d, w } = calmDelays(world.scenario);
  world.run((router.members.size + 10) * WILLING.latencyMax + w);
  // Two that were equally fast have both failed: nobody is left to compare with.
  if (takers.length === 1 && taker !== undefined && successors.length > 0) {
    const spans = successors.map(({ node, view }) =>
      skew(view.model, expectedPriority(node, view.model), world.scenario.unit),
    );
    world.run(w + d + w + Math.min(...spans) + w);
    const failed = world.history
      .changesSince(from)
      .some(({ node, instance, to }) => node === taker && instance === router.key && to === "FAULT");
    if (!failed) throw new Violation("failing-kernel", `${taker} got no address and is not in FAULT`);
    if (mastersSince(world, router, from).length < 2) {
      throw new Violation("failing-kernel", `nobody follows ${taker}, which got no address`);
    }
  }
  for (const node of world.nodes) node.kernel.mood = WILLING;
  settle(world, NO_ALLOWANCE);
}

/** Names of those that became master of this router, once each, in order. */
function mastersSince(world: World, router: VirtualRouterSpec, from: Instant): readonly string[] {
  const changes = world.history.changesSince(from);
  return [
    ...new Set(
      changes
        .filter(({ instance, to }) => instance === router.key && to === "MASTER")
        .map(({ node }) => node),
    ),
  ];
}

/** A master that sleeps for longer than the others wait finds another one when it wakes. */
function pauseMaster(world: World, reign: Reign): void {
  const { node, view } = reign.master;
  const span = masterDown(view.model, view.effectivePriority, world.scenario.unit) * 2;
  const what = world.random.pick(["process", "machine"] as const);
  node.pause(what, span);
  expectTakeoverByTimeout(world, reign);
  world.run(span);
  settle(world, { ...NO_ALLOWANCE, slept: true });
}
