/** Interfaces made for virtual addresses: `use_vmac`, `use_vmac_addr`, `use_ipvlan`, and `use_vmac` of an address. */
import type { IpFamily } from "../base/ip.ts";
import { familyOf, maxPrefixLength, parseIpPrefix } from "../base/ip.ts";
import { type MacAddress, parseMac } from "../base/mac.ts";
import type { Span } from "../config/source.ts";
import type { Word } from "../config/tree.ts";
import type { ReadAddress } from "./addresses.ts";
import type { ResolveContext } from "./context.ts";
import type { DraftBlock, DraftStatement } from "./draft.ts";
import { instanceKey } from "./keys.ts";
import type { VirtualAddressModel, VirtualInterfaceModel, VrrpInstanceModel } from "./model.ts";

/** Longest name of an interface. */
const LONGEST_NAME = 15;
/** Numbers tried for a generated name. */
const MOST_NUMBERS = 256;
const MODES = ["private", "bridge", "vepa"] as const;

/** What generated names begin with. */
export interface NamePrefixes {
  readonly instance: string;
  readonly address: string;
}

/** The names given so far in this configuration: an interface belongs to one instance. */
export class InterfaceNames {
  readonly prefixes: NamePrefixes;
  readonly #given = new Set<string>();

  constructor(prefixes: NamePrefixes) {
    this.prefixes = prefixes;
  }

  /** Takes an unused name, as keepalived makes them: `vrrp.51`, then `vrrp6.51` for IPv6, then `vrrp1.51`, ... */
  generate(prefix: string, wanted: WantedName, context: ResolveContext): string {
    const { virtualRouterId, family } = wanted;
    const names = [`${prefix}.${virtualRouterId}`];
    if (family === "ipv6") names.push(`${prefix}6.${virtualRouterId}`);
    for (let number = 1; number < MOST_NUMBERS; number++) names.push(`${prefix}${number}.${virtualRouterId}`);
    const free = names.find((name) => !this.#given.has(name) && !isForeign(name, wanted.mac, context));
    return this.take(free ?? `${prefix}.${virtualRouterId}`);
  }

  isTaken(name: string): boolean {
    return this.#given.has(name);
  }

  take(name: string): string {
    this.#given.add(name);
    return name;
  }
}

export function interfaceNames(globals: DraftBlock): InterfaceNames {
  const prefix = globals.text("vmac_prefix") ?? "vrrp";
  return new InterfaceNames({ instance: prefix, address: globals.text("vmac_addr_prefix") ?? prefix });
}

interface WantedName {
  readonly virtualRouterId: number;
  readonly family: IpFamily;
  readonly mac: MacAddress | undefined;
}

/** What the interfaces of an instance depend on. */
export interface VirtualInterfaceOwner {
  readonly base: string;
  readonly virtualRouterId: number;
  readonly family: IpFamily;
}

/** Names that the instances' own interfaces may get, for lines that stand before or beside them. */
export function comingInterfaces(root: DraftBlock, prefixes: NamePrefixes): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { block } of root.all("vrrp_instance")) {
    const statement = block?.last("use_vmac") ?? block?.last("use_ipvlan");
    if (block === undefined || statement === undefined) continue;
    const id = block.number("virtual_router_id");
    for (const digit of ["", "6"]) names.add(`${prefixes.instance}${digit}.${id}`);
    for (const value of statement.values) {
      if (value.kind === "words") for (const { text } of value.value) names.add(text);
    }
  }
  return names;
}

/** RFC 9568 section 7.3. */
export function virtualMac(family: IpFamily, virtualRouterId: number): MacAddress {
  return `00:00:5e:00:${family === "ipv4" ? "01" : "02"}:${virtualRouterId.toString(16).padStart(2, "0")}`;
}

/** The interface of the whole instance, if it is to have one of its own. */
export function resolveVirtualInterface(
  block: DraftBlock,
  owner: VirtualInterfaceOwner,
  names: InterfaceNames,
  context: ResolveContext,
): VirtualInterfaceModel | undefined {
  const vmac = block.last("use_vmac");
  const ipvlan = block.last("use_ipvlan");
  if (vmac !== undefined && ipvlan !== undefined) {
    context.report.repair("vmac-and-ipvlan", ipvlan.span, "use_vmac and use_ipvlan do not go together", {
      repair: "use_ipvlan is ignored",
    });
  }
  const statement = vmac ?? ipvlan;
  if (statement !== undefined && owner.base === "") {
    const { keyword } = statement.row;
    context.report.refuse("no-interface", statement.span, `${keyword} needs an interface to stand on`);
    return undefined;
  }
  if (vmac !== undefined) return readVmac(vmac, owner, names, context);
  return ipvlan === undefined ? undefined : readIpvlan(ipvlan, owner, names, context);
}

function readVmac(
  statement: DraftStatement,
  owner: VirtualInterfaceOwner,
  names: InterfaceNames,
  context: ResolveContext,
): VirtualInterfaceModel {
  const words = new OptionWords(statement, context);
  let mac = virtualMac(owner.family, owner.virtualRouterId);
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (words.takeCommon(word)) continue;
    const own = readMac(word.text, owner.virtualRouterId);
    if (own !== undefined) mac = own;
    else if (word.text !== "netlink_notify_msg") words.takeName(word);
  }
  return {
    kind: "macvlan",
    name: chooseName(words, names, { ...owner, mac }, context),
    base: owner.base,
    family: owner.family,
    mode: "private",
    mac,
    address: undefined,
    group: words.group,
  };
}

/** Six octets, or five and the VRID as the last one. */
function readMac(text: string, virtualRouterId: number): MacAddress | undefined {
  const last = virtualRouterId.toString(16).padStart(2, "0");
  return parseMac(/^([0-9a-fA-F]{2}:){4}[0-9a-fA-F]{2}$/.test(text) ? `${text}:${last}` : text);
}

function readIpvlan(
  statement: DraftStatement,
  owner: VirtualInterfaceOwner,
  names: InterfaceNames,
  context: ResolveContext,
): VirtualInterfaceModel | undefined {
  const words = new OptionWords(statement, context);
  let mode: VirtualInterfaceModel["mode"] = "bridge";
  let address: VirtualInterfaceModel["address"];
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (words.takeCommon(word)) continue;
    const known = MODES.find((one) => one === word.text);
    const parsed = parseIpPrefix(word.text);
    if (known !== undefined) mode = known;
    else if (parsed === undefined) words.takeName(word);
    else if (familyOf(parsed.address) !== owner.family) {
      context.report.repair("family", word.span, `${parsed.address} is of the other address family`, {
        repair: "it is ignored",
      });
    } else {
      const { prefixLength } = parsed;
      address = {
        address: parsed.address,
        prefixLength: prefixLength ?? (owner.family === "ipv4" ? maxPrefixLength("ipv4") : 64),
      };
    }
  }
  if (address === undefined && owner.family === "ipv4") {
    context.report.refuse("no-ipvlan-address", statement.span, "an IPv4 ipvlan needs an address of its own", {
      hint: "its advertisements come from there: write it after use_ipvlan, such as 192.0.2.7/24",
    });
    return undefined;
  }
  const name = chooseName(words, names, { ...owner, mac: undefined }, context);
  const { base, family } = owner;
  return { kind: "ipvlan", name, base, family, mode, mac: undefined, address, group: words.group };
}

/** The words after `use_vmac` or `use_ipvlan`, and what both have in common. */
class OptionWords {
  readonly #words: readonly Word[];
  readonly #context: ResolveContext;
  #at = 0;
  name: { readonly text: string; readonly span: Span } | undefined;
  group: number | undefined;

  constructor(statement: DraftStatement, context: ResolveContext) {
    const [words] = statement.values;
    this.#words = words?.kind === "words" ? words.value : [];
    this.#context = context;
  }

  next(): Word | undefined {
    return this.#words[this.#at++];
  }

  /** Whether the word was `name` or `group`, whose value is taken along. */
  takeCommon(word: Word): boolean {
    if (word.text !== "name" && word.text !== "group") return false;
    const value = this.next();
    if (value === undefined) {
      this.#context.report.repair("missing-value", word.span, `'${word.text}' needs a value`, {
        repair: "the word is ignored",
      });
    } else if (word.text === "name") this.takeName(value);
    else if (/^\d{1,9}$/.test(value.text)) this.group = Number(value.text);
    else {
      this.#context.report.repair("invalid-value", value.span, `'${value.text}' is no number of a group`, {
        repair: "the group of the base interface is used",
      });
    }
    return true;
  }

  takeName(word: Word): void {
    if (word.text.length <= LONGEST_NAME && this.name === undefined) {
      this.name = { text: word.text, span: word.span };
      return;
    }
    const why =
      this.name === undefined
        ? `'${word.text}' is longer than ${LONGEST_NAME} characters`
        : `'${word.text}' means nothing here`;
    this.#context.report.repair("unknown-option", word.span, why, { repair: "it is ignored" });
  }
}

function chooseName(
  words: OptionWords,
  names: InterfaceNames,
  wanted: WantedName,
  context: ResolveContext,
): string {
  const { name } = words;
  if (name === undefined) return names.generate(names.prefixes.instance, wanted, context);
  if (names.isTaken(name.text)) {
    context.report.refuse("interface-clash", name.span, `interface '${name.text}' is another instance's`, {
      hint: "give each instance a name of its own, or none",
    });
  } else if (isForeign(name.text, wanted.mac, context)) {
    context.report.refuse(
      "interface-clash",
      name.span,
      `interface '${name.text}' exists and is something else`,
      { hint: "choose another name, or remove it" },
    );
  }
  return names.take(name.text);
}

/** Whether an interface of that name is there that cannot be the one we mean. */
function isForeign(name: string, mac: MacAddress | undefined, context: ResolveContext): boolean {
  const there = context.facts.interfaces?.find((one) => one.name === name);
  return there !== undefined && mac !== undefined && there.mac !== mac;
}

/** `vmac_xmit_base`. */
export function resolveTransmitBase(
  block: DraftBlock,
  virtualInterface: VirtualInterfaceModel | undefined,
  isUnicast: boolean,
  context: ResolveContext,
): boolean {
  const isWanted = block.has("vmac_xmit_base");
  if (virtualInterface?.kind === "macvlan") {
    if (isWanted || !isUnicast) return isWanted;
    context.report.repair(
      "unicast-vmac",
      block.last("use_vmac")?.span,
      "unicast with a VMAC needs vmac_xmit_base",
      {
        hint: "peers answer to the address of the base interface",
        repair: "vmac_xmit_base is set",
      },
    );
    return true;
  }
  if (!isWanted) return false;
  context.report.repair("no-vmac", block.last("vmac_xmit_base")?.span, "vmac_xmit_base needs use_vmac", {
    repair: "it is ignored",
  });
  return false;
}

/** A VMAC as the RFC has it: with the MAC of the protocol, and advertisements that leave by it. */
export function withProtocolVmac(model: VrrpInstanceModel): VrrpInstanceModel {
  const { virtualInterface: own, unicast, family, virtualRouterId } = model;
  if (own?.kind !== "macvlan") return model;
  const virtualInterface = { ...own, mac: virtualMac(family, virtualRouterId) };
  const vmac = { virtualInterface, transmitBase: false };
  const identity = { ...model, ...vmac, interface: own.base, isUnicast: unicast !== undefined };
  return { ...model, ...vmac, key: instanceKey(identity) };
}

/** `vrf`, for an instance whose interface is empty. */
export function resolveVrf(
  block: DraftBlock,
  interfaceName: string,
  context: ResolveContext,
): string | undefined {
  const name = block.text("vrf");
  if (name === undefined || interfaceName === "") return name;
  context.report.note("no-effect", block.last("vrf")?.span, `'vrf' has no effect beside 'interface'`, {
    hint: "the instance is in the VRF of its interface",
  });
  return undefined;
}

/** Where the addresses of an instance go. */
export class AddressPlaces {
  readonly #owner: VirtualInterfaceOwner;
  readonly #own: VirtualInterfaceModel | undefined;
  readonly #everywhere: boolean;
  readonly #names: InterfaceNames;
  readonly #context: ResolveContext;
  readonly #made = new Map<string, VirtualInterfaceModel>();

  constructor(
    block: DraftBlock,
    owner: VirtualInterfaceOwner,
    own: VirtualInterfaceModel | undefined,
    names: InterfaceNames,
    context: ResolveContext,
  ) {
    this.#owner = owner;
    // An ipvlan is for advertisements: the addresses stay on its base, whose MAC it has.
    this.#own = own?.kind === "macvlan" ? own : undefined;
    this.#everywhere = block.has("use_vmac_addr");
    this.#names = names;
    this.#context = context;
  }

  /** The interfaces that were needed beside the instance's own. */
  get interfaces(): readonly VirtualInterfaceModel[] {
    return [...this.#made.values()];
  }

  /** The address on the interface it belongs to. */
  place({ model, vmac }: ReadAddress): VirtualAddressModel {
    const { base, family } = this.#owner;
    const atHome = model.interface === base || model.interface === this.#own?.name;
    const ofOwnKind = atHome && model.family === family;
    if (this.#own !== undefined && ofOwnKind) return { ...model, interface: this.#own.name };
    if (vmac || (this.#everywhere && !ofOwnKind))
      return { ...model, interface: this.#addressInterface(model) };
    // keepalived puts an address of the other family on the instance's interface too, whose MAC is of the first.
    return this.#own !== undefined && atHome ? { ...model, interface: this.#own.name } : model;
  }

  #addressInterface({ interface: base, family }: VirtualAddressModel): string {
    const key = `${base} ${family}`;
    const known = this.#made.get(key);
    if (known !== undefined) return known.name;
    const { virtualRouterId } = this.#owner;
    const mac = virtualMac(family, virtualRouterId);
    const wanted = { virtualRouterId, family, mac };
    const name = this.#names.generate(this.#names.prefixes.address, wanted, this.#context);
    const made: VirtualInterfaceModel = {
      kind: "macvlan",
      name,
      base,
      family,
      mode: "private",
      mac,
      address: undefined,
      group: undefined,
    };
    this.#made.set(key, made);
    return name;
  }
}
