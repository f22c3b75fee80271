/** Worlds built by hand: a failure from the field as it is told, played from its beginning to its end. */

import { SimLog } from "../../sim/log.ts";
import type { Checker, Handling } from "../../sim/node.ts";
import { NO_ALLOWANCE, settle } from "../../sim/settle.ts";
import { realEngines } from "../../sim/simulate.ts";
import type { RouterSpec, Scenario, VirtualRouterSpec } from "../../sim/spec.ts";
import { World } from "../../sim/world.ts";
import type { IpAddress } from "../../src/base/ip.ts";
import type { Instant, Micros } from "../../src/base/time.ts";
import type { VrrpInstanceModel } from "../../src/model/model.ts";
import type { VrrpEvent } from "../../src/vrrp/event.ts";
import { peekVrrp } from "../../src/wire/vrrp.ts";
import { vrrpModel } from "./vrrp-driver.ts";

/** An advertisement as a bystander hears it. */
export interface HeardAdvert {
  readonly at: Instant;
  readonly from: IpAddress;
  readonly priority: number;
}

/** Routers by name, each with its instances. */
export type Cast = Readonly<Record<string, readonly VrrpInstanceModel[]>>;

const CALM = { loss: 0, delayMin: 20, delayMax: 200, duplicate: 0, reorder: 0, corrupt: 0 } as const;

export class Field {
  readonly world: World;
  readonly adverts: HeardAdvert[] = [];
  readonly events: (VrrpEvent & { readonly node: string })[] = [];

  /**
   * `unit` is the advertisement interval of the cast, `checks` what the simulator looks at. Nobody has power yet.
   */
  constructor(cast: Cast, unit: Micros, checks: "all" | "world" = "all") {
    const scenario = scenarioOf(cast, unit);
    this.world = new World(scenario, realEngines(scenario), new SimLog(), checks, [this.#ear()]);
    const { clock } = this.world;
    this.world.segment.attach({
      name: "bystander",
      attached: true,
      receive: (packet) => {
        if (packet.kind !== "vrrp") return;
        const header = peekVrrp(packet.payload, packet.family);
        if (header === undefined) return;
        this.adverts.push({ at: clock.now, from: packet.source, priority: header.priority });
      },
    });
  }

  /** Switches on whoever is named, or all. */
  powerOn(...names: readonly string[]): this {
    for (const node of this.world.nodes) if (names.length === 0 || names.includes(node.name)) node.powerOn();
    return this;
  }

  run(span: Micros): this {
    this.world.run(span);
    return this;
  }

  /** Waits as long as the protocol may take and checks that the world is in order. */
  settle(allowances: Partial<typeof NO_ALLOWANCE> = {}): this {
    this.world.calm();
    settle(this.world, { ...NO_ALLOWANCE, ...allowances });
    return this;
  }

  /** Routers in that state. */
  inState(state: string, instance = "VI_1"): readonly string[] {
    return this.world.nodes
      .filter((node) => node.views.get(instance)?.state === state)
      .map(({ name }) => name);
  }

  /** Whom the LAN takes for the holder of an address. */
  holderInCaches(address: IpAddress): string | undefined {
    const mac = this.world.observer.lookup(address)?.mac;
    return this.world.nodes.find((node) => node.spec.mac === mac)?.name;
  }

  /** The longest time without an advertisement of a router since then, up to now. */
  longestGap(router: string, since: Instant): Micros {
    const from = this.world.node(router).spec.ipv4;
    const times = this.adverts
      .filter((heard) => heard.from === from && heard.at >= since)
      .map(({ at }) => at);
    const points = [since, ...times, this.world.now];
    return Math.max(...points.slice(1).map((at, index) => at - (points[index] ?? at)));
  }

  /** State changes since then, as `r1 BACKUP>MASTER`. */
  changes(since: Instant = 0): readonly string[] {
    return this.world.history.changesSince(since).map(({ node, from, to }) => `${node} ${from}>${to}`);
  }

  eventsOf<Kind extends VrrpEvent["kind"]>(
    node: string,
    kind: Kind,
  ): readonly Extract<VrrpEvent, { kind: Kind }>[] {
    return this.events.filter(
      (event): event is Extract<VrrpEvent, { kind: Kind }> & { readonly node: string } =>
        event.node === node && event.kind === kind,
    );
  }

  #ear(): Checker {
    return {
      name: "ear",
      handled: ({ node, actions }: Handling) => {
        for (const action of actions)
          if (action.kind === "Emit") this.events.push({ node: node.name, ...action.event });
      },
    };
  }
}

function scenarioOf(cast: Cast, unit: Micros): Scenario {
  const routers = Object.entries(cast).map(([name, instances], index) => router(name, instances, index));
  return {
    seed: 1,
    deafHears: false,
    routers,
    virtualRouters: virtualRoutersOf(cast),
    unit,
    calm: CALM,
    calmLoop: { latencyMax: 60, latenessMax: 100 },
    faults: [],
    quietFrom: 0,
    lastingPartition: new Map(),
    probes: [],
  };
}

/** Instances of one VRID and family are one virtual router. */
function virtualRoutersOf(cast: Cast): readonly VirtualRouterSpec[] {
  const byKey = new Map<
    string,
    { name: string; key: string; members: Map<string, VrrpInstanceModel>; longestInterval: Micros }
  >();
  for (const [name, instances] of Object.entries(cast)) {
    for (const instance of instances) {
      const key = `${instance.virtualRouterId} ${instance.family}`;
      const known = byKey.get(key) ?? {
        name: instance.name,
        key: instance.key,
        members: new Map(),
        longestInterval: 0,
      };
      known.members.set(name, instance);
      known.longestInterval = Math.max(known.longestInterval, instance.advertisementInterval);
      byKey.set(key, known);
    }
  }
  return [...byKey.values()];
}

function router(name: string, instances: readonly VrrpInstanceModel[], index: number): RouterSpec {
  const number = 10 + index;
  return {
    name,
    mac: `02:00:00:00:00:${number.toString(16).padStart(2, "0")}`,
    ipv4: `10.0.0.${number}`,
    ipv6: `fe80::${number.toString(16)}`,
    model: vrrpModel(instances),
    scripts: [],
    promotesSecondaries: true,
    startsAt: 0,
    bootTime: 1_000,
  };
}
