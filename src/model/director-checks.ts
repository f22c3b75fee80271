/** Checks of a real server: what each asks, and when. */
import { type Micros, seconds } from "../base/time.ts";
import type { ResolveContext } from "./context.ts";
import type { CheckModel, CheckTiming, ProbeModel } from "./director-models.ts";
import { resolveProbes } from "./director-probes.ts";
import type { CheckedServer, CheckSurroundings, InheritedSettings } from "./director-settings.ts";
import { blockOf, type DraftBlock, type DraftStatement } from "./draft.ts";

/** What a kind of check does where nobody says anything; without a delay before retries it is `delay_loop`. */
interface TypeDefaults {
  readonly retry: number;
  readonly delayBeforeRetry: Micros | undefined;
}

const TYPE_DEFAULTS: ReadonlyMap<string, TypeDefaults> = new Map([
  ["HTTP_GET", { retry: 1, delayBeforeRetry: seconds(3) }],
  ["SSL_GET", { retry: 1, delayBeforeRetry: seconds(3) }],
  ["TCP_CHECK", { retry: 1, delayBeforeRetry: seconds(1) }],
  ["SMTP_CHECK", { retry: 1, delayBeforeRetry: seconds(1) }],
  ["DNS_CHECK", { retry: 3, delayBeforeRetry: undefined }],
  ["UDP_CHECK", { retry: 1, delayBeforeRetry: seconds(1) }],
  ["PING_CHECK", { retry: 1, delayBeforeRetry: seconds(1) }],
  ["MISC_CHECK", { retry: 0, delayBeforeRetry: seconds(1) }],
]);
/** These are told of changes; they ask nobody. */
const TOLD: TypeDefaults = { retry: 0, delayBeforeRetry: 0 };
const WITHOUT_TIMING: ReadonlySet<string> = new Set(["FILE_CHECK", "BFD_CHECK"]);

/** The checks of a real server in the order they stand. */
export function resolveChecks(
  block: DraftBlock,
  server: CheckedServer,
  surroundings: CheckSurroundings,
  context: ResolveContext,
): readonly CheckModel[] {
  const checks: CheckModel[] = [];
  for (const statement of block.statements) {
    if (!isCheck(statement)) continue;
    const inner = blockOf(statement);
    const settings = settingsOf(statement, inner, server.settings, context);
    const timing = timingOf(statement.row.keyword, settings);
    const probes = resolveProbes(statement, { ...server, settings }, surroundings, context);
    for (const probe of probes) {
      checks.push({
        key: uniqueKey(probe, checks),
        timing,
        alpha: alphaOf(statement, inner) ?? server.alpha,
        logAllFailures: logsAll(statement, inner) ?? surroundings.logAllFailures,
        probe,
      });
    }
  }
  return checks;
}

function isCheck({ row }: DraftStatement): boolean {
  return TYPE_DEFAULTS.has(row.keyword) || WITHOUT_TIMING.has(row.keyword);
}

function settingsOf(
  { row }: DraftStatement,
  block: DraftBlock,
  outer: InheritedSettings,
  context: ResolveContext,
): InheritedSettings {
  if (WITHOUT_TIMING.has(row.keyword)) return outer;
  const isHttp = row.keyword === "HTTP_GET" || row.keyword === "SSL_GET";
  const isProgram = row.keyword === "MISC_CHECK";
  return {
    delayLoop: block.span("delay_loop") ?? outer.delayLoop,
    warmup: block.span("warmup") ?? outer.warmup,
    retry: block.number("retry") ?? (isHttp ? oldRetry(block, context) : undefined) ?? outer.retry,
    delayBeforeRetry: block.span("delay_before_retry") ?? outer.delayBeforeRetry,
    jitter: block.span("check_jitter") ?? outer.jitter,
    connectTimeout: (isProgram ? undefined : block.span("connect_timeout")) ?? outer.connectTimeout,
    virtualHost: (isHttp ? block.text("virtualhost") : undefined) ?? outer.virtualHost,
  };
}

/** `nb_get_retry`, of which keepalived's config test complains. */
function oldRetry(block: DraftBlock, context: ResolveContext): number | undefined {
  const statement = block.last("nb_get_retry");
  if (statement === undefined) return undefined;
  context.report.note("old-keyword", statement.keywordSpan, "'nb_get_retry' is the old name of 'retry'", {
    exitClass: "config-error",
  });
  return block.number("nb_get_retry");
}

function timingOf(keyword: string, settings: InheritedSettings): CheckTiming {
  const defaults = TYPE_DEFAULTS.get(keyword) ?? TOLD;
  const { delayLoop, jitter } = settings;
  const warmup = settings.warmup ?? delayLoop;
  const retry = settings.retry ?? defaults.retry;
  const delayBeforeRetry = settings.delayBeforeRetry ?? defaults.delayBeforeRetry ?? delayLoop;
  return { delayLoop, warmup, retry, delayBeforeRetry, jitter };
}

function alphaOf({ row }: DraftStatement, block: DraftBlock): boolean | undefined {
  return row.keyword === "FILE_CHECK" ? undefined : block.flag("alpha");
}

function logsAll({ row }: DraftStatement, block: DraftBlock): boolean | undefined {
  return WITHOUT_TIMING.has(row.keyword) ? undefined : block.flag("log_all_failures");
}

/** Timing is no part of it: a check that only becomes more frequent keeps its state. */
function uniqueKey(probe: ProbeModel, others: readonly CheckModel[]): string {
  const key = JSON.stringify(probe);
  const same = others.filter((other) => other.probe.kind === probe.kind && other.key.startsWith(key)).length;
  return same === 0 ? key : `${key}#${same + 1}`;
}
