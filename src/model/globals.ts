/** `global_defs`: settings of the daemon, and the defaults of instances. */
import type { IpAddress } from "../base/ip.ts";
import { type Micros, seconds } from "../base/time.ts";
import type { ResolveContext } from "./context.ts";
import { blockOf, DraftBlock } from "./draft.ts";
import type { DumpModel } from "./dump-model.ts";
import { MULTICAST_GROUP } from "./keys.ts";
import type { MailModel } from "./mail-model.ts";
import type { ExtraGarpModel, GarpModel, GlobalModel, HostFacts } from "./model.ts";
import { resolveScheduling } from "./scheduling.ts";
import { NO_VERIFICATION_DEFAULTS, resolveVerification, type VerificationModel } from "./verification.ts";

/** What instances take where they set nothing themselves. */
export interface InstanceDefaults {
  readonly version: 2 | 3;
  readonly garp: GarpModel;
  readonly verification: VerificationModel;
  readonly downTimerAdverts: number;
  readonly lowerPrioNoAdvert: boolean;
  readonly higherPrioSendAdvert: boolean;
  readonly ownerIgnoreAdverts: boolean;
  readonly skipCheckAdvAddr: boolean;
  readonly strict: boolean;
  readonly v3ChecksumAsV2: boolean;
  readonly checkUnicastSource: boolean;
  readonly multicastGroup4: IpAddress;
  readonly multicastGroup6: IpAddress;
  readonly smtpAlert: boolean;
  readonly notifyPriorityChanges: boolean;
  readonly notifyTimeout: Micros;
}

const NOTIFY_TIMEOUT = seconds(60);
const SMTP_PORT = 25;
/** A day. */
const LONGEST_EXTRA = 86_400;

/** All `global_defs` blocks as one: what stands later wins. */
export function mergeGlobals(root: DraftBlock): DraftBlock {
  return new DraftBlock(
    "global_defs",
    root.all("global_defs").flatMap((statement) => blockOf(statement).statements),
  );
}

export function resolveInstanceDefaults(globals: DraftBlock, context: ResolveContext): InstanceDefaults {
  return {
    version: globals.number("vrrp_version") === 3 ? 3 : 2,
    garp: resolveGlobalGarp(globals, context),
    verification: resolveVerification(globals, NO_VERIFICATION_DEFAULTS, context, "vrrp_"),
    downTimerAdverts: globals.number("vrrp_down_timer_adverts") ?? 3,
    lowerPrioNoAdvert: globals.flag("vrrp_lower_prio_no_advert") ?? false,
    higherPrioSendAdvert: globals.flag("vrrp_higher_prio_send_advert") ?? false,
    ownerIgnoreAdverts: globals.flag("vrrp_owner_ignore_adverts") ?? false,
    skipCheckAdvAddr: globals.flag("vrrp_skip_check_adv_addr") ?? false,
    strict: globals.flag("vrrp_strict") ?? false,
    v3ChecksumAsV2: globals.flag("v3_checksum_as_v2") ?? false,
    checkUnicastSource: globals.has("vrrp_check_unicast_src"),
    multicastGroup4: globals.address("vrrp_mcast_group4") ?? MULTICAST_GROUP.ipv4,
    multicastGroup6: globals.address("vrrp_mcast_group6") ?? MULTICAST_GROUP.ipv6,
    smtpAlert: globals.flag("smtp_alert_vrrp") ?? globals.flag("smtp_alert") ?? false,
    notifyPriorityChanges: globals.flag("vrrp_notify_priority_changes") ?? false,
    notifyTimeout: globals.span("notify_timeout") ?? NOTIFY_TIMEOUT,
  };
}

function resolveGlobalGarp(globals: DraftBlock, context: ResolveContext): GarpModel {
  const fewest = globals.flag("vrrp_min_garp") ?? false;
  const masterDelay = globals.span("vrrp_garp_master_delay") ?? (fewest ? 0 : seconds(5));
  const masterRepeat = repeatOf(globals, "vrrp_garp_master_repeat", context) ?? (fewest ? 1 : 5);
  return {
    masterRepeat,
    masterDelay,
    masterRefresh: globals.span("vrrp_garp_master_refresh") ?? 0,
    masterRefreshRepeat: repeatOf(globals, "vrrp_garp_master_refresh_repeat", context) ?? 1,
    lowerPrioDelay: globals.span("vrrp_garp_lower_prio_delay") ?? masterDelay,
    lowerPrioRepeat: globals.number("vrrp_garp_lower_prio_repeat") ?? masterRepeat,
    garpInterval: globals.span("vrrp_garp_interval") ?? 0,
    gnaInterval: globals.span("vrrp_gna_interval") ?? 0,
    extra: extraGarpOf(globals, ["vrrp_garp_extra_if", "vrrp_vmac_garp_intvl"], context),
  };
}

/** A number of announcements, of which there is at least one. */
export function repeatOf(block: DraftBlock, keyword: string, context: ResolveContext): number | undefined {
  const value = block.number(keyword);
  if (value !== 0) return value;
  context.report.repair("out-of-range", block.last(keyword)?.span, `'${keyword}' must be greater than 0`, {
    repair: "1 is used",
  });
  return 1;
}

/** `[all] SECONDS` under the last of these names; undefined where it is off or wrong. */
export function extraGarpOf(
  block: DraftBlock,
  keywords: readonly string[],
  context: ResolveContext,
): ExtraGarpModel | undefined {
  const statement = block.statements.findLast(({ row }) => keywords.includes(row.keyword));
  const [value] = statement?.values ?? [];
  if (statement === undefined || value?.kind !== "words") return undefined;
  const [first, second] = value.value;
  const everywhere = first?.text === "all";
  const word = everywhere ? second : first;
  const period = word !== undefined && /^\d{1,5}$/.test(word.text) ? Number(word.text) : undefined;
  if (period === undefined || period > LONGEST_EXTRA) {
    context.report.repair(
      "invalid-value",
      (word ?? first)?.span ?? statement.span,
      `'${word?.text ?? "all"}' is no number of seconds from 0 to ${LONGEST_EXTRA}`,
      { repair: "the line is ignored" },
    );
    return undefined;
  }
  return period === 0 ? undefined : { interval: seconds(period), everywhere };
}

export function resolveGlobal(root: DraftBlock, globals: DraftBlock, context: ResolveContext): GlobalModel {
  return {
    routerId: routerIdOf(globals, context.facts),
    instanceName: root.text("instance"),
    enableScriptSecurity: globals.has("enable_script_security"),
    process: {
      ...resolveScheduling(globals, "vrrp", context),
      disableLocalIgmp: globals.has("disable_local_igmp"),
    },
    dynamicInterfaces: context.dynamicInterfaces,
    processMonitorBuffer: resolveMonitorBuffer(globals),
    dumps: resolveDumps(globals),
    reloadCheckConfig: globals.has("reload_check_config"),
  };
}

function resolveDumps(globals: DraftBlock): DumpModel | undefined {
  const words = ["json_version", "data_use_instance", "state_dump_file", "stats_dump_file", "json_dump_file"];
  if (!words.some((word) => globals.has(word))) return undefined;
  return {
    jsonVersion: globals.number("json_version") === 2 ? 2 : 1,
    useInstance: globals.flag("data_use_instance") ?? false,
    state: globals.text("state_dump_file"),
    stats: globals.text("stats_dump_file"),
    json: globals.text("json_dump_file"),
  };
}

function resolveMonitorBuffer(globals: DraftBlock): GlobalModel["processMonitorBuffer"] {
  const bytes = globals.number("process_monitor_rcv_bufs");
  if (bytes === undefined) return undefined;
  return { bytes, force: globals.flag("process_monitor_rcv_bufs_force") ?? false };
}

function routerIdOf(globals: DraftBlock, facts: HostFacts): string {
  return globals.text("router_id") ?? facts.hostName;
}

/** Undefined unless there is somebody to write to and a server to carry it. */
export function resolveMail(globals: DraftBlock, context: ResolveContext): MailModel | undefined {
  const recipients = globals
    .all("notification_email")
    .flatMap((statement) => statement.entries.flatMap((entry) => entry.words.map((word) => word.text)));
  const server = globals.last("smtp_server");
  const [host, port] = server?.values ?? [];
  if (recipients.length === 0 || host?.kind !== "text") {
    reportMailless(globals, recipients.length > 0, context);
    return undefined;
  }
  const timeout = globals.span("smtp_connect_timeout");
  if (timeout === 0) {
    context.report.repair(
      "out-of-range",
      globals.last("smtp_connect_timeout")?.span,
      "'smtp_connect_timeout' must be greater than 0",
      { repair: "1 is used" },
    );
  }
  const { hostName, self } = context.facts;
  return {
    from: globals.text("notification_email_from") ?? `${self.name}@${hostName}`,
    recipients,
    server: host.value,
    port: port?.kind === "number" ? port.value : SMTP_PORT,
    heloName: globals.text("smtp_helo_name") ?? hostName,
    connectTimeout: timeout === 0 ? seconds(1) : (timeout ?? seconds(30)),
    routerId: routerIdOf(globals, context.facts),
  };
}

function reportMailless(globals: DraftBlock, hasRecipients: boolean, context: ResolveContext): void {
  const wish = globals.last("smtp_alert_vrrp") ?? globals.last("smtp_alert") ?? globals.last("smtp_server");
  const subject = hasRecipients ? globals.last("notification_email") : wish;
  if (subject === undefined) return;
  context.report.note("no-mail", subject.span, "no mail is sent", {
    hint: hasRecipients ? "smtp_server is missing" : "notification_email is missing",
  });
}
