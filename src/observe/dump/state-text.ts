/** `keepalived.data` and `keepalived_parent.data`: settings and state in keepalived's lines. Passwords are masked. */
import type { AuthenticationModel } from "../../model/advertising.ts";
import type { Model, NotifyModel, TrackedModel, VrrpInstanceModel } from "../../model/model.ts";
import type { InstanceSnapshot } from "../../vrrp/snapshot.ts";
import { MASK } from "../secrets.ts";
import { type DumpSource, instancesOf } from "./source.ts";
import { addressText, commandText, epochText, secondsOf, yesNo } from "./words.ts";

/** The settings of `global_defs` that buoy keeps. */
export function globalStateText({ global, mail, daemon, vrrp }: Model): string {
  const fifo = (gets: string): readonly string[] =>
    daemon.fifos.filter((one) => one.gets === gets).map((one) => one.path);
  return text([
    "------< Global definitions >------",
    ` Router ID = ${global.routerId}`,
    ...(global.instanceName === undefined ? [] : [` Instance = ${global.instanceName}`]),
    ...(mail === undefined
      ? []
      : [
          ` Smtp server = ${mail.server}`,
          ` Smtp server port = ${mail.port}`,
          ` Smtp HELO name = ${mail.heloName}`,
          ` Smtp server connection timeout = ${secondsOf(mail.connectTimeout)}`,
          ` Email notification from = ${mail.from}`,
          " Email notification",
          ...mail.recipients.map((recipient) => `   ${recipient}`),
        ]),
    ` Dynamic interfaces = ${global.dynamicInterfaces}`,
    ` Disable local IGMP = ${yesNo(global.process.disableLocalIgmp).toLowerCase()}`,
    ...fifo("all").map((path) => ` Global notify fifo = ${path}`),
    ...fifo("vrrp").map((path) => ` VRRP notify fifo = ${path}`),
    ...fifo("lvs").map((path) => ` LVS notify fifo = ${path}`),
    ` FIFO write vrrp states on reload = ${daemon.statesOnReload}`,
    ` VRRP startup delay = ${secondsOf(vrrp.startupDelay)}`,
    ` VRRP process priority = ${global.process.niceValue ?? 0}`,
    ` VRRP don't swap = ${global.process.noSwap}`,
    ` VRRP realtime priority = ${global.process.realtimePriority ?? 0}`,
    ` Script security ${global.enableScriptSecurity ? "enabled" : "disabled"}`,
    ` umask = 0${daemon.umask.toString(8)}`,
  ]);
}

/** Instances, groups, files, processes and links. */
export function vrrpStateText(source: DumpSource): string {
  return text([
    "------< VRRP Topology >------",
    ...instancesOf(source).flatMap(({ model, snapshot }) => instanceLines(source, model, snapshot)),
    ...section("VRRP Sync groups", groupLines(source)),
    ...section("VRRP Scripts", scriptLines(source)),
    ...section("VRRP Track files", fileLines(source)),
    ...section("VRRP Track processes", processLines(source)),
    ...section("Interfaces", linkLines(source)),
  ]);
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`------< ${title} >------`, ...lines];
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function instanceLines(
  source: DumpSource,
  model: VrrpInstanceModel,
  snapshot: InstanceSnapshot,
): readonly string[] {
  const { garp } = model;
  const group = source.vrrp.groups.find(({ members }) => members.includes(model.name));
  const at = snapshot.lastTransition;
  const moment = at === undefined ? "" : ` (${new Date(source.wallClock(at) / 1000).toISOString()})`;
  return [
    ` VRRP Instance = ${model.name}`,
    `   VRRP Version = ${model.version}`,
    ...(group === undefined ? [] : [`   Sync group = ${group.name}`]),
    ...(model.family === "ipv6" ? ["   Using Native IPv6"] : []),
    `   State = ${snapshot.state}`,
    ...(snapshot.state === "BACKUP" && snapshot.masterAddress !== undefined
      ? [
          `   Master router = ${snapshot.masterAddress}`,
          `   Master priority = ${snapshot.masterPriority ?? 0}`,
        ]
      : []),
    `   Wantstate = ${snapshot.state}`,
    `   Number of interface and track script faults = ${snapshot.faults.length}`,
    `   Last transition = ${epochText(at, source.wallClock)}${moment}`,
    `   Master down timer = ${snapshot.masterDownInterval} usecs`,
    `   Interface = ${model.interface}`,
    ...(model.sourceAddress === undefined
      ? []
      : [`   Using src_ip = ${model.sourceAddress} (from configuration)`]),
    ...(model.unicast === undefined ? [`   Multicast address ${model.multicastGroup}`] : []),
    `   Gratuitous ARP delay = ${secondsOf(garp.masterDelay)}`,
    `   Gratuitous ARP repeat = ${garp.masterRepeat}`,
    `   Gratuitous ARP refresh = ${secondsOf(garp.masterRefresh)}`,
    `   Gratuitous ARP refresh repeat = ${garp.masterRefreshRepeat}`,
    `   Gratuitous ARP lower priority delay = ${secondsOf(garp.lowerPrioDelay)}`,
    `   Gratuitous ARP lower priority repeat = ${garp.lowerPrioRepeat}`,
    `   Down timer adverts = ${model.downTimerAdverts}`,
    `   Send advert after receive lower priority advert = ${!model.lowerPrioNoAdvert}`,
    `   Send advert after receive higher priority advert = ${model.higherPrioSendAdvert}`,
    `   Virtual Router ID = ${model.virtualRouterId}`,
    `   Priority = ${model.priority}`,
    `   Effective priority = ${snapshot.effectivePriority}`,
    `   Advert interval = ${intervalText(model)}`,
    `   Accept = ${model.noAccept ? "disabled" : "enabled"}`,
    `   Preempt = ${model.preempt ? "enabled" : "disabled"}`,
    ...(model.preemptDelay > 0 ? [`   Preempt delay = ${secondsOf(model.preemptDelay)} secs`] : []),
    `   Promote_secondaries = ${model.promoteSecondaries ? "enabled" : "disabled"}`,
    ...(model.version === 2 ? authenticationLines(model.authentication) : []),
    ...holdingLines(model, snapshot),
    ...trackedLines(model),
    `   Using smtp notification = ${yesNo(model.smtpAlert).toLowerCase()}`,
    `   Notify deleted = ${model.notify.saysDeleted ? "Deleted" : "Fault"}`,
    ...notifyLines(model.notify),
    `   Notify priority changes = ${model.notifyPriorityChanges}`,
  ];
}

function intervalText({ version, advertisementInterval }: VrrpInstanceModel): string {
  return version === 2
    ? `${secondsOf(advertisementInterval)} sec`
    : `${Math.round(advertisementInterval / 1000)} milli-sec`;
}

function authenticationLines({ kind }: AuthenticationModel): readonly string[] {
  if (kind === "none") return ["   Authentication type = none"];
  const type = kind === "pass" ? "SIMPLE_PASSWORD" : "IPSEC_AH";
  return [`   Authentication type = ${type}`, `   Password = ${MASK}`];
}

function holdingLines(model: VrrpInstanceModel, snapshot: InstanceSnapshot): readonly string[] {
  const set = new Set(
    snapshot.addresses
      .filter(({ state }) => state === "present")
      .map((one) => `${one.address} ${one.interface}`),
  );
  const line = (one: VrrpInstanceModel["virtualAddresses"][number]): string =>
    `     ${addressText(one, set.has(`${one.address} ${one.interface}`))}`;
  const routes = model.routing.filter(({ kind }) => kind === "route");
  const rules = model.routing.filter(({ kind }) => kind === "rule");
  return [
    `   Virtual IP (${model.virtualAddresses.length}):`,
    ...model.virtualAddresses.map(line),
    ...list("Virtual IP Excluded :", model.excludedAddresses.map(line)),
    ...list(
      "Unicast Peer :",
      (model.unicast?.peers ?? []).map(({ host }) => `     ${host}`),
    ),
    ...list(
      "Virtual Routes :",
      routes.map(({ key }) => `     ${key.replace(/^route /, "")}`),
    ),
    ...list(
      "Virtual Rules :",
      rules.map(({ key }) => `     ${key.replace(/^rule /, "")}`),
    ),
  ];
}

function trackedLines(model: VrrpInstanceModel): readonly string[] {
  const line =
    (separator: string) =>
    ({ name, weight, reverse }: TrackedModel): string =>
      `     ${name}${separator} weight ${weight}${reverse ? " reverse" : ""}`;
  return [
    ...list("Tracked interfaces :", model.trackInterfaces.map(line(""))),
    ...list("Tracked scripts :", model.trackScripts.map(line(""))),
    ...list("Tracked files :", model.trackFiles.map(line(","))),
    ...list("Tracked processes :", model.trackProcesses.map(line(","))),
    ...list("Tracked BFDs :", model.trackBfds.map(line(","))),
  ];
}

function list(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`   ${title}`, ...lines];
}

function notifyLines(notify: NotifyModel): readonly string[] {
  const named = [
    ["Backup", notify.backup],
    ["Master", notify.master],
    ["Fault", notify.fault],
    ["Stop", notify.stop],
    ["Deleted", notify.deleted],
    ["Generic", notify.any],
    ["Master rx lower pri", notify.masterRxLowerPri],
  ] as const;
  return named.flatMap(([state, command]) =>
    command === undefined
      ? []
      : [
          `   ${state} state transition script = ${commandText(command)}, uid:gid ${command.uid}:${command.gid}`,
        ],
  );
}

function groupLines({ model, vrrp }: DumpSource): readonly string[] {
  const states = new Map(vrrp.groups.map(({ name, state }) => [name, state]));
  return model.vrrp.syncGroups.flatMap((group) => [
    ` VRRP Sync Group = ${group.name}, ${states.get(group.name) ?? "INIT"}`,
    "   VRRP member instances :",
    ...group.members.map((name) => `     ${name}`),
    `   Using smtp notification = ${yesNo(group.smtpAlert).toLowerCase()}`,
    ...notifyLines(group.notify),
  ]);
}

function scriptLines({ model, vrrp }: DumpSource): readonly string[] {
  const states = new Map(vrrp.scripts.map((script) => [script.name, script]));
  return model.trackScripts.flatMap((script) => [
    ` VRRP Script = ${script.name}`,
    `   Command = ${commandText(script.command)}`,
    `   Interval = ${secondsOf(script.interval)} sec`,
    `   Timeout = ${secondsOf(script.timeout)} sec`,
    `   Weight = ${script.weight}${script.reverse ? " reverse" : ""}`,
    `   Rise = ${script.rise}`,
    `   Fall = ${script.fall}`,
    `   Status = ${states.get(script.name)?.ok === true ? "GOOD" : "BAD"}`,
    `   Script uid:gid = ${script.command.uid}:${script.command.gid}`,
    ...followers(model, "trackScripts", script.name),
  ]);
}

function fileLines({ model, vrrp }: DumpSource): readonly string[] {
  return model.trackFiles.flatMap((file) => [
    ` Track file = ${file.name}`,
    `   File = ${file.path}`,
    `   Status = ${measured(vrrp, "file", file.name)}`,
    `   Weight = ${file.weight}${file.reverse ? " reverse" : ""}`,
    ...followers(model, "trackFiles", file.name),
  ]);
}

function processLines({ model, vrrp }: DumpSource): readonly string[] {
  return model.trackProcesses.flatMap((one) => {
    const { match } = one;
    const count = measured(vrrp, "process", one.name);
    return [
      ` VRRP Track process = ${one.name}`,
      `   Process = ${match.by === "name" ? match.name : match.command}`,
      ...(match.by === "command" && match.words.length > 0
        ? [`   Parameters = ${match.words.join(" ")}`]
        : []),
      `   Min processes = ${one.quorum}`,
      ...(one.quorumMax === undefined ? [] : [`   Max processes = ${one.quorumMax}`]),
      `   Current processes = ${count}`,
      `   Weight = ${one.weight}${one.reverse ? " reverse" : ""}`,
      `   Terminate delay = ${secondsOf(one.terminateDelay).toFixed(6)}s`,
      `   Fork delay = ${secondsOf(one.forkDelay).toFixed(6)}s`,
      `   Full command = ${match.by === "command"}`,
      ...followers(model, "trackProcesses", one.name),
    ];
  });
}

function measured(vrrp: DumpSource["vrrp"], tracker: "file" | "process", name: string): number {
  return vrrp.measured.find((one) => one.tracker === tracker && one.name === name)?.value ?? 0;
}

function followers(
  { vrrp }: Model,
  kind: "trackScripts" | "trackFiles" | "trackProcesses",
  tracker: string,
): readonly string[] {
  const lines = vrrp.instances.flatMap((instance) =>
    instance[kind]
      .filter(({ name }) => name === tracker)
      .map(({ weight, reverse }) => `     ${instance.name}, weight ${weight}${reverse ? " reverse" : ""}`),
  );
  return ["   Tracking instances :", ...lines];
}

function linkLines({ vrrp }: DumpSource): readonly string[] {
  return vrrp.links.flatMap((link) => [
    ` Name = ${link.name}`,
    `   index = ${link.index}`,
    ...vrrp.addresses
      .filter((one) => one.interface === link.name)
      .map((one) => `   ${one.family === "ipv4" ? "IPv4" : "IPv6"} address = ${one.address}`),
    ...(link.mac === undefined ? [] : [`   MAC = ${link.mac}`]),
    `   State = ${link.up ? "UP" : "not UP"}, ${link.running ? "RUNNING" : "not RUNNING"}`,
    `   MTU = ${link.mtu}`,
  ]);
}
