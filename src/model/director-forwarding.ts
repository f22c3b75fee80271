/** `lvs_method`, or `lb_kind` as it used to be called: how packets reach a server. */
import type { Diagnostics } from "../config/diagnostic.ts";
import { didYouMean } from "../config/suggest.ts";
import type { Word } from "../config/tree.ts";
import type { Forwarding } from "./director-models.ts";
import type { DraftBlock, DraftStatement } from "./draft.ts";

type Tunnel = Extract<Forwarding, { method: "tun" }>;

const METHODS = ["NAT", "DR", "TUN"] as const;
const TYPES = ["ipip", "gue", "gre"] as const;
const CHECKSUMS = { nocsum: "none", csum: "csum", remcsum: "remcsum" } as const;
const PLAIN: Tunnel = { method: "tun", type: "ipip", port: undefined, checksum: "none" };
const NAT: Forwarding = { method: "nat" };
const DIRECT: Forwarding = { method: "dr" };

/** The last of these keywords that says something, or undefined. */
export function readForwarding(
  block: DraftBlock,
  keywords: readonly string[],
  report: Diagnostics,
): Forwarding | undefined {
  let forwarding: Forwarding | undefined;
  for (const statement of block.statements) {
    if (keywords.includes(statement.row.keyword)) forwarding = forwardingOf(statement, report) ?? forwarding;
  }
  return forwarding;
}

function forwardingOf(statement: DraftStatement, report: Diagnostics): Forwarding | undefined {
  const [value] = statement.values;
  const [method, ...words] = value?.kind === "words" ? value.value : [];
  switch (method?.text) {
    case "NAT":
      return NAT;
    case "DR":
      return DIRECT;
    case "TUN":
      return words.length === 0 ? PLAIN : readTunnel(words, statement, report);
  }
  const span = method?.span ?? statement.keywordSpan;
  report.repair("invalid-value", span, `'${method?.text ?? ""}' is no forwarding method`, {
    hint: didYouMean(method?.text ?? "", METHODS) ?? "NAT, DR or TUN",
    repair: "the line is ignored",
  });
  return undefined;
}

/** keepalived falls back to a plain tunnel where it cannot read its kind. */
function readTunnel(words: readonly Word[], statement: DraftStatement, report: Diagnostics): Tunnel {
  let tunnel = PLAIN;
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    const next = words[at + 1];
    const read = readOption(tunnel, word?.text ?? "", next?.text);
    if (typeof read === "string") return plain(read, (next ?? word)?.span ?? statement.span, report);
    tunnel = read.tunnel;
    at += read.used - 1;
  }
  if ((tunnel.type === "gue") !== (tunnel.port !== undefined)) {
    const problem = tunnel.type === "gue" ? "gue needs a port" : `${tunnel.type} has no port`;
    return plain(problem, statement.span, report);
  }
  if (tunnel.type === "ipip" && tunnel.checksum !== "none") {
    return plain("ipip has no checksum", statement.span, report);
  }
  return tunnel;
}

function readOption(
  tunnel: Tunnel,
  word: string,
  value: string | undefined,
): { readonly tunnel: Tunnel; readonly used: number } | string {
  if (word === "type") {
    const type = TYPES.find((one) => one === value);
    return type === undefined
      ? `'${value ?? ""}' is no kind of tunnel`
      : { tunnel: { ...tunnel, type }, used: 2 };
  }
  if (word === "port") {
    const port = Number(value);
    const good = /^\d+$/.test(value ?? "") && port >= 1 && port <= 65535;
    return good ? { tunnel: { ...tunnel, port }, used: 2 } : `'${value ?? ""}' is no port`;
  }
  if (word === "nocsum" || word === "csum" || word === "remcsum") {
    return { tunnel: { ...tunnel, checksum: CHECKSUMS[word] }, used: 1 };
  }
  return `'${word}' means nothing for a tunnel`;
}

function plain(problem: string, span: Word["span"], report: Diagnostics): Tunnel {
  report.repair("tunnel", span, problem, {
    hint: "TUN type ipip, TUN type gue port NUMBER, or TUN type gre; csum or remcsum may follow the last two",
    repair: "a plain tunnel (ipip) is used",
  });
  return PLAIN;
}
