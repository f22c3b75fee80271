/** A simulated world: clock, LAN, machines, observer and checkers, and the faults that befall them. */
import { present } from "../src/base/assert.ts";
import { Prng } from "../src/base/prng.ts";
import type { Instant, Micros } from "../src/base/time.ts";
import type { VrrpInstanceModel } from "../src/model/model.ts";
import type { Measurement } from "../src/vrrp/input.ts";
import { AddressesFollowMaster } from "./checkers/addresses.ts";
import { AdvertRate } from "./checkers/adverts.ts";
import { Announcements } from "./checkers/announcements.ts";
import { Election } from "./checkers/election.ts";
import { History } from "./checkers/history.ts";
import { Order } from "./checkers/order.ts";
import { Receptions } from "./checkers/reception.ts";
import { Reloads } from "./checkers/reload.ts";
import { RestoreEquivalence } from "./checkers/restore.ts";
import { SyncGroups } from "./checkers/sync-groups.ts";
import { Tracking } from "./checkers/tracking.ts";
import { WireValid } from "./checkers/wire-valid.ts";
import { VirtualClock } from "./clock.ts";
import { corrupt } from "./corrupt.ts";
import { DeafHost } from "./deaf.ts";
import { WILLING } from "./kernel.ts";
import type { SimLog } from "./log.ts";
import { LanSegment } from "./network.ts";
import type { Checker, EngineFactory } from "./node.ts";
import { RouterNode } from "./node.ts";
import { ObserverHost } from "./observer.ts";
import type { Fault, Scenario, VirtualRouterSpec } from "./spec.ts";

export class World {
  readonly scenario: Scenario;
  readonly clock = new VirtualClock();
  readonly segment: LanSegment;
  readonly nodes: readonly RouterNode[];
  readonly observer: ObserverHost;
  readonly deaf: DeafHost;
  readonly history = new History();
  readonly log: SimLog;
  readonly random: Prng;
  readonly receptions = new Receptions();
  readonly #twins: RestoreEquivalence;

  /**
   * `checks`: all checkers, or only those of the whole world, which see states and addresses but no single step; `more` are
   * a test's own.
   */
  constructor(
    scenario: Scenario,
    factory: EngineFactory,
    log: SimLog,
    checks: "all" | "world" = "all",
    more: readonly Checker[] = [],
  ) {
    const { seed, calm, calmLoop } = scenario;
    const { clock } = this;
    this.scenario = scenario;
    this.log = log;
    this.random = new Prng(seed ^ 0x0bad5eed);
    this.segment = new LanSegment(clock, new Prng(seed ^ 0x1a11ab1e), calm, corrupt);
    this.observer = new ObserverHost(() => clock.now);
    this.segment.attach(this.observer);
    this.deaf = new DeafHost(this.segment, () => clock.now, scenario.deafHears);
    this.segment.attach(this.deaf);
    this.#twins = new RestoreEquivalence(factory);
    const ofSteps = [
      new Order(),
      new Election(this.receptions),
      new AdvertRate(),
      new AddressesFollowMaster(),
      new Announcements(this.receptions),
      new Tracking(),
      new SyncGroups(),
      new Reloads(),
      this.#twins,
    ];
    const checkers = [
      // Judges by what was remembered before what it judges.
      ...(checks === "all" ? [new WireValid(this.receptions)] : []),
      this.receptions,
      ...(checks === "all" ? ofSteps : []),
      this.history,
      ...more,
    ];
    const context = {
      clock,
      segment: this.segment,
      log,
      factory,
      checkers,
      stopTimeout: answerTimeout(scenario),
    };
    this.nodes = scenario.routers.map((spec, index) => {
      const node = new RouterNode(spec, context, new Prng(seed ^ (0x7007 * (index + 1))), calmLoop);
      this.segment.attach(node);
      return node;
    });
  }

  get now(): Instant {
    return this.clock.now;
  }

  node(name: string): RouterNode {
    return present(
      this.nodes.find((node) => node.name === name),
      `router ${name}`,
    );
  }

  /** The virtual routers as their members are configured now. */
  get virtualRouters(): readonly VirtualRouterSpec[] {
    return this.scenario.virtualRouters.map(({ name, key, longestInterval }) => {
      const members = new Map<string, VrrpInstanceModel>();
      for (const node of this.nodes) {
        const member = node.model.instances.find((instance) => instance.key === key);
        if (member !== undefined) members.set(node.name, member);
      }
      return { name, key, members, longestInterval };
    });
  }

  /** Boots all machines and lets all faults befall them, up to the quiet. */
  runTroubles(): void {
    for (const node of this.nodes) this.clock.at(node.spec.startsAt, () => node.powerOn());
    for (const fault of this.scenario.faults) this.clock.at(fault.at, () => this.#befall(fault));
    this.clock.runUntil(this.scenario.quietFrom);
    this.calm();
    this.segment.partition(this.scenario.lastingPartition);
  }

  /** Ends everything that is wrong with the LAN, the kernels and the loops. */
  calm(): void {
    this.log.add(this.now, "world", "calm");
    this.segment.quality = this.scenario.calm;
    this.segment.clearLinkFaults();
    this.segment.partition(new Map());
    for (const node of this.nodes) {
      node.mood = this.scenario.calmLoop;
      node.kernel.mood = WILLING;
      if (node.orders.areGiven) node.tell(node.orders.takeBack(this.now));
      node.reloadRefused();
    }
  }

  run(span: Micros): void {
    this.clock.runUntil(this.clock.now + Math.ceil(span));
  }

  #befall(fault: Fault): void {
    const { segment, scenario } = this;
    this.log.add(this.now, "world", describeFault(fault));
    switch (fault.kind) {
      case "network":
        segment.quality = fault.quality;
        this.#after(fault.for, () => {
          segment.quality = scenario.calm;
        });
        return;
      case "link-quality":
        segment.override(fault.from, fault.to, fault.quality);
        this.#after(fault.for, () => segment.clearLinkFaults());
        return;
      case "partition":
        segment.partition(fault.components);
        this.#after(fault.for, () => segment.partition(new Map()));
        return;
      case "one-way":
        segment.blockOneWay(fault.from, fault.to);
        this.#after(fault.for, () => segment.clearLinkFaults());
        return;
      default:
        this.#befallNode(this.node(fault.router), fault);
    }
  }

  #befallNode(node: RouterNode, fault: Extract<Fault, { readonly router: string }>): void {
    switch (fault.kind) {
      case "power":
        node.powerOff();
        if (fault.for !== undefined) this.#after(fault.for, () => node.powerOn());
        return;
      case "stop":
        node.stop();
        if (fault.for !== undefined) this.#after(fault.for, () => node.startAgain());
        return;
      case "kill":
        node.kill(fault.warm, fault.fresh);
        return;
      case "pause":
        node.pause(fault.what, fault.for);
        return;
      case "late":
        node.mood = fault.mood;
        this.#after(fault.for, () => {
          node.mood = this.scenario.calmLoop;
        });
        return;
      case "kernel":
        node.kernel.mood = {
          latencyMin: 15,
          latencyMax: fault.latencyMax,
          addErrno: fault.addErrno,
          removeErrno: fault.removeErrno,
          onlyAddress: fault.onlyFirst ? node.model.instances[0]?.virtualAddresses[0]?.address : undefined,
        };
        this.#after(fault.for, () => {
          node.kernel.mood = WILLING;
        });
        return;
      case "carrier":
        node.setCarrier(fault.interface, false);
        this.#after(fault.for, () => node.setCarrier(fault.interface, true));
        return;
      case "script":
        node.senses.scriptsOk = false;
        this.#after(fault.for, () => {
          node.senses.scriptsOk = true;
        });
        return;
      case "delete-address":
        node.deleteAddress();
        return;
      case "clock":
        this.history.count("clock step");
        node.stepClock(fault.by);
        return;
      case "reload":
        if (fault.change !== undefined) this.history.count(`reload ${fault.change.what}`);
        node.reload(fault.change);
        return;
      case "measure":
        measure(node, fault.tracker, fault.value);
        if (fault.for !== undefined)
          this.#after(fault.for, () => measure(node, fault.tracker, fault.tracker === "file" ? 0 : 1));
        return;
      case "bfd":
        node.tell(node.senses.setBfd(false));
        this.#after(fault.for, () => node.tell(node.senses.setBfd(true)));
        return;
      case "order":
        if (!node.powered) return;
        node.tell(node.orders.give(fault.wish, this.now));
        this.#after(fault.for, () => node.tell(node.orders.takeBack(this.now)));
        return;
      case "twin":
        this.history.count("twin");
        this.#twins.replace(node);
        return;
    }
  }

  #after(span: Micros, run: () => void): void {
    this.clock.at(this.now + span, run);
  }
}

/** Another number in a router's tracked file, or of its tracked processes. */
export function measure(node: RouterNode, tracker: Measurement["tracker"], value: number): void {
  for (const news of node.senses.measure(tracker, value, node.model)) node.tell(news);
}

/** How long engines of this world wait for an answer of the kernel. */
export function answerTimeout(scenario: Scenario): Micros {
  return 3 * scenario.unit;
}

function describeFault(fault: Fault): string {
  const plain = {
    ...fault,
    ...("components" in fault ? { components: [...fault.components].join(" ") } : {}),
  };
  return `fault ${JSON.stringify(plain)}`;
}
