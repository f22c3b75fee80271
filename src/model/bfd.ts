/** `bfd_instance` blocks. */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import { familyOf, isMulticast, parseIp } from "../base/ip.ts";
import { formatSpan, millis, seconds } from "../base/time.ts";
import type { Span } from "../config/source.ts";
import type { Word } from "../config/tree.ts";
import type { ResolveContext } from "./context.ts";
import { checkInterface } from "./context.ts";
import { blockOf, type DraftBlock, type DraftStatement, nameOf } from "./draft.ts";
import type { BfdModel } from "./model.ts";
import { addressHint } from "./values.ts";

export interface DefinedBfds {
  /** Sessions that can run, by name. */
  readonly sessions: ReadonlyMap<string, BfdModel>;
  /** Names defined, among them those of sessions that cannot run. */
  readonly defined: ReadonlyMap<string, Span>;
}

interface Endpoint {
  readonly address: IpAddress;
  readonly interface: string | undefined;
  readonly span: Span;
}

const HOP_LIMIT: Readonly<Record<IpFamily, number>> = { ipv4: 255, ipv6: 64 };
/** Beyond these, keepalived warns. */
const LONGEST_SENSIBLE = seconds(10);
const MOST_SENSIBLE = 10;
/** RFC 5881 section 5: a packet that crossed no router has it. */
const UNROUTED_HOP_LIMIT = 255;

/** All sessions. One without a usable neighbour, or that is another one again, is left out as keepalived does. */
export function resolveBfds(root: DraftBlock, context: ResolveContext): DefinedBfds {
  const sessions = new Map<string, BfdModel>();
  const defined = new Map<string, Span>();
  for (const statement of root.all("bfd_instance")) {
    const name = nameOf(statement);
    if (defined.has(name)) {
      ignoreBlock(context, "duplicate-name", statement.span, `bfd_instance '${name}' is defined already`);
      continue;
    }
    defined.set(name, statement.span);
    const session = resolveBfd(name, statement, context);
    if (session === undefined) continue;
    const twin = [...sessions.values()].find((other) => endpointKey(other) === endpointKey(session));
    if (twin === undefined) sessions.set(name, session);
    else {
      const message = `bfd_instance '${name}' has neighbour and source of '${twin.name}'`;
      ignoreBlock(context, "duplicate-bfd", statement.span, message);
    }
  }
  return { sessions, defined };
}

function endpointKey({ neighbour, source, interface: device, multihop }: BfdModel): string {
  return `${neighbour}%${device ?? ""} ${source ?? ""} ${multihop}`;
}

function ignoreBlock(context: ResolveContext, code: string, span: Span, message: string): undefined {
  context.report.repair(code, span, message, { repair: "the block is ignored" });
  return undefined;
}

function resolveBfd(name: string, statement: DraftStatement, context: ResolveContext): BfdModel | undefined {
  const block = blockOf(statement);
  const neighbour = readEndpoint(block, ["neighbor_ip", "neighbour_ip"], context);
  const source = readEndpoint(block, ["source_ip"], context);
  if (neighbour === undefined) {
    const message = `bfd_instance '${name}' has no valid neighbor_ip`;
    return ignoreBlock(context, "no-neighbour", statement.span, message);
  }
  const family = familyOf(neighbour.address);
  if (source !== undefined && familyOf(source.address) !== family) {
    const message = `${source.address} is of another address family than ${neighbour.address}`;
    return ignoreBlock(context, "family", source.span, message);
  }
  const device = neighbour.interface ?? source?.interface;
  if (isLinkLocal(neighbour.address) && device === undefined && source === undefined) {
    context.report.repair("no-zone", neighbour.span, `${neighbour.address} says not on which interface`, {
      hint: `write ${neighbour.address}%INTERFACE, or set source_ip to an address of that interface`,
      repair: "the block is ignored",
    });
    return undefined;
  }
  const weight = block.weight("weight") ?? { weight: 0, reverse: false };
  const [vrrp, checker] = [block.has("vrrp"), block.has("checker")];
  const session: BfdModel = {
    name,
    family,
    neighbour: neighbour.address,
    source: source?.address,
    interface: device,
    ...resolvePath(block, family, context),
    ...resolveTimers(block, context),
    passive: block.has("passive"),
    weight: weight.weight,
    reverse: weight.reverse,
    tellsVrrp: vrrp || !checker,
    tellsChecker: checker || !vrrp,
  };
  return session;
}

function isLinkLocal(address: IpAddress): boolean {
  return /^fe[89ab][0-9a-f]:/.test(address);
}

/** The last statement of these keywords, as an address with an interface where it names one. */
function readEndpoint(
  block: DraftBlock,
  keywords: readonly string[],
  context: ResolveContext,
): Endpoint | undefined {
  const statement = block.statements.findLast(({ row }) => keywords.includes(row.keyword));
  const value = statement?.values[0];
  const word: Word | undefined = value?.kind === "words" ? value.value[0] : undefined;
  if (word === undefined) return undefined;
  const [text = "", zone] = word.text.split("%", 2);
  const address = parseIp(text);
  if (address === undefined || isMulticast(address)) {
    const what = address === undefined ? "no IP address" : "a multicast address";
    context.report.repair("invalid-value", word.span, `'${word.text}' is ${what}`, {
      hint: addressHint(text),
      repair: "the line is ignored",
    });
    return undefined;
  }
  if (zone !== undefined && !checkInterface(context, zone, word.span, "interface")) return undefined;
  return { address, interface: zone, span: word.span };
}

function resolvePath(
  block: DraftBlock,
  family: IpFamily,
  context: ResolveContext,
): Pick<BfdModel, "multihop" | "hopLimit" | "maxHops"> {
  const last = block.statements.findLast(({ row }) => row.keyword === "ttl" || row.keyword === "hoplimit");
  const value = last?.values[0];
  const hopLimit = value?.kind === "number" ? value.value : HOP_LIMIT[family];
  const multihop = block.flag("multihop") ?? false;
  const maxHops = block.number("max_hops") ?? 0;
  if (multihop && maxHops === 0 && hopLimit === UNROUTED_HOP_LIMIT) {
    context.report.note("multihop", block.last("multihop")?.keywordSpan, "multihop with max_hops 0", {
      hint: "no packet that crossed a router is accepted: set max_hops to the number of routers, or to -1",
    });
  }
  return { multihop, hopLimit, maxHops };
}

function resolveTimers(
  block: DraftBlock,
  context: ResolveContext,
): Pick<BfdModel, "requiredMinRx" | "desiredMinTx" | "idleTx" | "multiplier"> {
  const timers = {
    requiredMinRx: block.span("min_rx") ?? millis(10),
    desiredMinTx: block.span("min_tx") ?? millis(10),
    idleTx: block.span("idle_tx") ?? seconds(1),
    multiplier: block.number("multiplier") ?? 5,
  };
  const spans = [
    ["min_rx", timers.requiredMinRx],
    ["min_tx", timers.desiredMinTx],
    ["idle_tx", timers.idleTx],
  ] as const;
  for (const [keyword, value] of spans) {
    if (value <= LONGEST_SENSIBLE) continue;
    const message = `${keyword} of ${formatSpan(value)} is longer than sensible (${formatSpan(LONGEST_SENSIBLE)})`;
    context.report.note("long-interval", block.last(keyword)?.span, message);
  }
  if (timers.multiplier > MOST_SENSIBLE) {
    const message = `multiplier ${timers.multiplier} is higher than sensible (${MOST_SENSIBLE})`;
    context.report.note("high-multiplier", block.last("multiplier")?.span, message);
  }
  return timers;
}
