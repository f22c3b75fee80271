/** `unicast_peer` and the words that go with it. */
import { familyOf, type IpAddress, type IpFamily, isMulticast, parseIp } from "../base/ip.ts";
import type { Span } from "../config/source.ts";
import { didYouMean } from "../config/suggest.ts";
import type { Entry, Word } from "../config/tree.ts";
import type { UnicastModel, UnicastPeerModel } from "./advertising.ts";
import type { ResolveContext } from "./context.ts";
import type { DraftBlock } from "./draft.ts";
import type { InstanceDefaults } from "./globals.ts";

const LARGEST_HOP_LIMIT = 255;
/** Labels of letters, digits and hyphens (RFC 1123 section 2.1); one that is all digits and dots is a mistyped address. */
const HOST_NAME =
  /^(?=.{1,253}$)(?![\d.]+$)[a-z\d_]([a-z\d_-]*[a-z\d_])?(\.[a-z\d_]([a-z\d_-]*[a-z\d_])?)*\.?$/i;
/** Words that mean unicast without naming a peer. */
const UNICAST_WORDS = ["unicast_src_ip", "check_unicast_src", "old_unicast_checksum", "unicast_ttl"];

interface Peer {
  readonly model: UnicastPeerModel;
  readonly span: Span;
}

/** What the addresses of peers have to fit to. */
export interface UnicastSurroundings {
  readonly name: string;
  readonly family: IpFamily;
  readonly interface: string | undefined;
  readonly sourceAddress: IpAddress | undefined;
  readonly defaults: InstanceDefaults;
}

/** The family of the first peer that is an address. */
export function peerFamily(block: DraftBlock): IpFamily | undefined {
  for (const { entries } of block.all("unicast_peer")) {
    for (const { words } of entries) {
      const address = parseIp(words[0]?.text ?? "");
      if (address !== undefined) return familyOf(address);
    }
  }
  return undefined;
}

/** Undefined means multicast. A list of peers that turns out empty is refused: multicast would look like a working pair. */
export function resolveUnicast(
  block: DraftBlock,
  surroundings: UnicastSurroundings,
  context: ResolveContext,
): UnicastModel | undefined {
  const lists = block.all("unicast_peer");
  const mayWait = block.has("unicast_fault_no_peer");
  if (lists.length === 0 && !mayWait) {
    reportWordsWithoutPeers(block, context);
    return undefined;
  }
  const peers = readPeers(block, surroundings, context);
  if (peers.length === 0 && !mayWait) {
    context.report.refuse("no-peers", lists[0]?.span, `'${surroundings.name}' has no unicast peer`, {
      hint: "name the other routers, or take unicast_peer out to use multicast",
    });
  } else if (peers.length === 0) {
    const at = lists[0]?.span ?? block.last("unicast_fault_no_peer")?.span;
    context.report.note("no-peers", at, `'${surroundings.name}' has no unicast peer`, {
      hint: "it stays in FAULT, as unicast_fault_no_peer says",
    });
  }
  const windowed = peers.some(({ minTtl, maxTtl }) => minTtl !== undefined || maxTtl !== undefined);
  return {
    peers,
    hopLimit: hopLimitOf(block, context),
    checkSource: windowed || block.has("check_unicast_src") || surroundings.defaults.checkUnicastSource,
    oldChecksum: oldChecksumOf(block),
  };
}

function reportWordsWithoutPeers(block: DraftBlock, context: ResolveContext): void {
  const word = block.statements.find(({ row }) => UNICAST_WORDS.includes(row.keyword));
  if (word === undefined) return;
  context.report.repair(
    "no-peers",
    word.span,
    `'${word.row.keyword}' belongs to unicast, and there is no unicast_peer`,
    { hint: "add unicast_peer with the other routers", repair: "multicast is used" },
  );
}

function hopLimitOf(block: DraftBlock, context: ResolveContext): number {
  const wanted = block.number("unicast_ttl") ?? LARGEST_HOP_LIMIT;
  if (wanted > 0) return wanted;
  context.report.repair("out-of-range", block.last("unicast_ttl")?.span, "no packet leaves with TTL 0", {
    repair: "1 is used",
  });
  return 1;
}

function oldChecksumOf(block: DraftBlock): UnicastModel["oldChecksum"] {
  if (!block.has("old_unicast_checksum")) return "auto";
  return block.text("old_unicast_checksum") === "never" ? "never" : "always";
}

function readPeers(
  block: DraftBlock,
  surroundings: UnicastSurroundings,
  context: ResolveContext,
): readonly UnicastPeerModel[] {
  const peers: UnicastPeerModel[] = [];
  const seen = new Set<string>();
  for (const { entries } of block.all("unicast_peer")) {
    for (const entry of entries) {
      const peer = readPeer(entry, surroundings, context);
      if (peer === undefined) continue;
      const { host } = peer.model;
      if (seen.has(host)) leaveOut(context, "duplicate-peer", peer.span, `peer ${host} stands here already`);
      else peers.push(peer.model);
      seen.add(host);
    }
  }
  return peers;
}

function readPeer(
  entry: Entry,
  surroundings: UnicastSurroundings,
  context: ResolveContext,
): Peer | undefined {
  const [first, ...options] = entry.words;
  if (first === undefined) return undefined;
  const address = parseIp(first.text);
  if (!isUsable(first, address, surroundings, context)) return undefined;
  const window: TtlWindow = { minTtl: undefined, maxTtl: undefined };
  for (let at = 0; at < options.length; ) at += readOption(options, at, window, context);
  const { minTtl, maxTtl } = window;
  if ((minTtl ?? 0) > (maxTtl ?? LARGEST_HOP_LIMIT)) {
    context.report.repair(
      "ttl-window",
      entry.span,
      `min_ttl ${minTtl} is above max_ttl ${maxTtl}: no packet would pass`,
      { repair: "neither is used" },
    );
    window.minTtl = undefined;
    window.maxTtl = undefined;
  }
  return { span: entry.span, model: { host: address ?? first.text.toLowerCase(), address, ...window } };
}

function isUsable(
  word: Word,
  address: IpAddress | undefined,
  { family, interface: device, sourceAddress }: UnicastSurroundings,
  context: ResolveContext,
): boolean {
  const no = (code: string, message: string): false => leaveOut(context, code, word.span, message);
  if (address === undefined) {
    return (
      HOST_NAME.test(word.text) ||
      no("invalid-address", `'${word.text}' is neither an address nor a host name`)
    );
  }
  if (familyOf(address) !== family) return no("family", `peer ${address} is of the other address family`);
  if (isMulticast(address)) return no("invalid-address", `peer ${address} is a multicast group`);
  const own = context.facts.interfaces?.find(({ name }) => name === device)?.addresses ?? [];
  if (address === sourceAddress || (sourceAddress === undefined && own.includes(address))) {
    return no("own-peer", `peer ${address} is this router itself`);
  }
  return true;
}

function leaveOut(context: ResolveContext, code: string, span: Span, message: string): false {
  context.report.repair(code, span, message, { repair: "the peer is left out" });
  return false;
}

interface TtlWindow {
  minTtl: number | undefined;
  maxTtl: number | undefined;
}

/** Reads the option at a word and answers how many words it took. */
function readOption(words: readonly Word[], at: number, window: TtlWindow, context: ResolveContext): number {
  const word = words[at];
  const value = words[at + 1];
  if (word === undefined) return 1;
  if (word.text !== "min_ttl" && word.text !== "max_ttl") {
    const hint = didYouMean(word.text, ["min_ttl", "max_ttl"]);
    context.report.repair("unknown-option", word.span, `'${word.text}' means nothing after a peer`, {
      ...(hint === undefined ? {} : { hint }),
      repair: "the word is ignored",
    });
    return 1;
  }
  const ttl = value !== undefined && /^\d{1,3}$/.test(value.text) ? Number(value.text) : undefined;
  if (ttl === undefined || ttl > LARGEST_HOP_LIMIT) {
    context.report.repair(
      "invalid-value",
      (value ?? word).span,
      `'${word.text}' needs a number from 0 to 255`,
      {
        repair: "it is ignored",
      },
    );
    return value === undefined ? 1 : 2;
  }
  window[word.text === "min_ttl" ? "minTtl" : "maxTtl"] = ttl;
  return 2;
}
