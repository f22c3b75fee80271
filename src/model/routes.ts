/** Lines of `virtual_routes` and `static_routes`: the words of `ip route add`. */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import { familyOf } from "../base/ip.ts";
import type { Encapsulation, NextHop, Prefix, Route, RouteMetric, WeightedHop } from "../base/routing.ts";
import { NO_HOP } from "../base/routing.ts";
import type { Span } from "../config/source.ts";
import { didYouMean } from "../config/suggest.ts";
import type { Entry, Word } from "../config/tree.ts";
import type { ResolveContext } from "./context.ts";
import { rowsOf } from "./keywords/table.ts";
import type { RoutingModel } from "./model.ts";
import { readEncapsulation } from "./route-encap.ts";
import { readMetric } from "./route-metrics.ts";
import { everything, RoutingLine } from "./routing-line.ts";
import { routeText } from "./routing-text.ts";

/** A route or rule, where it was written, and its `track_group`. */
export interface ReadRouting {
  readonly model: RoutingModel;
  readonly span: Span;
  readonly trackGroup: Word | undefined;
}

/** RTN_*. */
export const ROUTE_TYPES: ReadonlyMap<string, number> = new Map([
  ["unicast", 1],
  ["local", 2],
  ["broadcast", 3],
  ["anycast", 4],
  ["multicast", 5],
  ["blackhole", 6],
  ["unreachable", 7],
  ["prohibit", 8],
  ["throw", 9],
  ["nat", 10],
]);
const UNICAST = 1;
/** Types that stand in table local, and those whose addresses are the host's own. */
const OF_TABLE_LOCAL: ReadonlySet<number> = new Set([2, 3, 4, 10]);
const OF_THE_HOST: ReadonlySet<number> = new Set([2, 10]);
const OF_THE_LINK: ReadonlySet<number> = new Set([3, 4, 5]);
/** Types that lead nowhere: they have no next hop. */
const HOPLESS: ReadonlySet<number> = new Set([6, 7, 8, 9]);
const TABLE_MAIN = 254;
const TABLE_LOCAL = 255;
const SCOPE_LINK = 253;
const SCOPE_HOST = 254;
const PROTOCOL_KEEPALIVED = 18;
const UNSIGNED_MAX = 0xffff_ffff;
const PREFERENCES: ReadonlyMap<string, number> = new Map([
  ["low", 3],
  ["medium", 0],
  ["high", 1],
]);

interface Draft {
  type: number | undefined;
  destination: Prefix | "default" | undefined;
  source: Prefix | "default" | undefined;
  preferredSource: IpAddress | undefined;
  gateway: IpAddress | undefined;
  secondGateway: IpAddress | undefined;
  interface: string | undefined;
  onlink: boolean;
  realms: number | undefined;
  encap: Encapsulation | undefined;
  tos: number;
  table: number | undefined;
  protocol: number;
  scope: number | undefined;
  metric: number | undefined;
  readonly metrics: Map<number, RouteMetric>;
  expires: number | undefined;
  preference: number | undefined;
  ttlPropagate: boolean | undefined;
  readonly hops: WeightedHop[];
  mode: Route["mode"] | undefined;
  noTrack: boolean;
  trackGroup: Word | undefined;
}

/** The route of a line, or undefined where it cannot be used. `isStatic` allows a `track_group`. */
export function readRoute(entry: Entry, isStatic: boolean, context: ResolveContext): ReadRouting | undefined {
  const line = new RoutingLine(entry, "route", context);
  const draft = freshDraft();
  for (let word = line.next(); word !== undefined; word = line.next()) readWord(line, word, draft, isStatic);
  if (line.dropped) return undefined;
  const route = resolveRoute(line, draft);
  if (route === undefined) return undefined;
  const { noTrack, trackGroup } = draft;
  const model = { kind: "route", key: `route ${routeText(route)}`, route, noTrack } as const;
  return { model, span: entry.span, trackGroup };
}

function freshDraft(): Draft {
  return {
    type: undefined,
    destination: undefined,
    source: undefined,
    preferredSource: undefined,
    gateway: undefined,
    secondGateway: undefined,
    interface: undefined,
    onlink: false,
    realms: undefined,
    encap: undefined,
    tos: 0,
    table: undefined,
    protocol: PROTOCOL_KEEPALIVED,
    scope: undefined,
    metric: undefined,
    metrics: new Map(),
    expires: undefined,
    preference: undefined,
    ttlPropagate: undefined,
    hops: [],
    mode: undefined,
    noTrack: false,
    trackGroup: undefined,
  };
}

type Reader = (line: RoutingLine, draft: Draft, word: Word) => void;

const READERS: Readonly<Record<string, Reader>> = {
  inet: (line) => {
    line.family = "ipv4";
  },
  inet6: (line) => {
    line.family = "ipv6";
  },
  to: (line, draft) => {
    const type = line.accept(...ROUTE_TYPES.keys());
    if (type !== undefined) draft.type = ROUTE_TYPES.get(type.text);
    draft.destination = line.prefix();
  },
  from: (line, draft) => {
    draft.source = line.prefix();
  },
  src: (line, draft) => {
    draft.preferredSource = line.address();
  },
  via: (line, draft) => {
    draft.gateway = line.address();
  },
  or: (line, draft, word) => {
    line.context.report.note("deprecated", word.span, "'or' is an old word", {
      hint: "write nexthop via ... nexthop via ...",
    });
    draft.secondGateway = line.address();
  },
  dev: (line, draft) => {
    draft.interface = line.interface();
  },
  tos: (line, draft) => {
    draft.tos = line.named("dsfields") ?? 0;
  },
  table: (line, draft) => {
    draft.table = line.named("tables");
  },
  protocol: (line, draft) => {
    draft.protocol = line.named("protocols") ?? PROTOCOL_KEEPALIVED;
  },
  scope: (line, draft) => {
    draft.scope = line.named("scopes");
  },
  metric: (line, draft) => {
    draft.metric = line.number(0, UNSIGNED_MAX);
  },
  onlink: (_, draft) => {
    draft.onlink = true;
  },
  realms: (line, draft) => {
    draft.realms = line.realms();
  },
  encap: (line, draft) => {
    draft.encap = readEncapsulation(line);
  },
  expires: (line, draft) => {
    draft.expires = line.number(0, UNSIGNED_MAX);
  },
  pref: (line, draft) => {
    const word = line.value();
    draft.preference = word === undefined ? undefined : PREFERENCES.get(word.text);
    if (word !== undefined && draft.preference === undefined) {
      line.drop("invalid-value", word.span, `'${word.text}' is no preference`, "low, medium or high");
    }
  },
  "ttl-propagate": (line, draft) => {
    const word = line.value();
    if (word !== undefined && word.text !== "enabled" && word.text !== "disabled") {
      line.drop("invalid-value", word.span, `'${word.text}' is neither enabled nor disabled`);
    }
    draft.ttlPropagate = word?.text === "enabled";
  },
  as: ignoreDestination,
  vrf: (line, draft) => {
    draft.table = readVrf(line);
  },
  add: (_, draft) => {
    draft.mode = "exclusive";
  },
  append: (_, draft) => {
    draft.mode = "append";
  },
  prepend: (_, draft) => {
    draft.mode = "prepend";
  },
  nexthop: (line, draft) => {
    line.unread();
    while (line.accept("nexthop") !== undefined) {
      const hop = readNextHop(line);
      if (hop !== undefined) draft.hops.push(hop);
    }
  },
  no_track: (_, draft) => {
    draft.noTrack = true;
  },
};

const ALIASES: Readonly<Record<string, string>> = {
  gw: "via",
  oif: "dev",
  dsfield: "tos",
  priority: "metric",
  preference: "metric",
};

function readWord(line: RoutingLine, word: Word, draft: Draft, isStatic: boolean): void {
  const name = ALIASES[word.text] ?? word.text;
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  if (read !== undefined) {
    read(line, draft, word);
    return;
  }
  if (name === "track_group" && isStatic) {
    draft.trackGroup = line.value();
    return;
  }
  const metric = readMetric(line, word);
  if (metric !== "none") {
    if (metric !== undefined) draft.metrics.set(metric.id, metric);
    return;
  }
  const type = ROUTE_TYPES.get(word.text);
  if (type !== undefined) draft.type = type;
  else readBareDestination(line, word, draft);
}

/** The destination without `to`. */
function readBareDestination(line: RoutingLine, word: Word, draft: Draft): void {
  const isAddress = /^[0-9a-f]*[.:]|^(default6?|any|all)$/i.test(word.text);
  if (isAddress && draft.destination === undefined) {
    line.unread();
    draft.destination = line.prefix();
    return;
  }
  const words = rowsOf("routes(entry)").map((row) => row.keyword);
  line.drop(
    "unknown-option",
    word.span,
    `'${word.text}' means nothing in a route`,
    didYouMean(word.text, words),
  );
}

function readNextHop(line: RoutingLine): WeightedHop | undefined {
  const hop: { -readonly [Field in keyof WeightedHop]: WeightedHop[Field] } = {
    ...NO_HOP,
    weight: 1,
  };
  for (let word = line.next(); word !== undefined; word = line.next()) {
    if (word.text === "nexthop") {
      line.unread();
      break;
    }
    if (word.text === "via") hop.gateway = line.address();
    else if (word.text === "dev" || word.text === "oif") hop.interface = line.interface();
    else if (word.text === "weight") hop.weight = line.number(1, 256) ?? 1;
    else if (word.text === "onlink") hop.onlink = true;
    else if (word.text === "realms") hop.realms = line.realms();
    else if (word.text === "encap") hop.encap = readEncapsulation(line);
    else if (word.text === "as") ignoreDestination(line, hop, word);
    else line.drop("unknown-option", word.span, `'${word.text}' means nothing in a next hop`);
  }
  return line.dropped ? undefined : hop;
}

/** `as [to] ADDRESS`: the kernel heeds it in routes of labels only, and keepalived makes none. */
function ignoreDestination(line: RoutingLine, _: unknown, word: Word): void {
  line.accept("to");
  line.value();
  line.ignore(word.span, "'as' means something in routes of MPLS only");
}

/** The table of a VRF, by the name of its interface. */
function readVrf(line: RoutingLine): number | undefined {
  const word = line.value();
  const known = line.context.facts.interfaces;
  if (word === undefined || known === undefined) return undefined;
  const table = known.find((one) => one.name === word.text)?.vrfTable;
  return table ?? line.drop("no-such-vrf", word.span, `there is no VRF '${word.text}'`);
}

function resolveRoute(line: RoutingLine, draft: Draft): Route | undefined {
  if (draft.destination === undefined) {
    return line.drop("no-destination", line.span, "the route has no destination", "a prefix, or default");
  }
  const family = chooseFamily(line, draft);
  if (family === undefined) return undefined;
  const destination = draft.destination === "default" ? everything(family) : draft.destination;
  const type = draft.type ?? UNICAST;
  const hops = resolveHops(line, draft, type);
  if (hops === undefined) return undefined;
  reportForeignWords(line, draft, family);
  const isSingle = hops.length === 0;
  return {
    family,
    type,
    destination,
    source: draft.source === "default" ? undefined : draft.source,
    preferredSource: draft.preferredSource,
    gateway: isSingle ? draft.gateway : undefined,
    interface: isSingle ? draft.interface : undefined,
    onlink: isSingle && draft.onlink,
    realms: family === "ipv4" ? draft.realms : undefined,
    encap: draft.encap,
    tos: draft.tos,
    table: draft.table ?? (OF_TABLE_LOCAL.has(type) ? TABLE_LOCAL : TABLE_MAIN),
    protocol: resolveProtocol(line, draft),
    scope: draft.scope ?? defaultScope(type),
    metric: draft.metric,
    metrics: [...draft.metrics.values()],
    expires: family === "ipv6" ? draft.expires : undefined,
    preference: family === "ipv6" ? draft.preference : undefined,
    ttlPropagate: draft.ttlPropagate,
    hops,
    mode: draft.mode ?? (type === UNICAST ? "prepend" : "exclusive"),
  };
}

/** All addresses must be of one family, but that of an IPv4 route's gateway. */
function chooseFamily(line: RoutingLine, draft: Draft): IpFamily | undefined {
  const { destination, source, preferredSource } = draft;
  const named = [destination, source].flatMap((prefix) =>
    prefix === undefined || prefix === "default" ? [] : [prefix.address],
  );
  const strict = [...named, ...(preferredSource === undefined ? [] : [preferredSource])];
  const gateways = [draft.gateway, draft.secondGateway, ...draft.hops.map((hop) => hop.gateway)].filter(
    (gateway) => gateway !== undefined,
  );
  const [first = gateways[0]] = strict;
  const family = line.family ?? (first === undefined ? "ipv4" : familyOf(first));
  const foreign = [...strict, ...(family === "ipv6" ? gateways : [])].find((one) => familyOf(one) !== family);
  if (foreign === undefined) return family;
  return line.drop("family", line.span, `${foreign} is not of the route's address family`);
}

function resolveHops(line: RoutingLine, draft: Draft, type: number): readonly WeightedHop[] | undefined {
  const { gateway, interface: name, onlink, hops } = draft;
  if (draft.secondGateway !== undefined) {
    const hop: NextHop = { gateway, interface: name, onlink, realms: undefined, encap: undefined };
    return [
      { ...hop, weight: 1 },
      { ...hop, gateway: draft.secondGateway, weight: 1 },
    ];
  }
  if (hops.length > 0 && (gateway !== undefined || name !== undefined)) {
    return line.drop("two-hops", line.span, "a route has either via and dev, or next hops");
  }
  if (!HOPLESS.has(type) && hops.length === 0 && gateway === undefined && name === undefined) {
    return line.drop("no-hop", line.span, "the route leads nowhere", "it needs via, dev or nexthop");
  }
  const lost = hops.find((hop) => hop.gateway === undefined && hop.interface === undefined);
  if (lost === undefined) return hops;
  return line.drop("no-hop", line.span, "a next hop needs via or dev");
}

function defaultScope(type: number): number {
  if (OF_THE_HOST.has(type)) return SCOPE_HOST;
  return OF_THE_LINK.has(type) ? SCOPE_LINK : 0;
}

/** What is tracked must be recognised as ours. */
function resolveProtocol(line: RoutingLine, draft: Draft): number {
  if (draft.protocol === PROTOCOL_KEEPALIVED || draft.noTrack) return draft.protocol;
  line.context.report.repair("protocol", line.span, "a tracked route must have protocol keepalived (18)", {
    hint: "add no_track to keep the protocol",
    repair: "protocol keepalived is used",
  });
  return PROTOCOL_KEEPALIVED;
}

function reportForeignWords(line: RoutingLine, draft: Draft, family: IpFamily): void {
  if (family === "ipv6") {
    if (draft.realms !== undefined) line.ignore(line.span, "realms are for IPv4 only");
    return;
  }
  if (draft.expires !== undefined) line.ignore(line.span, "expires is for IPv6 only");
  if (draft.preference !== undefined) line.ignore(line.span, "pref is for IPv6 only");
}
