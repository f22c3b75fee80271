import { describe, expect, it } from "vitest";
import { instanceModel, virtualAddress } from "../../test/support/vrrp-driver.ts";
import type { VirtualInterfaceModel, VrrpInstanceModel } from "../model/model.ts";
import { consequenceOf } from "./interface-consequences.ts";
import type { FoundLink, InterfaceHoldings, Setting } from "./interface-facts.ts";
import { NO_HOLDINGS } from "./interface-facts.ts";
import type { InterfaceStep } from "./interface-plan.ts";
import { planInterfaces } from "./interface-plan.ts";
import type { InterfaceWishes } from "./interface-wishes.ts";
import { isNothing, mergeWishes, NO_WISHES, sysctlsOfInterest, wishesOf } from "./interface-wishes.ts";

const ZERO: Record<Setting, number> = {
  rp_filter: 0,
  arp_filter: 0,
  arp_ignore: 0,
  promote_secondaries: 0,
  accept_local: 0,
};
const VMAC: VirtualInterfaceModel = {
  kind: "macvlan",
  name: "vrrp.51",
  base: "eth0",
  family: "ipv4",
  mode: "private",
  mac: "00:00:5e:00:01:33",
  address: undefined,
  group: undefined,
};

function withVmac(
  changes: Partial<VirtualInterfaceModel> = {},
  more: Partial<VrrpInstanceModel> = {},
): VrrpInstanceModel {
  const virtualInterface = { ...VMAC, ...changes };
  const { name } = virtualInterface;
  const virtualAddresses = [virtualAddress("10.9.0.100", { interface: name })];
  return instanceModel({ interface: name, virtualInterface, virtualAddresses, ...more });
}

/** A kernel that does what steps say, and a process that remembers. */
class World {
  links: FoundLink[] = [];
  addresses: { index: number; address: string; prefixLength: number }[] = [];
  sysctls = new Map<string, number>([
    ["net/ipv4/conf/all/rp_filter", 0],
    ["net/ipv4/conf/default/rp_filter", 0],
    ["net/ipv4/igmp_link_local_mcast_reports", 1],
  ]);
  holdings: InterfaceHoldings = NO_HOLDINGS;
  wishes: InterfaceWishes = NO_WISHES;
  /** What has been done, by key. */
  log: string[] = [];
  #next = 10;

  base(name: string, changes: Partial<FoundLink> = {}): FoundLink {
    const link = {
      index: this.#next++,
      name,
      up: true,
      loopback: false,
      mac: "02:00:00:00:00:01",
      ipv4: ZERO,
      ...changes,
    };
    this.links.push(link);
    return link;
  }

  link(name: string): FoundLink | undefined {
    return this.links.find((link) => link.name === name);
  }

  drop(name: string): void {
    const gone = this.link(name);
    this.links = this.links.filter((link) => link.name !== name && link.parent !== gone?.index);
  }

  /** Goes on until nothing is left to do. */
  settle(wishes: InterfaceWishes = this.wishes): void {
    this.wishes = wishes;
    for (let round = 0; round < 20; round++) {
      const steps = this.plan();
      if (steps.length === 0) return;
      for (const step of steps) this.take(step);
    }
    throw new Error(`never settles: ${this.log.join(", ")}`);
  }

  plan(): readonly InterfaceStep[] {
    const paths = sysctlsOfInterest(this.wishes, this.holdings, this.links);
    const sysctls = new Map(paths.map((path) => [path, this.sysctls.get(path)]));
    const found = { links: this.links, addresses: this.addresses, sysctls };
    const plan = planInterfaces(this.wishes, found, this.holdings, new Set());
    this.holdings = JSON.parse(JSON.stringify(plan.holdings)) as InterfaceHoldings;
    return plan.steps;
  }

  take(step: InterfaceStep): void {
    this.log.push(step.key);
    switch (step.kind) {
      case "create": {
        const { kind, name, mode, mac } = step.link;
        this.base(name, {
          parent: step.parent,
          linkInfoKind: kind,
          mode,
          mac,
          up: false,
          addressGeneration: 0,
          ...(step.master !== undefined && { master: step.master }),
        });
        for (const word of ["disable_ipv6", "accept_ra", "autoconf"])
          this.sysctls.set(`net/ipv6/conf/${name}/${word}`, word === "disable_ipv6" ? 0 : 1);
        return;
      }
      case "remove":
        this.drop(step.name);
        return;
      case "change":
        this.links = this.links.map((link) => {
          if (link.index !== step.index) return link;
          const { up = link.up, addressGeneration = link.addressGeneration ?? 0 } = step;
          return { ...link, up, addressGeneration, ipv4: { ...ZERO, ...link.ipv4, ...step.ipv4 } };
        });
        return;
      case "address":
        this.addresses.push(step);
        return;
      case "sysctl":
        this.sysctls.set(step.path, step.value);
        return;
    }
  }
}

describe("a VMAC", () => {
  it("is made, silenced and only then switched on, and goes with all its settings", () => {
    const world = new World();
    world.base("eth0");
    const before = structuredClone(world.links);
    world.settle(wishesOf([withVmac()], false));
    const made = world.link("vrrp.51");
    expect(made).toMatchObject({ mac: "00:00:5e:00:01:33", mode: "private", up: true, addressGeneration: 1 });
    expect(made?.ipv4).toEqual({ ...ZERO, arp_ignore: 1, accept_local: 1, promote_secondaries: 1 });
    expect(world.link("eth0")?.ipv4).toEqual({ ...ZERO, arp_ignore: 1, arp_filter: 1 });
    expect(world.sysctls.get("net/ipv6/conf/vrrp.51/disable_ipv6")).toBe(1);
    expect(world.log.at(-1)).toBe(`up ${made?.index}`);
    expect(world.plan()).toEqual([]);

    world.settle(NO_WISHES);
    expect(world.links.map(({ name, ipv4 }) => [name, ipv4])).toEqual(
      before.map(({ name, ipv4 }) => [name, ipv4]),
    );
    expect(isNothing(NO_WISHES, world.holdings)).toBe(true);
  });

  it("keeps IPv6 where it carries some, without addresses and routes of its own", () => {
    const world = new World();
    world.base("eth0");
    world.settle(wishesOf([withVmac({ family: "ipv6", mac: "00:00:5e:00:02:33" })], false));
    expect(world.sysctls.get("net/ipv6/conf/vrrp.51/disable_ipv6")).toBe(0);
    expect(world.sysctls.get("net/ipv6/conf/vrrp.51/accept_ra")).toBe(0);
    expect(world.sysctls.get("net/ipv6/conf/vrrp.51/autoconf")).toBe(0);
    // Else it would answer for the host's IPv4 addresses, with the virtual MAC.
    expect(world.link("vrrp.51")?.ipv4).toEqual({ ...ZERO, arp_ignore: 1 });
    const excluded = [virtualAddress("2001:db8::1", { interface: "vrrp.51" })];
    expect(wishesOf([withVmac({}, { excludedAddresses: excluded })], false).links[0]?.carriesIpv6).toBe(true);
  });

  it("that is there already and suits is used and kept", () => {
    const world = new World();
    const eth0 = world.base("eth0");
    const { mac } = VMAC;
    const kind = { parent: eth0.index, linkInfoKind: "macvlan", mode: "private", mac } as const;
    const own = world.base("vrrp.51", { ...kind, up: false });
    world.settle(wishesOf([withVmac()], false));
    expect(world.link("vrrp.51")?.ipv4?.arp_ignore).toBe(1);
    expect(world.log.some((key) => key.startsWith("create"))).toBe(false);
    world.settle(NO_WISHES);
    expect(world.link("vrrp.51")).toEqual({ ...own, addressGeneration: 0, up: true });
  });

  it("of a life that crashed is recognised by what was remembered, and taken away if nobody wants it", () => {
    const world = new World();
    world.base("eth0");
    world.settle(wishesOf([withVmac()], false));
    world.settle(wishesOf([], false));
    expect(world.link("vrrp.51")).toBeUndefined();

    world.settle(wishesOf([withVmac()], false));
    world.log = [];
    world.settle(wishesOf([withVmac()], false));
    expect(world.log).toEqual([]);
    world.settle(NO_WISHES);
    expect(world.link("vrrp.51")).toBeUndefined();
  });

  it("whose process died right after asking for it is ours", () => {
    const world = new World();
    world.base("eth0");
    world.wishes = wishesOf([withVmac()], false);
    for (const step of world.plan()) if (step.kind === "create") world.take(step);
    expect(world.holdings.created).toEqual([{ name: "vrrp.51", index: 0 }]);
    world.settle(NO_WISHES);
    expect(world.link("vrrp.51")).toBeUndefined();
  });

  it("is made again when it was deleted, and when its base comes back", () => {
    const world = new World();
    world.base("eth0");
    world.settle(wishesOf([withVmac()], false));
    world.drop("vrrp.51");
    world.settle();
    expect(world.link("vrrp.51")?.up).toBe(true);

    world.drop("eth0");
    world.settle();
    expect(world.links).toEqual([]);
    expect(world.holdings).toEqual(NO_HOLDINGS);
    const again = world.base("eth0");
    world.settle();
    expect(world.link("vrrp.51")).toMatchObject({ parent: again.index, up: true });
    world.settle(NO_WISHES);
    expect(world.link("eth0")?.ipv4).toEqual(ZERO);
  });

  it("of ours that no longer suits is made anew; something else of that name is left alone", () => {
    const world = new World();
    world.base("eth0");
    world.settle(wishesOf([withVmac()], false));
    world.settle(wishesOf([withVmac({ mac: "02:00:00:00:00:33" })], false));
    expect(world.link("vrrp.51")?.mac).toBe("02:00:00:00:00:33");

    const other = new World();
    other.base("eth0");
    other.base("vrrp.51", { linkInfoKind: "dummy" });
    other.wishes = wishesOf([withVmac()], false);
    const found = { links: other.links, addresses: [], sysctls: new Map<string, number>() };
    const { steps, obstacles } = planInterfaces(other.wishes, found, NO_HOLDINGS, new Set());
    expect(steps).toEqual([]);
    expect(obstacles.map(({ what }) => what)).toEqual([
      "interface vrrp.51 exists already and is something else than the macvlan that eth0 needs",
    ]);
  });

  it("belongs to the VRF and the group of its base", () => {
    const world = new World();
    const vrf = world.base("blue", { linkInfoKind: "vrf" });
    world.base("eth0", { master: vrf.index, group: 7 });
    world.wishes = wishesOf([withVmac()], false);
    expect(world.plan().find(({ kind }) => kind === "create")).toMatchObject({ master: vrf.index, group: 7 });
    const bridged = new World();
    const bridge = bridged.base("br0", { linkInfoKind: "bridge" });
    bridged.base("eth0", { master: bridge.index });
    bridged.wishes = wishesOf([withVmac({ group: 3 })], false);
    expect(bridged.plan().find(({ kind }) => kind === "create")).toMatchObject({
      master: undefined,
      group: 3,
    });
  });
});

describe("an ipvlan", () => {
  it("gets its address before it is switched on", () => {
    const world = new World();
    world.base("eth0");
    const address = { address: "10.9.0.7", prefixLength: 24 };
    world.settle(wishesOf([withVmac({ kind: "ipvlan", mode: "bridge", mac: undefined, address })], false));
    const made = world.link("vrrp.51");
    expect(world.addresses).toMatchObject([{ index: made?.index, ...address }]);
    expect(made?.up).toBe(true);
    expect(world.link("eth0")?.ipv4).toEqual(ZERO);
    expect(world.sysctls.get("net/ipv6/conf/vrrp.51/disable_ipv6")).toBe(1);
  });

  it("of IPv6 makes itself the link-local address that it speaks with", () => {
    const world = new World();
    world.base("eth0");
    const own = { kind: "ipvlan", mode: "bridge", mac: undefined, family: "ipv6" } as const;
    const virtualAddresses = [virtualAddress("2001:db8::1")];
    world.settle(wishesOf([withVmac(own, { virtualAddresses })], false));
    expect(world.link("vrrp.51")).toMatchObject({ up: true, addressGeneration: 0 });
    expect(world.sysctls.get("net/ipv6/conf/vrrp.51/disable_ipv6")).toBe(0);
  });
});

describe("settings", () => {
  it("of secondaries stay as long as any instance wants them, and go back to what they were", () => {
    const world = new World();
    world.base("eth0");
    world.base("eth1", { ipv4: { ...ZERO, promote_secondaries: 1 } });
    const one = instanceModel({ name: "A", promoteSecondaries: true });
    const two = instanceModel({
      name: "B",
      promoteSecondaries: true,
      virtualAddresses: [virtualAddress("10.8.0.1", { interface: "eth1" })],
    });
    const now = (name: string): number | undefined => world.link(name)?.ipv4?.promote_secondaries;
    world.settle(wishesOf([one, two], false));
    expect([now("eth0"), now("eth1")]).toEqual([1, 1]);
    world.settle(wishesOf([two], false));
    expect([now("eth0"), now("eth1")]).toEqual([1, 1]);
    world.settle(NO_WISHES);
    expect([now("eth0"), now("eth1")]).toEqual([0, 1]);
  });

  it("of the reverse path filter move from all interfaces to each one, and back", () => {
    const world = new World();
    world.sysctls.set("net/ipv4/conf/all/rp_filter", 1);
    world.base("eth0", { ipv4: { ...ZERO, rp_filter: 2 } });
    world.base("eth1");
    world.base("lo", { loopback: true });
    world.settle(wishesOf([withVmac()], false));
    const filters = (): unknown[] => world.links.map(({ name, ipv4 }) => [name, ipv4?.rp_filter]);
    expect(world.sysctls.get("net/ipv4/conf/all/rp_filter")).toBe(0);
    expect(world.sysctls.get("net/ipv4/conf/default/rp_filter")).toBe(1);
    expect(filters()).toEqual([
      ["eth0", 2],
      ["eth1", 1],
      ["lo", 0],
      ["vrrp.51", 0],
    ]);
    expect(world.plan()).toEqual([]);
    world.settle(NO_WISHES);
    expect(world.sysctls.get("net/ipv4/conf/all/rp_filter")).toBe(1);
    expect(world.sysctls.get("net/ipv4/conf/default/rp_filter")).toBe(0);
    expect(filters()).toEqual([
      ["eth0", 2],
      ["eth1", 0],
      ["lo", 0],
    ]);
  });

  it("of IGMP reports go back to what they were", () => {
    const world = new World();
    world.settle({ ...NO_WISHES, disableLocalIgmp: true });
    expect(world.sysctls.get("net/ipv4/igmp_link_local_mcast_reports")).toBe(0);
    world.settle(NO_WISHES);
    expect(world.sysctls.get("net/ipv4/igmp_link_local_mcast_reports")).toBe(1);
  });
});

describe("two configurations together", () => {
  it("keep the first one's interface where both name it", () => {
    const first = wishesOf([withVmac()], false);
    const second = wishesOf([withVmac({ mac: "02:00:00:00:00:33" }), withVmac({ name: "vrrp.52" })], false);
    const both = mergeWishes(first, second);
    expect(both.links.map(({ model }) => [model.name, model.mac])).toEqual([
      ["vrrp.51", VMAC.mac],
      ["vrrp.52", VMAC.mac],
    ]);
  });
});

describe("what was refused", () => {
  it("is not tried again while it is known to fail", () => {
    const world = new World();
    world.base("eth0");
    world.wishes = wishesOf([withVmac()], false);
    const found = { links: world.links, addresses: [], sysctls: new Map<string, number>() };
    const first = planInterfaces(world.wishes, found, NO_HOLDINGS, new Set());
    const failed = new Set(first.steps.map(({ key }) => key));
    expect(first.steps).toHaveLength(1);
    expect(planInterfaces(world.wishes, found, NO_HOLDINGS, failed).steps).toEqual([]);
  });

  it("is told with what follows from it", () => {
    const step = { kind: "sysctl", key: "", path: "net/ipv4/conf/all/rp_filter", value: 0 } as const;
    expect(consequenceOf(step)).toEqual({
      consequence: "packets to virtual addresses on a VMAC may be dropped as martians",
      remedy:
        "set it where /proc/sys may be written (outside of the container): sysctl net.ipv4.conf.all.rp_filter=0",
    });
    const change = { kind: "change", key: "", name: "eth0", index: 2, ipv4: { arp_ignore: 1 } } as const;
    expect(consequenceOf(change).remedy).toContain("sysctl net.ipv4.conf.eth0.arp_ignore=1");
  });
});
