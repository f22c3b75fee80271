/** Lines of `virtual_ipaddress` and its like. */
import {
  bytesToIp,
  familyOf,
  type IpAddress,
  type IpFamily,
  ipToBytes,
  maxPrefixLength,
  parseIp,
  parseIpPrefix,
} from "../base/ip.ts";
import type { Span } from "../config/source.ts";
import { didYouMean } from "../config/suggest.ts";
import type { Entry, Word } from "../config/tree.ts";
import { checkInterface, type ResolveContext } from "./context.ts";
import { rowsOf } from "./keywords/table.ts";
import type { AddressFlag, VirtualAddressModel } from "./model.ts";
import { addressHint } from "./values.ts";

/** An address with the place it was written at. */
export interface ReadAddress {
  readonly model: VirtualAddressModel;
  /** `use_vmac` stands behind it. */
  readonly vmac: boolean;
  readonly span: Span;
}

/** rtnetlink's numbers. */
const SCOPES: ReadonlyMap<string, number> = new Map([
  ["global", 0],
  ["universe", 0],
  ["site", 200],
  ["link", 253],
  ["host", 254],
  ["nowhere", 255],
]);

interface Options {
  interface: string | undefined;
  scope: number;
  broadcast: IpAddress | undefined;
  label: string | undefined;
  peer: { readonly address: IpAddress; readonly prefixLength: number | undefined } | undefined;
  preferredLifetime: number | undefined;
  noTrack: boolean;
  vmac: boolean;
  readonly flags: Set<AddressFlag>;
}

interface Line {
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly family: IpFamily;
  readonly words: readonly Word[];
}

/** One address, or undefined where the line cannot be used; `instanceInterface` is where it goes without `dev`. */
export function readVirtualAddress(
  entry: Entry,
  instanceInterface: string | undefined,
  context: ResolveContext,
): ReadAddress | undefined {
  const line = readAddressAndLength(entry, context);
  if (line === undefined) return undefined;
  const options: Options = {
    interface: instanceInterface,
    scope: 0,
    broadcast: undefined,
    label: undefined,
    peer: undefined,
    preferredLifetime: line.family === "ipv6" && line.prefixLength === 128 ? 0 : undefined,
    noTrack: false,
    vmac: false,
    flags: new Set(line.family === "ipv6" ? ["nodad"] : []),
  };
  for (let at = 1; at < line.words.length; ) {
    const used = readOption(line, at, options, context);
    if (used === "remove") return undefined;
    at += used;
  }
  return {
    span: entry.span,
    vmac: options.vmac,
    model: {
      address: line.address,
      prefixLength: line.prefixLength,
      family: line.family,
      interface: options.interface ?? "",
      scope: options.scope,
      broadcast: options.broadcast,
      label: options.label,
      peer: options.peer?.address,
      peerPrefixLength: options.peer?.prefixLength,
      flags: [...options.flags],
      preferredLifetime: options.preferredLifetime,
      noTrack: options.noTrack,
    },
  };
}

function readAddressAndLength(entry: Entry, context: ResolveContext): Line | undefined {
  const [first] = entry.words;
  if (first === undefined) return undefined;
  const parsed = parseIpPrefix(first.text);
  if (parsed === undefined) {
    context.report.repair("invalid-address", first.span, `'${first.text}' is no IP address`, {
      hint: addressHint(first.text),
      repair: "the address is left out",
    });
    return undefined;
  }
  const family = familyOf(parsed.address);
  const most = maxPrefixLength(family);
  let prefixLength = parsed.prefixLength ?? most;
  if (prefixLength > most) {
    context.report.repair("prefix-length", first.span, `/${prefixLength} is longer than /${most}`, {
      repair: `/${most} is used`,
    });
    prefixLength = most;
  }
  return { address: parsed.address, prefixLength, family, words: entry.words };
}

/** Reads the option at a word: how many words it took, or "remove" where keepalived leaves the whole address out. */
function readOption(line: Line, at: number, options: Options, context: ResolveContext): number | "remove" {
  const word = line.words[at];
  if (word === undefined) return 1;
  const value = line.words[at + 1];
  switch (word.text) {
    case "dev":
      if (value === undefined) return missingDevice(word, context);
      options.interface = value.text;
      checkInterface(context, value.text, value.span, "interface");
      return 2;
    case "scope":
      return withValue(word, value, context, (name) => readScope(line, name, options, context));
    case "broadcast":
    case "brd":
      return value === undefined ? missingValue(word, context) : readBroadcast(line, value, options, context);
    case "label":
      return value === undefined ? missingValue(word, context) : readLabel(value, options, context);
    case "peer":
      return value === undefined ? missingValue(word, context) : readPeer(line, value, options, context);
    case "preferred_lft":
      return withValue(word, value, context, (lifetime) => readLifetime(lifetime, options, context));
    case "use_vmac":
      // The name that may follow is not used: keepalived has always made its own.
      options.vmac = true;
      return value !== undefined && !isOption(value.text) ? 2 : 1;
    default:
      return readFlag(line, word, options, context);
  }
}

function isOption(text: string): boolean {
  return rowsOf("virtual_ipaddress(entry)").some((row) => row.keyword === text);
}

function withValue(
  word: Word,
  value: Word | undefined,
  context: ResolveContext,
  read: (value: Word) => void,
): number {
  if (value === undefined) return missingValue(word, context);
  read(value);
  return 2;
}

function missingDevice(word: Word, context: ResolveContext): "remove" {
  context.report.repair("missing-value", word.span, "'dev' needs an interface", {
    repair: "the address is left out",
  });
  return "remove";
}

function missingValue(word: Word, context: ResolveContext): number {
  context.report.repair("missing-value", word.span, `'${word.text}' needs a value`, {
    repair: "the word is ignored",
  });
  return 1;
}

function readScope(line: Line, word: Word, options: Options, context: ResolveContext): void {
  const scope = SCOPES.get(word.text) ?? (/^\d{1,3}$/.test(word.text) ? Number(word.text) : undefined);
  if (line.family === "ipv6") {
    context.report.repair("not-for-ipv6", word.span, "an IPv6 address has no scope to choose", {
      repair: "the scope is ignored",
    });
  } else if (scope === undefined || scope > 255) {
    context.report.repair("invalid-value", word.span, `'${word.text}' is no scope`, {
      hint:
        didYouMean(word.text, SCOPES.keys()) ?? `one of ${[...SCOPES.keys()].join(", ")}, or a number to 255`,
      repair: "global is used",
    });
  } else {
    options.scope = scope;
  }
}

function readBroadcast(line: Line, word: Word, options: Options, context: ResolveContext): number | "remove" {
  const remove = (message: string): "remove" => {
    context.report.repair("invalid-broadcast", word.span, message, { repair: "the address is left out" });
    return "remove";
  };
  if (line.family === "ipv6") return remove("an IPv6 address has no broadcast address");
  if (word.text === "+" || word.text === "-") {
    options.broadcast = hostBits(line, word.text === "+");
    return 2;
  }
  const address = parseIp(word.text);
  if (address === undefined || familyOf(address) === "ipv6")
    return remove(`'${word.text}' is no broadcast address`);
  options.broadcast = address;
  return 2;
}

/** The address with all bits after its prefix set or cleared. */
function hostBits(line: Line, set: boolean): IpAddress {
  const bytes = Uint8Array.from(ipToBytes(line.address) ?? []);
  for (const [index, byte] of bytes.entries()) {
    const hosts = 0xff >> Math.min(8, Math.max(0, line.prefixLength - index * 8));
    bytes[index] = set ? byte | hosts : byte & ~hosts;
  }
  return bytesToIp(bytes);
}

function readLabel(word: Word, options: Options, context: ResolveContext): number | "remove" {
  if (word.text.length > 15) {
    context.report.repair("label-too-long", word.span, `label '${word.text}' is longer than 15 characters`, {
      repair: "the address is left out",
    });
    return "remove";
  }
  options.label = word.text;
  return 2;
}

function readPeer(line: Line, word: Word, options: Options, context: ResolveContext): number | "remove" {
  const parsed = parseIpPrefix(word.text);
  if (parsed === undefined || familyOf(parsed.address) !== line.family) {
    context.report.repair("invalid-address", word.span, `'${word.text}' is no peer address of this family`, {
      repair: "the peer is ignored",
    });
    return 2;
  }
  options.peer = {
    address: parsed.address,
    prefixLength: parsed.prefixLength ?? maxPrefixLength(line.family),
  };
  return 2;
}

function readLifetime(word: Word, options: Options, context: ResolveContext): void {
  if (word.text === "forever") options.preferredLifetime = undefined;
  else if (/^\d{1,10}$/.test(word.text)) options.preferredLifetime = Number(word.text);
  else {
    context.report.repair("invalid-value", word.span, `'${word.text}' is no number of seconds`, {
      hint: "a number, or forever",
      repair: "the default is used",
    });
  }
}

const FLAG_WORDS: ReadonlyMap<string, { readonly flag: AddressFlag; readonly family: IpFamily | undefined }> =
  new Map([
    ["home", { flag: "home", family: "ipv6" }],
    ["mngtmpaddr", { flag: "mngtmpaddr", family: "ipv6" }],
    ["noprefixroute", { flag: "noprefixroute", family: undefined }],
    ["autojoin", { flag: "autojoin", family: undefined }],
  ] as const);

function readFlag(line: Line, word: Word, options: Options, context: ResolveContext): number {
  if (word.text === "no_track") {
    options.noTrack = true;
    return 1;
  }
  if (word.text === "-nodad") {
    options.flags.delete("nodad");
    return 1;
  }
  const known = FLAG_WORDS.get(word.text);
  if (known === undefined) {
    const words = rowsOf("virtual_ipaddress(entry)").map((row) => row.keyword);
    context.report.repair("unknown-option", word.span, `'${word.text}' means nothing after an address`, {
      ...hintOf(didYouMean(word.text, words.slice(1))),
      repair: "the word is ignored",
    });
  } else if (known.family !== undefined && known.family !== line.family) {
    context.report.note("ipv6-only", word.span, `'${word.text}' has no effect on an IPv4 address`);
  } else {
    options.flags.add(known.flag);
  }
  return 1;
}

function hintOf(hint: string | undefined): { readonly hint?: string } {
  return hint === undefined ? {} : { hint };
}
