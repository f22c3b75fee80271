/** What services, servers and checks take from around them. */
import type { IpAddress } from "../base/ip.ts";
import { type Micros, seconds } from "../base/time.ts";
import type { DefinedBfds } from "./bfd.ts";
import type { ScriptPolicy } from "./commands.ts";
import type { ResolveContext } from "./context.ts";
import type { GroupMember } from "./director-groups.ts";
import type { DraftBlock, DraftStatement } from "./draft.ts";
import type { Defined } from "./track-files.ts";
import type { TrackFileModel } from "./tracker-models.ts";

/** What checks take from around their server. */
export interface CheckSurroundings {
  readonly policy: ScriptPolicy;
  readonly bfds: DefinedBfds;
  readonly files: Defined<TrackFileModel>;
  /** `checker_log_all_failures`. */
  readonly logAllFailures: boolean;
}

/** Settings that a virtual server and its real servers hand down; undefined where neither says anything. */
export interface InheritedSettings {
  readonly delayLoop: Micros;
  readonly warmup: Micros | undefined;
  readonly retry: number | undefined;
  readonly delayBeforeRetry: Micros | undefined;
  readonly jitter: Micros;
  readonly connectTimeout: Micros;
  readonly virtualHost: string | undefined;
}

/** The server that is checked. */
export interface CheckedServer {
  /** As the log writes it. */
  readonly name: string;
  readonly address: IpAddress;
  readonly port: number;
  readonly alpha: boolean;
  readonly settings: InheritedSettings;
}

export const BUILT_IN_SETTINGS: InheritedSettings = {
  delayLoop: seconds(60),
  warmup: undefined,
  retry: undefined,
  delayBeforeRetry: undefined,
  jitter: 0,
  connectTimeout: seconds(5),
  virtualHost: undefined,
};

const SETTINGS: ReadonlySet<string> = new Set([
  "delay_loop",
  "warmup",
  "retry",
  "delay_before_retry",
  "check_jitter",
  "connect_timeout",
  "virtualhost",
]);

/** What a block says itself, and what it takes from around it. */
export function inheritSettings(block: DraftBlock, outer: InheritedSettings): InheritedSettings {
  if (!block.statements.some(({ row }) => SETTINGS.has(row.keyword))) return outer;
  return {
    delayLoop: block.span("delay_loop") ?? outer.delayLoop,
    warmup: block.span("warmup") ?? outer.warmup,
    retry: block.number("retry") ?? outer.retry,
    delayBeforeRetry: block.span("delay_before_retry") ?? outer.delayBeforeRetry,
    jitter: block.span("check_jitter") ?? outer.jitter,
    connectTimeout: block.span("connect_timeout") ?? outer.connectTimeout,
    virtualHost: block.text("virtualhost") ?? outer.virtualHost,
  };
}

/** What services take from around them. */
export interface ServiceSurroundings extends CheckSurroundings {
  readonly groups: ReadonlyMap<string, readonly GroupMember[]>;
  /** `smtp_alert_checker`, `smtp_alert`; undefined where neither is set. */
  readonly smtpAlert: boolean | undefined;
}

/** Reports a check that cannot run; its server is up as far as it is concerned. */
export function leaveOut(
  code: string,
  statement: DraftStatement,
  message: string,
  context: ResolveContext,
  hint?: string,
): undefined {
  context.report.repair(code, statement.keywordSpan, message, {
    ...(hint === undefined ? {} : { hint }),
    repair: "the check is left out: it never takes the server down",
  });
  return undefined;
}
