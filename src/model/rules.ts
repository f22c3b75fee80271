/** Lines of `virtual_rules` and `static_rules`: the words of `ip rule add`. */
import type { IpFamily } from "../base/ip.ts";
import { familyOf } from "../base/ip.ts";
import type { Prefix, Rule } from "../base/routing.ts";
import { BARE_RULE } from "../base/routing.ts";
import { didYouMean } from "../config/suggest.ts";
import type { Entry, Word } from "../config/tree.ts";
import type { ResolveContext } from "./context.ts";
import { rowsOf } from "./keywords/table.ts";
import type { ReadRouting } from "./routes.ts";
import { RoutingLine } from "./routing-line.ts";
import { ruleText } from "./routing-text.ts";

const ACTION_TABLE = 1;
const ACTION_GOTO = 2;
/** FR_ACT_* without an argument. */
const ACTIONS: ReadonlyMap<string, number> = new Map([
  ["nop", 3],
  ["blackhole", 6],
  ["unreachable", 7],
  ["prohibit", 8],
]);
const IP_PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ["icmp", 1],
  ["igmp", 2],
  ["tcp", 6],
  ["udp", 17],
  ["dccp", 33],
  ["gre", 47],
  ["esp", 50],
  ["ah", 51],
  ["ipv6-icmp", 58],
  ["icmpv6", 58],
  ["ospf", 89],
  ["vrrp", 112],
  ["sctp", 132],
  ["udplite", 136],
]);
const PROTOCOL_KEEPALIVED = 18;
const UNSIGNED_MAX = 0xffff_ffff;
const HIGHEST_PORT = 65535;
/** Where keepalived begins to count down for rules without a preference. */
const FIRST_PREFERENCE = 16384;

/** Preferences for rules that have none, counted down for each family. */
export class FreePreferences {
  readonly #next: Record<IpFamily, number> = { ipv4: FIRST_PREFERENCE, ipv6: FIRST_PREFERENCE };

  take(family: IpFamily): number {
    return this.#next[family]--;
  }
}

type RuleDraft = {
  -readonly [Field in keyof Omit<Rule, "family" | "priority" | "source" | "destination">]: Rule[Field];
} & {
  priority: number | undefined;
  source: Prefix | "default" | undefined;
  destination: Prefix | "default" | undefined;
  noTrack: boolean;
  trackGroup: Word | undefined;
};

/** The rule of a line, or undefined where it cannot be used. `isStatic` allows a `track_group`. */
export function readRule(
  entry: Entry,
  isStatic: boolean,
  preferences: FreePreferences,
  context: ResolveContext,
): ReadRouting | undefined {
  const line = new RoutingLine(entry, "rule", context);
  const draft = freshDraft();
  for (let word = line.next(); word !== undefined; word = line.next()) readWord(line, word, draft, isStatic);
  if (line.dropped) return undefined;
  const rule = resolveRule(line, draft, preferences);
  if (rule === undefined) return undefined;
  const { noTrack, trackGroup } = draft;
  const model = { kind: "rule", key: `rule ${ruleText(rule)}`, rule, noTrack } as const;
  return { model, span: entry.span, trackGroup };
}

function freshDraft(): RuleDraft {
  return {
    ...BARE_RULE,
    priority: undefined,
    action: 0,
    table: 0,
    protocol: PROTOCOL_KEEPALIVED,
    noTrack: false,
    trackGroup: undefined,
  };
}

type Reader = (line: RoutingLine, draft: RuleDraft, word: Word) => void;

const READERS: Readonly<Record<string, Reader>> = {
  inet: (line) => {
    line.family = "ipv4";
  },
  inet6: (line) => {
    line.family = "ipv6";
  },
  from: (line, draft) => {
    draft.source = line.prefix();
  },
  to: (line, draft) => {
    draft.destination = line.prefix();
  },
  table: (line, draft, word) => {
    setAction(line, draft, word, ACTION_TABLE);
    draft.table = line.named("tables") ?? 0;
  },
  not: (_, draft) => {
    draft.inverted = true;
  },
  priority: (line, draft) => {
    draft.priority = line.number(0, UNSIGNED_MAX);
  },
  tos: (line, draft) => {
    draft.tos = line.named("dsfields") ?? 0;
  },
  fwmark: (line, draft) => readMark(line, draft),
  realms: (line, draft) => {
    draft.realms = line.realms();
  },
  suppress_prefixlength: (line, draft) => {
    draft.suppressPrefixLength = line.number(0, 128);
  },
  suppress_ifgroup: (line, draft) => {
    draft.suppressGroup = line.named("groups");
  },
  iif: (line, draft) => {
    draft.inputInterface = line.interface();
  },
  oif: (line, draft) => {
    draft.outputInterface = line.interface();
  },
  "tunnel-id": (line, draft) => {
    const word = line.value();
    if (word === undefined) return;
    if (/^(0x[0-9a-f]{1,16}|\d{1,19})$/i.test(word.text)) draft.tunnelId = BigInt(word.text).toString();
    else line.drop("invalid-value", word.span, `'${word.text}' is no tunnel id`);
  },
  uidrange: (line, draft) => {
    draft.users = line.range(UNSIGNED_MAX);
  },
  l3mdev: (line, draft, word) => {
    setAction(line, draft, word, ACTION_TABLE);
    draft.l3mdev = true;
  },
  protocol: (line, draft) => {
    draft.protocol = line.named("protocols") ?? PROTOCOL_KEEPALIVED;
  },
  ipproto: (line, draft) => {
    const word = line.value();
    if (word === undefined) return;
    draft.ipProtocol = IP_PROTOCOLS.get(word.text.toLowerCase()) ?? line.numberOf(word, word.text, 0, 255);
  },
  sport: (line, draft) => {
    draft.sourcePorts = line.range(HIGHEST_PORT);
  },
  dport: (line, draft) => {
    draft.destinationPorts = line.range(HIGHEST_PORT);
  },
  goto: (line, draft, word) => {
    setAction(line, draft, word, ACTION_GOTO);
    draft.goto = line.number(0, UNSIGNED_MAX);
  },
  type: (line, draft) => {
    const word = line.value();
    if (word !== undefined) readAction(line, word, draft);
  },
  no_track: (_, draft) => {
    draft.noTrack = true;
  },
};

const ALIASES: Readonly<Record<string, string>> = {
  lookup: "table",
  preference: "priority",
  order: "priority",
  dsfield: "tos",
  sup_pl: "suppress_prefixlength",
  sup_group: "suppress_ifgroup",
  dev: "iif",
  ip_proto: "ipproto",
};

function readWord(line: RoutingLine, word: Word, draft: RuleDraft, isStatic: boolean): void {
  const name = ALIASES[word.text] ?? word.text;
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  if (read !== undefined) read(line, draft, word);
  else if (name === "track_group" && isStatic) draft.trackGroup = line.value();
  else readAction(line, word, draft);
}

function readAction(line: RoutingLine, word: Word, draft: RuleDraft): void {
  const action = ACTIONS.get(word.text);
  if (action !== undefined) {
    setAction(line, draft, word, action);
    return;
  }
  const words = rowsOf("rules(entry)").map((row) => row.keyword);
  line.drop(
    "unknown-option",
    word.span,
    `'${word.text}' means nothing in a rule`,
    didYouMean(word.text, words),
  );
}

function setAction(line: RoutingLine, draft: RuleDraft, word: Word, action: number): void {
  if (draft.action === 0) draft.action = action;
  else
    line.drop(
      "two-actions",
      word.span,
      "a rule does one thing",
      "table, l3mdev, goto, nop or a type, not two",
    );
}

function readMark(line: RoutingLine, draft: RuleDraft): void {
  const word = line.value();
  if (word === undefined) return;
  const [mark = "", mask] = word.text.split("/");
  draft.mark = line.numberOf(word, mark, 0, UNSIGNED_MAX);
  if (mask !== undefined && !line.dropped) draft.mask = line.numberOf(word, mask, 0, UNSIGNED_MAX);
}

function resolveRule(line: RoutingLine, draft: RuleDraft, preferences: FreePreferences): Rule | undefined {
  const { noTrack: _, trackGroup: __, ...rest } = draft;
  if (rest.action === 0) {
    return line.drop("no-action", line.span, "the rule does nothing", "it needs table, goto, nop or a type");
  }
  const source = prefixOf(rest.source);
  const destination = prefixOf(rest.destination);
  const named = [source, destination].filter((prefix) => prefix !== undefined);
  const family = line.family ?? (named[0] === undefined ? "ipv4" : familyOf(named[0].address));
  const foreign = named.find(({ address }) => familyOf(address) !== family);
  if (foreign !== undefined) {
    return line.drop("family", line.span, `${foreign.address} is not of the rule's address family`);
  }
  const priority = rest.priority ?? freePriority(line, family, preferences);
  if (rest.goto !== undefined && rest.goto <= priority) {
    return line.drop("goto", line.span, `rule ${priority} cannot go back to ${rest.goto}`);
  }
  return { ...rest, family, priority, source, destination, protocol: resolveProtocol(line, draft) };
}

function prefixOf(prefix: Prefix | "default" | undefined): Prefix | undefined {
  return prefix === "default" ? undefined : prefix;
}

function freePriority(line: RoutingLine, family: IpFamily, preferences: FreePreferences): number {
  const priority = preferences.take(family);
  line.context.report.repair("no-preference", line.span, "the rule has no preference", {
    hint: "its place among the others decides what it does: set one",
    repair: `${priority} is used`,
  });
  return priority;
}

/** What is tracked must be recognised as ours. */
function resolveProtocol(line: RoutingLine, draft: RuleDraft): number {
  if (draft.protocol === PROTOCOL_KEEPALIVED || draft.noTrack) return draft.protocol;
  line.context.report.repair("protocol", line.span, "a tracked rule must have protocol keepalived (18)", {
    hint: "add no_track to keep the protocol",
    repair: "protocol keepalived is used",
  });
  return PROTOCOL_KEEPALIVED;
}
