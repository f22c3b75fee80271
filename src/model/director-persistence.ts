/** For how long a client stays with its server, and who counts as one client. */
import { type IpFamily, ipv4ToNumber } from "../base/ip.ts";
import type { ResolveContext } from "./context.ts";
import type { ServiceHead } from "./director-head.ts";
import type { Persistence } from "./director-models.ts";
import type { DraftBlock, DraftStatement } from "./draft.ts";

/** keepalived's, in seconds. */
const USUAL_TIMEOUT = 360;

export function resolvePersistence(
  block: DraftBlock,
  head: ServiceHead,
  family: IpFamily,
  statement: DraftStatement,
  context: ResolveContext,
): Persistence | undefined {
  const timeout = readTimeout(block, context);
  const prefixLength = readGranularity(block, family, context);
  const engine = block.text("persistence_engine");
  if (timeout === undefined && prefixLength === undefined && !needsPersistence(head, statement, context)) {
    return undefined;
  }
  return {
    timeout: timeout ?? USUAL_TIMEOUT,
    prefixLength: prefixLength ?? (family === "ipv4" ? 32 : 128),
    engine,
  };
}

/** `persistence_timeout 0`, as files of keepalived 1.x say it, is none. */
function readTimeout(block: DraftBlock, { report }: ResolveContext): number | undefined {
  const statement = block.last("persistence_timeout");
  if (statement === undefined) return undefined;
  const [value] = statement.values;
  if (value?.kind !== "number") return USUAL_TIMEOUT;
  if (value.value > 0) return value.value;
  report.repair("old-value", statement.span, "persistence_timeout 0 means no persistence", {
    hint: "leave the line out",
    repair: "the line is ignored",
  });
  return undefined;
}

/** Every port as one service: the kernel allows it only with persistence. */
function needsPersistence(head: ServiceHead, statement: DraftStatement, { report }: ResolveContext): boolean {
  if (head.kind !== "address" || head.port !== 0) return false;
  report.repair("zero-port", statement.keywordSpan, "a service of every port (0) needs persistence", {
    hint: "set persistence_timeout",
    repair: `persistence_timeout ${USUAL_TIMEOUT} is used`,
  });
  return true;
}

function readGranularity(
  block: DraftBlock,
  family: IpFamily,
  { report }: ResolveContext,
): number | undefined {
  const [value] = block.last("persistence_granularity")?.values ?? [];
  const [word] = value?.kind === "words" ? value.value : [];
  if (word === undefined) return undefined;
  const length =
    family === "ipv6" ? lengthOf(word.text, 128) : (maskLength(word.text) ?? lengthOf(word.text, 32));
  if (length === undefined) {
    report.repair("invalid-value", word.span, `'${word.text}' is no persistence_granularity`, {
      hint: family === "ipv4" ? "a netmask such as 255.255.255.0" : "a prefix length from 1 to 128",
      repair: "the line is ignored",
      exitClass: "silent",
    });
  } else if (family === "ipv4" && !word.text.includes(".")) {
    report.note("prefix-length", word.span, `'${word.text}' is read as a prefix length`, {
      hint: `keepalived would read it as the netmask 0.0.0.${word.text}`,
    });
  }
  return length;
}

function lengthOf(text: string, longest: number): number | undefined {
  const length = Number(text);
  return /^\d{1,3}$/.test(text) && length >= 1 && length <= longest ? length : undefined;
}

/** Ones, then zeros. */
function maskLength(text: string): number | undefined {
  const mask = ipv4ToNumber(text);
  if (mask === undefined || mask === 0) return undefined;
  const length = Math.clz32(~mask);
  return mask === (0xffffffff << (32 - length)) >>> 0 ? length : undefined;
}
