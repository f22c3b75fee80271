/** From a tree of statements and the facts of a host to the frozen model. */
import { type Diagnostic, Diagnostics, worstSeverity } from "../config/diagnostic.ts";
import type { Span } from "../config/source.ts";
import type { Tree } from "../config/tree.ts";
import { resolveBfds } from "./bfd.ts";
import { resolveScriptPolicy, type ScriptPolicy } from "./commands.ts";
import type { BuildOptions, ResolveContext } from "./context.ts";
import { resolveDaemon } from "./daemon.ts";
import { resolveBootDelay, resolveLinkDelays } from "./delays.ts";
import { resolveDirector } from "./director.ts";
import { reportNftLimits } from "./director-nft.ts";
import { reportForwarding } from "./director-passage.ts";
import { followedFiles, hasScripts } from "./director-uses.ts";
import { type Draft, type DraftBlock, nameOf, readDraft } from "./draft.ts";
import { resolveFirewall } from "./firewall.ts";
import { resolveGarpGroups } from "./garp-groups.ts";
import { mergeGlobals, resolveGlobal, resolveInstanceDefaults, resolveMail } from "./globals.ts";
import { type InstanceSurroundings, type ResolvedInstance, resolveInstance } from "./instance.ts";
import { baseInterfaceOf } from "./keys.ts";
import type { HostFacts, Model, NotifyModel } from "./model.ts";
import { FreePreferences } from "./rules.ts";
import { type DefinedScripts, resolveTrackScripts } from "./scripts.ts";
import { type KnownServices, NO_SERVICE_KNOWN, ServiceMemo } from "./service-memo.ts";
import { resolveStatics } from "./statics.ts";
import { resolveSyncGroups } from "./sync-groups.ts";
import { type Defined, resolveTrackFiles } from "./track-files.ts";
import { resolveTrackProcesses } from "./track-processes.ts";
import { comingInterfaces, interfaceNames } from "./virtual-interfaces.ts";

export interface BuildResult {
  /** Undefined where there is a refusal. */
  readonly model: Model | undefined;
  /** What the tree and the model have to say, in the order it stands in the files. */
  readonly diagnostics: readonly Diagnostic[];
  /** What the next reading need not resolve again; undefined where this one must be done anew without such knowledge. */
  readonly known: KnownServices | undefined;
}

/** What the configuration means on this host. Pure; says everything that is wrong, not only the first. */
export function buildModel(tree: Tree, facts: HostFacts, options: BuildOptions): BuildResult {
  return resolveDraft(tree, readDraft(tree, options), facts, options);
}

/** The second half of {@link buildModel}, for callers that gather facts from the draft. */
export function resolveDraft(
  tree: Tree,
  draft: Draft,
  facts: HostFacts,
  options: BuildOptions,
  known: KnownServices = NO_SERVICE_KNOWN,
): BuildResult {
  const report = new Diagnostics();
  report.addAll(tree.diagnostics);
  report.addAll(draft.report.list);
  reportNothingRead(tree, report);
  const globals = mergeGlobals(draft.root);
  const services = new ServiceMemo(known, () => report.list.length);
  const context = {
    facts,
    options,
    report,
    dynamicInterfaces: globals.has("dynamic_interfaces"),
    ownInterfaces: comingInterfaces(draft.root, interfaceNames(globals).prefixes),
    services,
  };
  const model = resolveModel(draft.root, globals, context);
  const diagnostics = inFileOrder(report.list, tree);
  return {
    model: worstSeverity(diagnostics) === "refusal" ? undefined : deepFreeze(model),
    diagnostics,
    known: services.outdated
      ? undefined
      : services.known(draft.root.all("virtual_server"), tree.sources, diagnostics),
  };
}

/** keepalived's config test has nothing to say then (0), but a start ends with 6. */
function reportNothingRead(tree: Tree, report: Diagnostics): void {
  if (tree.sources.size > 0 || worstSeverity(report.list) === "refusal") return;
  report.refuse("nothing-read", undefined, "there is no configuration to be read", { exitClass: "silent" });
}

function resolveModel(root: DraftBlock, globals: DraftBlock, context: ResolveContext): Model {
  const policy = resolveScriptPolicy(globals, context);
  const defined = resolveTrackScripts(root, policy, context);
  const daemon = resolveDaemon(root, globals, policy, context);
  const bfds = resolveBfds(root, context);
  const files = resolveTrackFiles(root, context);
  const processes = resolveTrackProcesses(root, context);
  const defaults = resolveInstanceDefaults(globals, context);
  const interfaces = interfaceNames(globals);
  const preferences = new FreePreferences();
  const statics = resolveStatics(root, globals, preferences, context);
  const surroundings = {
    defaults,
    policy,
    scripts: defined,
    bfds,
    files,
    processes,
    statics,
    preferences,
    names: interfaces,
  };
  const alone = resolveInstances(root, surroundings, context);
  const { groups, instances } = resolveSyncGroups(root, alone, surroundings, context);
  const followed = (list: "trackScripts" | "trackFiles" | "trackProcesses"): ReadonlySet<string> =>
    new Set(instances.flatMap(({ model }) => model[list].map((tracked) => tracked.name)));
  const used = followed("trackScripts");
  const models = instances.map((one) => one.model);
  const trackScripts = [...defined.scripts.values()].filter((script) => used.has(script.name));
  const director = resolveDirector(root, globals, { policy, bfds, files }, context);
  reportNftLimits(root, globals, director, context);
  reportForwarding(root, director, context);
  const followedByVrrp = followed("trackFiles");
  const allFollowed = new Set([...followedByVrrp, ...followedFiles(director)]);
  const trackFiles = usedTrackers("track_file", files, allFollowed, context);
  const trackProcesses = usedTrackers("vrrp_track_process", processes, followed("trackProcesses"), context);
  reportUnused(defined, used, context);
  reportInsecurity(policy, defined, [...instances, ...groups], hasScripts(director), context);
  return {
    global: resolveGlobal(root, globals, context),
    vrrp: {
      instances: models,
      syncGroups: groups.map((one) => one.model),
      garpGroups: resolveGarpGroups(root, context),
      trackScripts: trackScripts.map(({ name, rise, fall, initFail }) => ({ name, rise, fall, initFail })),
      trackFiles: trackFiles.filter(({ name }) => followedByVrrp.has(name)).map(({ name }) => name),
      trackProcesses: trackProcesses.map(({ name, quorum, quorumMax }) => ({ name, quorum, quorumMax })),
      noMailOnFault: globals.has("no_email_faults"),
      fifo: daemon.fifos.some(({ gets }) => gets !== "lvs"),
      startupDelay: globals.span("vrrp_startup_delay") ?? 0,
      statics: statics.model,
      ...resolveBootDelay(globals),
      ...resolveLinkDelays(root, models, context),
      ...resolveFirewall(globals, models),
    },
    trackScripts,
    bfd: [...bfds.sessions.values()],
    trackFiles,
    trackProcesses,
    mail: resolveMail(globals, context),
    daemon,
    director,
  };
}

function resolveInstances(
  root: DraftBlock,
  surroundings: InstanceSurroundings,
  context: ResolveContext,
): readonly ResolvedInstance[] {
  const names = new Set<string>();
  const instances: ResolvedInstance[] = [];
  for (const statement of root.all("vrrp_instance")) {
    const name = nameOf(statement);
    if (names.has(name)) {
      context.report.repair("duplicate-name", statement.span, `vrrp_instance '${name}' is defined already`, {
        repair: "this block is ignored",
      });
      continue;
    }
    names.add(name);
    const instance = resolveInstance(statement, surroundings, context);
    if (instance !== undefined) instances.push(apart(instance, instances));
  }
  reportClashes(instances, context);
  reportSharedAddresses(instances, context);
  return instances;
}

/** Unicast instances that share all but their peers are told apart by these. */
function apart(instance: ResolvedInstance, before: readonly ResolvedInstance[]): ResolvedInstance {
  const { key, unicast } = instance.model;
  const hosts = unicast?.peers.map(({ host }) => host) ?? [];
  const sharesPeers = ({ model }: ResolvedInstance): boolean =>
    model.unicast?.peers.some(({ host }) => hosts.includes(host)) === true;
  const same = before.filter(({ model }) => model.key === key);
  if (hosts.length === 0 || same.length === 0 || same.some(sharesPeers)) return instance;
  return { ...instance, model: { ...instance.model, key: `${key}/${hosts.join(",")}` } };
}

/** Two instances that would be one on the wire. */
function reportClashes(instances: readonly ResolvedInstance[], context: ResolveContext): void {
  const first = new Map<string, ResolvedInstance>();
  for (const one of instances) {
    const { name, virtualRouterId, family, multicastGroup } = one.model;
    const device = baseInterfaceOf(one.model);
    const place = `${device}/${virtualRouterId}/${family}/${multicastGroup}`;
    const before = first.get(place);
    if (before === undefined) {
      first.set(place, one);
      continue;
    }
    context.report.refuse(
      "virtual-router-id-clash",
      one.span,
      `'${before.model.name}' and '${name}' both use VRID ${virtualRouterId} with ${family === "ipv4" ? "IPv4" : "IPv6"} on ${device}`,
      {
        hint: `'${before.model.name}' is at line ${before.span.line}; give one of them another virtual_router_id`,
      },
    );
  }
}

/** Two instances with one address: it is here as long as one of them is MASTER, and may be elsewhere for the other. */
function reportSharedAddresses(instances: readonly ResolvedInstance[], context: ResolveContext): void {
  const owners = new Map<string, string>();
  for (const { model, span } of instances) {
    for (const { address, interface: device } of [...model.virtualAddresses, ...model.excludedAddresses]) {
      const place = `${address} on ${device}`;
      const owner = owners.get(place);
      owners.set(place, owner ?? model.name);
      if (owner === undefined || owner === model.name) continue;
      context.report.note("shared-address", span, `'${owner}' and '${model.name}' both hold ${place}`, {
        hint: "where they are MASTER on different hosts, both hosts hold it; leave it to one of them, or put them in a vrrp_sync_group",
      });
    }
  }
}

function reportUnused(defined: DefinedScripts, used: ReadonlySet<string>, context: ResolveContext): void {
  for (const [name, span] of defined.defined) {
    if (used.has(name) || !defined.scripts.has(name)) continue;
    context.report.note("unused-script", span, `vrrp_script '${name}' is followed by no instance`, {
      hint: "it does not run; name it in a track_script",
    });
  }
}

/** The trackers that an instance follows; the others are told of. */
function usedTrackers<Tracker extends { readonly name: string }>(
  what: string,
  { usable, defined }: Defined<Tracker>,
  used: ReadonlySet<string>,
  context: ResolveContext,
): readonly Tracker[] {
  for (const name of usable.keys()) {
    if (used.has(name)) continue;
    context.report.note("unused-tracker", defined.get(name), `${what} '${name}' is followed by no instance`, {
      hint: `name it in a ${what.replace("vrrp_", "")} of an instance`,
    });
  }
  return [...usable.values()].filter(({ name }) => used.has(name));
}

/** keepalived's config test fails (6) as soon as any script would run without script security. */
function reportInsecurity(
  policy: ScriptPolicy,
  defined: DefinedScripts,
  notifiers: readonly Notifier[],
  checkers: boolean,
  context: ResolveContext,
): void {
  if (policy.security) return;
  const span = firstScript(defined, notifiers);
  if (span === undefined && !checkers) return;
  context.report.note("script-security", span, "there are scripts, and enable_script_security is not set", {
    hint: "with it, a script that others than root could change would not run",
    exitClass: "script-security",
  });
}

/** An instance or a sync group. */
interface Notifier {
  readonly model: { readonly notify: NotifyModel };
  readonly span: Span;
}

function firstScript(defined: DefinedScripts, notifiers: readonly Notifier[]): Span | undefined {
  const [script] = defined.scripts.keys();
  if (script !== undefined) return defined.defined.get(script);
  return notifiers.find(({ model }) => hasScript(model.notify))?.span;
}

function hasScript({ timeout: _, ...scripts }: NotifyModel): boolean {
  return Object.values(scripts).some((script) => typeof script === "object");
}

/** As a reader meets them: main file first, line by line; what belongs to no line comes first. */
function inFileOrder(diagnostics: readonly Diagnostic[], tree: Tree): readonly Diagnostic[] {
  const files = new Map([...tree.sources.keys()].map((name, index) => [name, index]));
  const place = ({ span }: Diagnostic): readonly [number, number, number] =>
    span === undefined ? [-1, 0, 0] : [files.get(span.file) ?? files.size, span.line, span.column];
  return diagnostics
    .map((diagnostic) => ({ diagnostic, place: place(diagnostic) }))
    .sort((a, b) => a.place[0] - b.place[0] || a.place[1] - b.place[1] || a.place[2] - b.place[2])
    .map(({ diagnostic }) => diagnostic);
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const key in value) deepFreeze(value[key]);
  }
  return value;
}
