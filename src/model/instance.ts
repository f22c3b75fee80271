/** One `vrrp_instance`: defaults, references and keepalived's repairs. */
import { familyOf, type IpAddress, type IpFamily } from "../base/ip.ts";
import type { Span } from "../config/source.ts";
import type { ReadAddress } from "./addresses.ts";
import type { AuthenticationModel } from "./advertising.ts";
import { resolveAuthHmac } from "./auth-hmac.ts";
import { resolveAuthentication } from "./authentication.ts";
import type { DefinedBfds } from "./bfd.ts";
import type { ScriptPolicy } from "./commands.ts";
import { checkInterface, type ResolveContext } from "./context.ts";
import { blockOf, type DraftBlock, type DraftStatement, nameOf } from "./draft.ts";
import { extraGarpOf, type InstanceDefaults, repeatOf } from "./globals.ts";
import { overheadOf, readAddresses, reportHomeless, sortAddresses } from "./instance-addresses.ts";
import { resolveInterval } from "./interval.ts";
import { instanceKey } from "./keys.ts";
import type { GarpModel, VrrpInstanceModel } from "./model.ts";
import { resolveNotify } from "./notify.ts";
import { resolveRouting } from "./routing.ts";
import type { FreePreferences } from "./rules.ts";
import type { DefinedScripts } from "./scripts.ts";
import type { ResolvedStatics } from "./statics.ts";
import { obeyStrictMode, refusesPackets } from "./strict.ts";
import type { Defined } from "./track-files.ts";
import type { TrackFileModel, TrackProcessModel } from "./tracker-models.ts";
import {
  resolveTrackedBfds,
  resolveTrackedNumbers,
  resolveTrackedScripts,
  resolveTrackInterfaces,
} from "./tracking.ts";
import { peerFamily, resolveUnicast } from "./unicast.ts";
import { resolveVerification } from "./verification.ts";
import {
  AddressPlaces,
  type InterfaceNames,
  resolveTransmitBase,
  resolveVirtualInterface,
  resolveVrf,
} from "./virtual-interfaces.ts";

/** Everything outside the block that an instance depends on. */
export interface InstanceSurroundings {
  readonly defaults: InstanceDefaults;
  readonly policy: ScriptPolicy;
  readonly scripts: DefinedScripts;
  readonly bfds: DefinedBfds;
  readonly files: Defined<TrackFileModel>;
  readonly processes: Defined<TrackProcessModel>;
  readonly names: InterfaceNames;
  readonly statics: ResolvedStatics;
  readonly preferences: FreePreferences;
}

/** An instance and where it was written. */
export interface ResolvedInstance {
  readonly model: VrrpInstanceModel;
  readonly span: Span;
}

const OWNER_PRIORITY = 255;
const DEFAULT_PRIORITY = 100;
const NO_AUTHENTICATION: AuthenticationModel = { kind: "none" };
/** Of a router that does not own the addresses. */
const HIGHEST_PRIORITY = 254;

/** The instance, or undefined where it cannot be run at all; the reason is a refusal then. */
export function resolveInstance(
  statement: DraftStatement,
  surroundings: InstanceSurroundings,
  context: ResolveContext,
): ResolvedInstance | undefined {
  const block = blockOf(statement);
  const read = readInstance(statement, surroundings, context);
  const strict = block.flag("strict_mode") ?? surroundings.defaults.strict;
  if (read === undefined || !strict) return read;
  return { ...read, model: obeyStrictMode(read.model, block, read.span, context) };
}

function readInstance(
  statement: DraftStatement,
  surroundings: InstanceSurroundings,
  context: ResolveContext,
): ResolvedInstance | undefined {
  const block = blockOf(statement);
  const name = nameOf(statement);
  const { defaults } = surroundings;
  const at = statement.span;
  const interfaceName = resolveInterface(block, name, at, context);
  const virtualRouterId = resolveVirtualRouterId(block, name, at, context);
  const listed = readAddresses(block, "virtual_ipaddress", interfaceName, context);
  const excluded = readAddresses(block, "virtual_ipaddress_excluded", interfaceName, context);
  if (interfaceName === "") reportHomeless([...listed, ...excluded], context);
  const family = chooseFamily(block, listed);
  const version = chooseVersion(block, family, defaults, context);
  const election = resolveElection(block, name, context);
  const sourceAddress = resolveSource(block, family, context);
  const unicast = resolveUnicast(
    block,
    { name, family, interface: interfaceName, sourceAddress, defaults },
    context,
  );
  const multicastGroup = chooseGroup(block, family, defaults, context);
  const advertisementInterval = resolveInterval(block, version, context);
  const authHmac = resolveAuthHmac(block, advertisementInterval, context);
  const authentication =
    authHmac === undefined ? resolveAuthentication(block, version, context) : NO_AUTHENTICATION;
  const addresses = sortAddresses(
    {
      name,
      at,
      family,
      version,
      listed,
      excluded,
      interfaceName,
      overhead: overheadOf(authentication, authHmac),
    },
    block,
    context,
  );
  const trackInterfaces = resolveTrackInterfaces(block, interfaceName, context);
  const trackScripts = resolveTrackedScripts(block, surroundings.scripts, context);
  const trackBfds = resolveTrackedBfds(block, surroundings.bfds, context);
  const trackFiles = resolveTrackedNumbers(block, "track_file", surroundings.files, context);
  const trackProcesses = resolveTrackedNumbers(block, "track_process", surroundings.processes, context);
  const notify = resolveNotify(
    block,
    name,
    surroundings.policy,
    block.span("notify_timeout") ?? defaults.notifyTimeout,
    context,
  );
  const garp = resolveGarp(block, defaults.garp, context);
  const verification = resolveVerification(block, defaults.verification, context);
  if (interfaceName === undefined || virtualRouterId === undefined) return undefined;
  const owner = { base: interfaceName, virtualRouterId, family };
  const virtualInterface = resolveVirtualInterface(block, owner, surroundings.names, context);
  const places = new AddressPlaces(block, owner, virtualInterface, surroundings.names, context);
  const virtualAddresses = addresses.virtual.map((address) => places.place(address));
  const excludedAddresses = addresses.excluded.map((address) => places.place(address));
  const isUnicast = unicast !== undefined;
  const transmitBase = resolveTransmitBase(block, virtualInterface, isUnicast, context);
  const identity = { interface: interfaceName, virtualRouterId, family, multicastGroup };
  const checksumAsV2 = block.flag("v3_checksum_as_v2") ?? defaults.v3ChecksumAsV2;
  return {
    span: at,
    model: {
      name,
      key: instanceKey({ ...identity, virtualInterface, transmitBase, isUnicast, sourceAddress }),
      version,
      ...identity,
      interface: virtualInterface?.name ?? interfaceName,
      virtualInterface,
      addressInterfaces: places.interfaces,
      transmitBase,
      vrf: resolveVrf(block, interfaceName, context),
      ...election,
      advertisementInterval,
      downTimerAdverts: block.number("down_timer_adverts") ?? defaults.downTimerAdverts,
      authentication,
      authHmac,
      v3Checksum: checksumAsV2 ? "message-only" : "pseudo-header",
      sourceAddress,
      trackSourceAddress: block.has("track_src_ip"),
      unicast,
      virtualAddresses,
      excludedAddresses,
      routing: resolveRouting(block, surroundings.preferences, context),
      trackStatics: surroundings.statics.tracked.get(name) ?? [],
      trackInterfaces,
      trackScripts,
      trackBfds,
      trackFiles,
      trackProcesses,
      dontTrackPrimary: block.has("dont_track_primary"),
      garp,
      ...verification,
      lowerPrioNoAdvert: block.flag("lower_prio_no_advert") ?? defaults.lowerPrioNoAdvert,
      higherPrioSendAdvert: block.flag("higher_prio_send_advert") ?? defaults.higherPrioSendAdvert,
      ownerIgnoreAdverts: block.flag("owner_ignore_adverts") ?? defaults.ownerIgnoreAdverts,
      skipCheckAdvAddr: block.flag("skip_check_adv_addr") ?? defaults.skipCheckAdvAddr,
      noAccept: refusesPackets(block, election.priority),
      strictMode: false,
      timerExpiredPriority: resolveTimerExpired(block, election.preempt, context),
      promoteSecondaries: block.has("promote_secondaries"),
      notify,
      notifyPriorityChanges: block.flag("notify_priority_changes") ?? defaults.notifyPriorityChanges,
      smtpAlert: block.flag("smtp_alert") ?? defaults.smtpAlert,
    },
  };
}

/** Unicast with a source address of its own needs none: the instance has the empty name then. */
function resolveInterface(
  block: DraftBlock,
  name: string,
  at: Span,
  context: ResolveContext,
): string | undefined {
  const statement = block.last("interface");
  const value = statement?.values[0];
  if (value?.kind === "text") {
    checkInterface(context, value.value, value.span, "interface");
    return value.value;
  }
  if (block.has("unicast_peer") && block.has("unicast_src_ip")) return "";
  context.report.refuse("no-interface", at, `vrrp_instance '${name}' has no interface`, {
    hint: block.has("unicast_peer")
      ? "unicast needs unicast_src_ip then; or add a line such as: interface eth0"
      : "add a line such as: interface eth0",
  });
  return undefined;
}

function resolveVirtualRouterId(
  block: DraftBlock,
  name: string,
  at: Span,
  context: ResolveContext,
): number | undefined {
  const vrid = block.number("virtual_router_id");
  if (vrid === undefined) {
    context.report.refuse(
      "no-virtual-router-id",
      at,
      `vrrp_instance '${name}' has no valid virtual_router_id`,
      {
        hint: "add a line such as: virtual_router_id 51, the same on all routers of this address",
      },
    );
  }
  return vrid;
}

/** The first address decides; without one, `native_ipv6` or the source address. */
function chooseFamily(block: DraftBlock, listed: readonly ReadAddress[]): IpFamily {
  const [first] = listed;
  if (first !== undefined) return first.model.family;
  if (block.has("native_ipv6")) return "ipv6";
  const source = block.address("unicast_src_ip") ?? block.address("mcast_src_ip");
  return source === undefined ? (peerFamily(block) ?? "ipv4") : familyOf(source);
}

function chooseVersion(
  block: DraftBlock,
  family: IpFamily,
  defaults: InstanceDefaults,
  context: ResolveContext,
): 2 | 3 {
  const own = block.number("version");
  if (family === "ipv4") return (own ?? defaults.version) === 3 ? 3 : 2;
  if (own === 2) {
    context.report.note("version", block.last("version")?.span, "IPv6 needs VRRP version 3", {
      hint: "version 3 is used",
    });
  }
  return 3;
}

/** State, priority and preemption. */
function resolveElection(
  block: DraftBlock,
  name: string,
  context: ResolveContext,
): Pick<VrrpInstanceModel, "priority" | "wantedState" | "preempt" | "preemptDelay"> {
  const wishesMaster = block.text("state") === "MASTER";
  const own = block.number("priority");
  const priority = own ?? (wishesMaster ? OWNER_PRIORITY : DEFAULT_PRIORITY);
  if (own === undefined && wishesMaster) {
    context.report.note(
      "owner-by-default",
      block.last("state")?.span,
      `'${name}' has state MASTER and no priority`,
      {
        hint: "its priority is 255 then: it owns the addresses and never yields; set priority to avoid that",
      },
    );
  }
  const owner = priority === OWNER_PRIORITY;
  if (owner && !wishesMaster) {
    context.report.note(
      "owner",
      block.last("priority")?.span,
      `'${name}' has priority 255: it owns the addresses`,
      {
        hint: "it is master at once, whatever state says",
      },
    );
  }
  return {
    priority,
    wantedState: wishesMaster || owner ? "MASTER" : "BACKUP",
    ...resolvePreemption(block, wishesMaster, context),
  };
}

function resolvePreemption(
  block: DraftBlock,
  wishesMaster: boolean,
  context: ResolveContext,
): Pick<VrrpInstanceModel, "preempt" | "preemptDelay"> {
  const nopreempt = block.last("nopreempt");
  const last = block.statements.findLast(
    ({ row }) => row.keyword === "preempt" || row.keyword === "nopreempt",
  );
  let preempt = last === undefined || last.row.keyword === "preempt";
  if (!preempt && wishesMaster) {
    context.report.repair("nopreempt-master", nopreempt?.span, "nopreempt does not go with state MASTER", {
      hint: "write state BACKUP on all routers",
      repair: "nopreempt is ignored",
    });
    preempt = true;
  }
  const delay = block.span("preempt_delay") ?? 0;
  if (delay === 0 || (preempt && !wishesMaster)) return { preempt, preemptDelay: delay };
  context.report.repair(
    "useless-preempt-delay",
    block.last("preempt_delay")?.span,
    `preempt_delay does not go with ${preempt ? "state MASTER" : "nopreempt"}`,
    { repair: "preempt_delay is ignored" },
  );
  return { preempt, preemptDelay: 0 };
}

/** The peer's priority that a nopreempt master which slept reckons with. */
function resolveTimerExpired(
  block: DraftBlock,
  preempt: boolean,
  context: ResolveContext,
): number | undefined {
  const statement = block.statements.findLast(
    ({ row }) => row.keyword === "timer_expired_backup" || row.keyword === "thread_timer_expired",
  );
  if (statement === undefined) return undefined;
  const value = statement.values[0];
  const priority = value?.kind === "number" ? value.value : HIGHEST_PRIORITY;
  if (!preempt) return priority;
  context.report.repair(
    "useless-timer-expired",
    statement.keywordSpan,
    `${statement.row.keyword} goes with nopreempt only`,
    { repair: "it is ignored" },
  );
  return undefined;
}

function chooseGroup(
  block: DraftBlock,
  family: IpFamily,
  defaults: InstanceDefaults,
  context: ResolveContext,
): IpAddress {
  const standing = family === "ipv4" ? defaults.multicastGroup4 : defaults.multicastGroup6;
  const own = block.address("mcast_dst_ip");
  if (own === undefined || familyOf(own) === family) return own ?? standing;
  context.report.repair("family", block.last("mcast_dst_ip")?.span, `${own} is of the other address family`, {
    repair: `${standing} is used`,
  });
  return standing;
}

function resolveSource(block: DraftBlock, family: IpFamily, context: ResolveContext): IpAddress | undefined {
  const statement = block.statements.findLast(
    ({ row }) => row.keyword === "mcast_src_ip" || row.keyword === "unicast_src_ip",
  );
  const value = statement?.values[0];
  if (value?.kind !== "address") return undefined;
  if (familyOf(value.value) === family) return value.value;
  context.report.repair("family", statement?.span, `${value.value} is of the other address family`, {
    repair: "the interface's primary address is used",
  });
  return undefined;
}

function resolveGarp(block: DraftBlock, defaults: GarpModel, context: ResolveContext): GarpModel {
  return {
    ...defaults,
    masterRepeat: repeatOf(block, "garp_master_repeat", context) ?? defaults.masterRepeat,
    masterDelay: block.span("garp_master_delay") ?? defaults.masterDelay,
    masterRefresh: block.span("garp_master_refresh") ?? defaults.masterRefresh,
    masterRefreshRepeat:
      repeatOf(block, "garp_master_refresh_repeat", context) ?? defaults.masterRefreshRepeat,
    lowerPrioDelay: block.span("garp_lower_prio_delay") ?? defaults.lowerPrioDelay,
    lowerPrioRepeat: block.number("garp_lower_prio_repeat") ?? defaults.lowerPrioRepeat,
    extra: EXTRA_GARP.some((keyword) => block.has(keyword))
      ? extraGarpOf(block, EXTRA_GARP, context)
      : defaults.extra,
  };
}

/** The newer name and the older one. */
const EXTRA_GARP: readonly string[] = ["garp_extra_if", "vmac_garp_intvl"];
