/**
 * What interfaces and settings the configuration wants of the kernel, against what is there: the next steps towards it.
 * Pure. Whoever carries them out asks again afterwards, until there is nothing to do; so a VMAC that somebody deleted, and
 * a base interface that came back, need no rules of their own.
 */
import type { IpAddress } from "../base/ip.ts";
import type { VirtualInterfaceModel } from "../model/model.ts";
import type { Found, FoundLink, InterfaceHoldings, OriginalSetting, Setting } from "./interface-facts.ts";
import type { InterfaceWishes, WishedLink } from "./interface-wishes.ts";
import { ALL_RP_FILTER, DEFAULT_RP_FILTER, isIpv4Vmac, LOCAL_IGMP, quietIpv6 } from "./interface-wishes.ts";

export type InterfaceStep = { readonly key: string } & (
  | {
      readonly kind: "create";
      readonly link: VirtualInterfaceModel;
      readonly parent: number;
      readonly group: number | undefined;
      readonly master: number | undefined;
    }
  | { readonly kind: "remove"; readonly name: string; readonly index: number }
  | {
      readonly kind: "change";
      readonly name: string;
      readonly index: number;
      readonly up?: true;
      readonly addressGeneration?: number;
      readonly ipv4?: Readonly<Partial<Record<Setting, number>>>;
    }
  | {
      readonly kind: "address";
      readonly name: string;
      readonly index: number;
      readonly address: IpAddress;
      readonly prefixLength: number;
    }
  | { readonly kind: "sysctl"; readonly path: string; readonly value: number }
);

export interface InterfacePlan {
  readonly steps: readonly InterfaceStep[];
  /** To be remembered before the steps are taken. */
  readonly holdings: InterfaceHoldings;
  /** Interfaces that cannot be had, with the reason. */
  readonly obstacles: readonly { readonly key: string; readonly what: string }[];
}

/** IN6_ADDR_GEN_MODE_NONE: no link-local address by itself. */
const NO_GENERATION = 1;

/** The next steps; those whose key is in `failed` are not tried again. */
export function planInterfaces(
  wishes: InterfaceWishes,
  found: Found,
  holdings: InterfaceHoldings,
  failed: ReadonlySet<string>,
): InterfacePlan {
  const planner = new Planner(wishes, found, holdings);
  const { steps, obstacles } = planner.plan();
  return { steps: steps.filter(({ key }) => !failed.has(key)), obstacles, holdings: planner.holdings };
}

class Planner {
  readonly #wishes: InterfaceWishes;
  readonly #found: Found;
  readonly #byName: ReadonlyMap<string, FoundLink>;
  readonly #byIndex: ReadonlyMap<number, FoundLink>;
  readonly #created: { readonly name: string; readonly index: number }[];
  readonly #settings: OriginalSetting[];
  readonly #sysctls: { readonly path: string; readonly value: number }[];
  readonly #steps: InterfaceStep[] = [];
  readonly #obstacles: { readonly key: string; readonly what: string }[] = [];
  /** Wanted settings by index. */
  readonly #wanted = new Map<number, Partial<Record<Setting, number>>>();
  readonly #wantedSysctls = new Map<string, number>();

  constructor(wishes: InterfaceWishes, found: Found, holdings: InterfaceHoldings) {
    this.#wishes = wishes;
    this.#found = found;
    this.#byName = new Map(found.links.map((link) => [link.name, link]));
    this.#byIndex = new Map(found.links.map((link) => [link.index, link]));
    // What went away, or came again as another, needs no undoing.
    this.#created = holdings.created
      .map(({ name, index }) => ({ name, index: index === 0 ? (this.#byName.get(name)?.index ?? 0) : index }))
      .filter((one) => this.#byIndex.get(one.index)?.name === one.name);
    this.#settings = holdings.settings.filter((one) => this.#byIndex.get(one.index)?.name === one.name);
    this.#sysctls = [...holdings.sysctls];
  }

  get holdings(): InterfaceHoldings {
    return { created: this.#created, settings: this.#settings, sysctls: this.#sysctls };
  }

  plan(): Pick<InterfacePlan, "steps" | "obstacles"> {
    const ready: { readonly wish: WishedLink; readonly link: FoundLink }[] = [];
    for (const wish of this.#wishes.links) {
      const link = this.#obtain(wish.model);
      if (link !== undefined) ready.push({ wish, link });
    }
    this.#removeUnwanted();
    for (const { wish, link } of ready) this.#wantOf(wish, link);
    for (const name of this.#wishes.promoting) this.#want(this.#byName.get(name), { promote_secondaries: 1 });
    if (this.#wishes.disableLocalIgmp) this.#wantedSysctls.set(LOCAL_IGMP, 0);
    this.#relaxReversePath();
    this.#changeSettings();
    this.#changeSysctls();
    for (const { wish, link } of ready) this.#raise(wish, link);
    return { steps: this.#steps, obstacles: this.#obstacles };
  }

  /** The interface itself, if it is there; else a step towards it, as far as its base is there. */
  #obtain(model: VirtualInterfaceModel): FoundLink | undefined {
    const base = this.#byName.get(model.base);
    const there = this.#byName.get(model.name);
    if (base === undefined) return undefined;
    if (there !== undefined && isSuitable(there, model, base)) return there;
    if (there !== undefined) {
      if (this.#isOurs(there)) this.#remove(there);
      else {
        this.#obstacles.push({
          key: `obstacle ${there.index} ${there.name}`,
          what: `interface ${there.name} exists already and is something else than the ${model.kind} that ${model.base} needs`,
        });
      }
      return undefined;
    }
    this.#created.push({ name: model.name, index: 0 });
    const vrf = this.#byIndex.get(base.master ?? 0);
    this.#steps.push({
      kind: "create",
      key: `create ${model.name} ${base.index}`,
      link: model,
      parent: base.index,
      group: model.group ?? base.group,
      master: vrf?.linkInfoKind === "vrf" ? vrf.index : undefined,
    });
    return undefined;
  }

  #removeUnwanted(): void {
    const names = new Set(this.#wishes.links.map(({ model }) => model.name));
    for (const { name, index } of [...this.#created]) {
      if (!names.has(name)) this.#remove({ name, index });
    }
  }

  #remove({ name, index }: { readonly name: string; readonly index: number }): void {
    this.#steps.push({ kind: "remove", key: `remove ${name} ${index}`, name, index });
  }

  #wantOf(wish: WishedLink, link: FoundLink): void {
    const { model } = wish;
    if (this.#isOurs(link)) {
      for (const [path, value] of quietIpv6(wish)) this.#wantedSysctls.set(path, value);
    }
    if (model.kind !== "macvlan") return;
    const base = this.#byName.get(model.base);
    // Each answers for its own addresses only: the base must not tell its MAC for an address that is the VMAC's.
    this.#want(base, { arp_ignore: 1, arp_filter: 1 });
    if (model.family === "ipv4") {
      this.#want(link, { arp_ignore: 1, accept_local: 1, rp_filter: 0, promote_secondaries: 1 });
    } else {
      this.#want(link, { arp_ignore: 1 });
    }
  }

  #want(link: FoundLink | undefined, settings: Partial<Record<Setting, number>>): void {
    if (link?.ipv4 === undefined) return;
    this.#wanted.set(link.index, { ...this.#wanted.get(link.index), ...settings });
  }

  /**
   * The kernel uses the larger of `all` and the interface's own value, so that a VMAC can only be without if `all` is. All
   * other interfaces then get what held for them.
   */
  #relaxReversePath(): void {
    if (!this.#wishes.links.some(isIpv4Vmac)) return;
    const forAll = this.#originalOf(ALL_RP_FILTER) ?? 0;
    if (forAll === 0) return;
    for (const link of this.#found.links) {
      if (link.loopback || link.ipv4 === undefined || this.#wanted.get(link.index)?.rp_filter !== undefined)
        continue;
      const original = this.#settings.find((one) => one.index === link.index && one.setting === "rp_filter");
      const own = original?.value ?? link.ipv4.rp_filter;
      if (own < forAll) this.#want(link, { rp_filter: forAll });
    }
    this.#wantedSysctls.set(DEFAULT_RP_FILTER, Math.max(this.#originalOf(DEFAULT_RP_FILTER) ?? 0, forAll));
    this.#wantedSysctls.set(ALL_RP_FILTER, 0);
  }

  #originalOf(path: string): number | undefined {
    return this.#sysctls.find((one) => one.path === path)?.value ?? this.#found.sysctls.get(path);
  }

  #changeSettings(): void {
    for (const [index, settings] of this.#wanted) {
      const link = this.#byIndex.get(index);
      if (link?.ipv4 !== undefined) this.#changeOne(link, link.ipv4, settings);
    }
    for (const original of [...this.#settings]) {
      const { index, name, setting, value } = original;
      if (this.#wanted.get(index)?.[setting] !== undefined) continue;
      if (this.#byIndex.get(index)?.ipv4?.[setting] === value) this.#forget(this.#settings, original);
      else {
        const key = `set ${index} ${setting}=${value}`;
        this.#steps.push({ kind: "change", key, name, index, ipv4: { [setting]: value } });
      }
    }
  }

  #changeOne(
    link: FoundLink,
    now: Readonly<Record<Setting, number>>,
    settings: Partial<Record<Setting, number>>,
  ): void {
    const { index, name } = link;
    const ipv4: Partial<Record<Setting, number>> = {};
    for (const [word, value] of Object.entries(settings)) {
      const setting = word as Setting;
      if (now[setting] === value) continue;
      ipv4[setting] = value;
      const known = this.#settings.some((one) => one.index === index && one.setting === setting);
      if (!known && !this.#isOurs(link)) this.#settings.push({ name, index, setting, value: now[setting] });
    }
    const generates =
      this.#isOurs(link) &&
      link.linkInfoKind === "macvlan" &&
      (link.addressGeneration ?? NO_GENERATION) !== NO_GENERATION;
    const changes = Object.entries(ipv4).map(([setting, value]) => `${setting}=${value}`);
    if (changes.length === 0 && !generates) return;
    this.#steps.push({
      kind: "change",
      key: `set ${index} ${[...changes, ...(generates ? ["none"] : [])].join(" ")}`,
      name,
      index,
      ...(changes.length > 0 && { ipv4 }),
      ...(generates && { addressGeneration: NO_GENERATION }),
    });
  }

  #changeSysctls(): void {
    for (const [path, value] of this.#wantedSysctls) {
      const now = this.#found.sysctls.get(path);
      if (now === undefined || now === value) continue;
      const ofOurs = this.#created.some(({ name }) => path.includes(`/conf/${name}/`));
      if (!ofOurs && !this.#sysctls.some((one) => one.path === path))
        this.#sysctls.push({ path, value: now });
      this.#steps.push({ kind: "sysctl", key: `sysctl ${path}=${value}`, path, value });
    }
    for (const original of [...this.#sysctls]) {
      const { path, value } = original;
      if (this.#wantedSysctls.has(path)) continue;
      const now = this.#found.sysctls.get(path);
      if (now === undefined || now === value) this.#forget(this.#sysctls, original);
      else this.#steps.push({ kind: "sysctl", key: `sysctl ${path}=${value}`, path, value });
    }
  }

  /** Addresses, and up: last, so that nothing is said or answered before the settings stand. */
  #raise({ model }: WishedLink, link: FoundLink): void {
    const { name, index } = link;
    const { address } = model;
    if (address !== undefined && !this.#hasAddress(index, address)) {
      this.#steps.push({
        kind: "address",
        key: `address ${index} ${address.address}/${address.prefixLength}`,
        name,
        index,
        ...address,
      });
    }
    if (!link.up) this.#steps.push({ kind: "change", key: `up ${index}`, name, index, up: true });
  }

  #hasAddress(
    index: number,
    wanted: { readonly address: IpAddress; readonly prefixLength: number },
  ): boolean {
    return this.#found.addresses.some(
      (one) =>
        one.index === index && one.address === wanted.address && one.prefixLength === wanted.prefixLength,
    );
  }

  #isOurs({ index }: { readonly index: number }): boolean {
    return this.#created.some((one) => one.index === index);
  }

  #forget<Original>(list: Original[], original: Original): void {
    list.splice(list.indexOf(original), 1);
  }
}

function isSuitable(link: FoundLink, model: VirtualInterfaceModel, base: FoundLink): boolean {
  return (
    link.linkInfoKind === model.kind &&
    link.parent === base.index &&
    link.mode === model.mode &&
    (model.mac === undefined || link.mac === model.mac)
  );
}
