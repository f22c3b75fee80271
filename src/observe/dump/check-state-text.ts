/** `keepalived_check.data`: services, servers and their checks in keepalived's lines. Passwords are masked. */

import type {
  CheckModel,
  Endpoint,
  Forwarding,
  Persistence,
  TlsModel,
  VirtualServerModel,
} from "../../model/director-models.ts";
import type { TrackFileModel } from "../../model/tracker-models.ts";
import { MASK } from "../secrets.ts";
import { checkLines } from "./check-lines.ts";
import type { DirectorDump, ServerDump, ServiceDump } from "./director-source.ts";
import { groupLines } from "./group-lines.ts";
import { bit, commandText, enabled, onOff, type WallClock, yesNo } from "./words.ts";

/** Everything below the global definitions. */
export function checkStateText(
  director: DirectorDump,
  trackFiles: readonly TrackFileModel[],
  wallClock: WallClock,
): string {
  const { services, plane, tls } = director;
  const version = /^IPVS (.*)$/.exec(plane.name)?.[1];
  const lines = [
    "------< SSL definitions >------",
    ...tlsLines(tls),
    "------< LVS Topology >------",
    ...(version === undefined ? [] : [` System is compiled with LVS v${version}`]),
    ...groupLines(services),
    ...services.flatMap(serviceLines),
    "------< Health checkers >------",
    ...services.flatMap((service) =>
      service.servers.flatMap((server) =>
        server.checks.flatMap((check) => checkLines(service, server, check, wallClock)),
      ),
    ),
    ...fileSection(director, trackFiles),
    ...sessionSection(services),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function tlsLines({ password, authorities, certificate, key }: TlsModel): readonly string[] {
  const said = [
    ...(password === undefined ? [] : [` Password : ${MASK}`]),
    ...(authorities === undefined ? [] : [` CA-file : ${authorities}`]),
    ...(certificate === undefined ? [] : [` Certificate file : ${certificate}`]),
    ...(key === undefined ? [] : [` Key file : ${key}`]),
  ];
  return said.length === 0 ? [" Using autogen SSL context"] : said;
}

function serviceLines(service: ServiceDump): readonly string[] {
  const { model, memory, sorryServer, isSet, servers } = service;
  const { persistence, quorumUp, quorumDown } = model;
  return [
    " ------< Virtual server >------",
    headLine(model),
    ...(model.snmpName === undefined ? [] : [`   SNMP name = '${model.snmpName}'`]),
    `   Address family = ${model.family === "ipv4" ? "inet" : "inet6"}`,
    `   lvs_sched = ${model.scheduler}`,
    ...flagLines(model),
    `   One packet scheduling = ${enabled(model.onePacket)}`,
    ...(persistence === undefined ? [] : persistenceLines(persistence, model.family)),
    `   protocol = ${model.endpoints.every(({ kind }) => kind === "fwmark") ? "none" : model.protocol.toUpperCase()}`,
    `   alpha is ${onOff(model.alpha)}`,
    `   omega is ${onOff(model.omega)}`,
    `   quorum = ${model.quorum}, hysteresis = ${model.hysteresis}`,
    ...scriptLine("   Quorum up", quorumUp),
    ...scriptLine("   Quorum down", quorumDown),
    ...(model.haSuspend ? ["   Using HA suspend"] : []),
    `   Using smtp notification = ${yesNo(model.smtpAlert).toLowerCase()}`,
    ...(model.sorryServer === undefined
      ? []
      : [
          `   sorry server = ${sorryServer}`,
          `     forwarding method = ${forwardingText(model.sorryServer.forwarding)}`,
          `     Inhibit on failure is ${onOff(model.sorryServer.inhibit)}`,
        ]),
    `   alive = ${bit(isSet)}`,
    `   quorum_state_up = ${bit(memory.quorumUp)}`,
    ...servers.flatMap(serverLines),
  ];
}

function headLine({ group, name, endpoints }: VirtualServerModel): string {
  const [endpoint] = endpoints;
  if (group !== undefined || endpoint === undefined) return ` VS GROUP = ${name}`;
  return ` VS ${endpointText(endpoint)}`;
}

/** `VIP = 10.0.0.1, VPORT = 80` or `FWMARK = 5`. */
function endpointText(endpoint: Endpoint): string {
  if (endpoint.kind === "fwmark") return `FWMARK = ${endpoint.mark}`;
  return `VIP = ${endpoint.address}, VPORT = ${endpoint.port}`;
}

/** The flags of two schedulers have names; the third is then not told. */
function flagLines({ scheduler, flags }: VirtualServerModel): readonly string[] {
  if (scheduler === "sh" || scheduler === "mh") {
    return [
      `   ${scheduler}-port = ${enabled(flags.flag2)}`,
      `   ${scheduler}-fallback = ${enabled(flags.flag1)}`,
    ];
  }
  return [flags.flag1, flags.flag2, flags.flag3].map((on, index) => `   flag-${index + 1} = ${enabled(on)}`);
}

function persistenceLines(persistence: Persistence, family: "ipv4" | "ipv6"): readonly string[] {
  const { timeout, prefixLength } = persistence;
  const lines = [`   persistence timeout = ${timeout}`];
  if (family === "ipv6" && prefixLength < 128) lines.push(`   persistence granularity = ${prefixLength}`);
  if (family === "ipv4" && prefixLength < 32)
    lines.push(`   persistence granularity = ${maskText(prefixLength)}`);
  return lines;
}

function maskText(prefixLength: number): string {
  const octet = (index: number): number =>
    256 - 2 ** (8 - Math.max(0, Math.min(8, prefixLength - index * 8)));
  return [0, 1, 2, 3].map(octet).join(".");
}

function serverLines({ model, memory, isSet, effectiveWeight, checks }: ServerDump): readonly string[] {
  const followed = checks.flatMap(({ model: { probe } }) =>
    probe.kind === "file"
      ? [`     ${probe.file}, weight ${probe.weight}${probe.reverse ? " reverse" : ""}`]
      : [],
  );
  const sessions = checks.flatMap(({ model: { probe } }) =>
    probe.kind === "bfd" ? [`     ${probe.session}`] : [],
  );
  return [
    "   ------< Real server >------",
    `   RIP = ${model.address}, RPORT = ${model.port}, WEIGHT = ${memory.weight} EFF WEIGHT = ${effectiveWeight}`,
    `   forwarding method = ${forwardingText(model.forwarding)}`,
    `   Alpha is ${onOff(model.alpha)}`,
    `   connection limit range = ${model.lowerThreshold} -> ${model.upperThreshold}`,
    `   Inhibit on failure is ${onOff(model.inhibitOnFailure)}`,
    ...scriptLine("     RS up", model.notifyUp),
    ...scriptLine("     RS down", model.notifyDown),
    ...(model.snmpName === undefined ? [] : [`   SNMP name = ${model.snmpName}`]),
    `   Using smtp notification = ${yesNo(model.smtpAlert).toLowerCase()}`,
    `   initial weight = ${model.weight}`,
    `   effective weight = ${effectiveWeight}`,
    `   alive = ${bit(memory.up)}`,
    `   num failed checkers = ${memory.verdicts.filter(({ ok }) => !ok).length}`,
    `   RS set = ${bit(isSet)}`,
    ...(followed.length === 0 ? [] : ["   Tracked Files", ...followed]),
    ...(sessions.length === 0 ? [] : ["   Tracked BFDs", ...sessions]),
  ];
}

/** `NAT`, or `TUN, type = GUE, port = 6080, checksum`. */
function forwardingText(forwarding: Forwarding): string {
  if (forwarding.method !== "tun") return forwarding.method.toUpperCase();
  const { type, port, checksum } = forwarding;
  return [
    `TUN, type = ${type.toUpperCase()}`,
    ...(port === undefined ? [] : [`port = ${port}`]),
    ...(checksum === "none" ? [] : [checksum === "csum" ? "checksum" : "remote checksum"]),
  ].join(", ");
}

function scriptLine(what: string, command: VirtualServerModel["quorumUp"]): readonly string[] {
  if (command === undefined) return [];
  return [`${what} notify script = ${commandText(command)}, uid:gid ${command.uid}:${command.gid}`];
}

function fileSection(
  { services, files }: DirectorDump,
  trackFiles: readonly TrackFileModel[],
): readonly string[] {
  const followers = followersOf(services, (service, server, { probe }) =>
    probe.kind === "file"
      ? [
          probe.file,
          `     ${service.model.name} -> ${server.name}, weight ${probe.weight}${probe.reverse ? " reverse" : ""}`,
        ]
      : undefined,
  );
  const followed = trackFiles.filter(({ name }) => followers.has(name));
  if (followed.length === 0) return [];
  return [
    "------< Checker track files >------",
    ...followed.flatMap((file) => [
      ` Track file = ${file.name}`,
      `   File = ${file.path}`,
      `   Status = ${files.get(file.name) ?? 0}`,
      `   Weight = ${file.weight}${file.reverse ? " reverse" : ""}`,
      "   Tracking instances :",
      ...(followers.get(file.name) ?? []),
    ]),
  ];
}

function sessionSection(services: readonly ServiceDump[]): readonly string[] {
  const followers = followersOf(services, (_service, server, { probe }) =>
    probe.kind === "bfd" ? [probe.session, `   ${server.name}`] : undefined,
  );
  if (followers.size === 0) return [];
  return [
    "------< Checker track BFDs >------",
    ...[...followers].flatMap(([session, lines]) => [
      ` Checker Track BFD = ${session}`,
      "   Tracking RS :",
      ...lines,
    ]),
  ];
}

/** Lines about who follows something, by what is followed. */
function followersOf(
  services: readonly ServiceDump[],
  tell: (
    service: ServiceDump,
    server: ServerDump,
    check: CheckModel,
  ) => readonly [what: string, line: string] | undefined,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const service of services) {
    for (const server of service.servers) {
      for (const { model } of server.checks) {
        const told = tell(service, server, model);
        if (told === undefined) continue;
        const [what, line] = told;
        const lines = found.get(what);
        if (lines === undefined) found.set(what, [line]);
        else lines.push(line);
      }
    }
  }
  return found;
}
