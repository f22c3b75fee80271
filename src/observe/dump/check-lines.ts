/** One check of one server in keepalived's lines. */
import type { Instant } from "../../base/time.ts";
import type {
  HttpProbeModel,
  ProbeModel,
  Target,
  UdpProbeModel,
  UrlModel,
} from "../../model/director-models.ts";
import type { CheckDump, ServerDump, ServiceDump } from "./director-source.ts";
import { commandText, epochText, onOff, secondsOf, secondsText, type WallClock, yesNo } from "./words.ts";

export function checkLines(
  service: ServiceDump,
  server: ServerDump,
  { model, verdict, run }: CheckDump,
  wallClock: WallClock,
): readonly string[] {
  const { timing, probe } = model;
  return [
    ` ${service.model.name} -> ${server.name}`,
    `   Enabled = ${said(!service.memory.suspended)}`,
    `   Up = ${said(verdict.ok)}`,
    // keepalived takes a session that has said nothing for one that is down.
    `   Has run = ${said(verdict.known || probe.kind === "bfd")}`,
    `   Current weight = ${verdict.contribution.sets ?? verdict.contribution.adds}`,
    ...(probe.kind === "file" ? [] : [`   Alpha = ${said(model.alpha)}`]),
    ...(isTold(probe)
      ? []
      : [
          `   Delay loop = ${timing.delayLoop} us`,
          `   Warmup = ${timing.warmup} us`,
          `   Retries = ${timing.retry}`,
          ...(timing.retry === 0 ? [] : [`   Delay before retry = ${timing.delayBeforeRetry} us`]),
          `   Retries iterations = ${run?.failures ?? 0}`,
        ]),
    `   Log all failures = ${said(model.logAllFailures)}`,
    ...("target" in probe ? connectionLines(probe.target) : []),
    ...probeLines(probe, model.alpha, run?.last?.at, wallClock),
  ];
}

/** Such a check has no times: it follows a file or a session. */
function isTold({ kind }: ProbeModel): boolean {
  return kind === "file" || kind === "bfd";
}

function connectionLines(target: Target): readonly string[] {
  const { bindAddress, bindPort } = target;
  const bound =
    bindAddress === undefined && bindPort === undefined
      ? []
      : [
          `     Bind to = ${bindAddress === undefined ? "" : `[${bindAddress}]`}${bindPort === undefined ? "" : `:${bindPort}`}`,
        ];
  return [
    "   Connection",
    `     Dest = [${target.address}]:${target.port}`,
    ...bound,
    ...(target.bindInterface === undefined ? [] : [`     Bind i/f = ${target.bindInterface}`]),
    ...(target.mark === undefined ? [] : [`     Mark = ${target.mark}`]),
    `     Timeout = ${secondsText(target.timeout)}`,
  ];
}

function probeLines(
  probe: ProbeModel,
  alpha: boolean,
  lastRun: Instant | undefined,
  wallClock: WallClock,
): readonly string[] {
  const method = (name: string): string => `   Keepalive method = ${name}`;
  switch (probe.kind) {
    case "tcp":
      return [method("TCP_CHECK")];
    case "ping":
      return [method("PING_CHECK")];
    case "http":
      return [
        method(`${probe.tls ? "SSL_GET" : "HTTP_GET"}, http protocol ${probe.protocol}`),
        ...httpLines(probe),
      ];
    case "grpc":
      // A word of ours; keepalived has no such check.
      return [method("GRPC_CHECK"), `   Service = ${probe.service}`];
    case "smtp":
      return [method("SMTP_CHECK"), `   helo = ${probe.heloName}`];
    case "dns":
      return [method("DNS_CHECK"), `   Type = ${probe.recordType}`, `   Name = ${probe.domain}`];
    case "udp":
      return [method("UDP_CHECK"), ...udpLines(probe)];
    case "misc":
      return [
        method("MISC_CHECK"),
        `   script = ${commandText(probe.command)}`,
        `   timeout = ${secondsOf(probe.timeout)}`,
        `   dynamic = ${yesNo(probe.dynamic).toUpperCase()}`,
        `   uid:gid = ${probe.command.uid}:${probe.command.gid}`,
        `   Last ran = ${epochText(lastRun, wallClock)}`,
      ];
    case "file":
      return [method("FILE_CHECK"), `     Tracked file = ${probe.file}`];
    case "bfd":
      return [method("BFD_CHECK"), `   Name = ${probe.session}`, `   Alpha is ${onOff(alpha)}`];
  }
}

function httpLines({ urls, fastRecovery, target }: HttpProbeModel): readonly string[] {
  return [
    `   Enable SNI ${set(urls.some(({ serverName }) => serverName !== undefined))}`,
    `   Fast recovery ${set(fastRecovery)}`,
    ...urls.flatMap((url) => urlLines(url, target)),
  ];
}

function urlLines({ path, host, digest, statusCodes, pattern }: UrlModel, target: Target): readonly string[] {
  return [
    `   Checked url = ${path}`,
    ...(digest === undefined ? [] : [`     digest = ${digest}`]),
    "     HTTP Status Code(s)",
    ...statusCodes.map(({ from, to }) => `       ${from === to ? from : `${from}-${to}`}`),
    ...(isAddress(host, target) ? [] : [`     Virtual host = ${host}`]),
    ...(pattern === undefined
      ? []
      : [
          `     Regex = "${pattern.regex}"`,
          ...(pattern.negated ? ["     Regex no match"] : []),
          ...offsetLines(pattern.minOffset, pattern.maxOffset),
          ...(pattern.options.length === 0 ? [] : [`     Regex options: ${pattern.options.join(" ")}`]),
        ]),
  ];
}

/** The host that is asked for where none is configured. */
function isAddress(host: string, { address, port }: Target): boolean {
  return host === `${address}:${port}` || host === `[${address}]:${port}`;
}

function offsetLines(min: number, max: number | undefined): readonly string[] {
  if (min === 0 && max === undefined) return [];
  return [`     Regex min offset = ${min}${max === undefined ? "" : `, max_offset = ${max}`}`];
}

function udpLines({ payload, requireReply, reply, minLength, maxLength }: UdpProbeModel): readonly string[] {
  return [
    payload === "" ? "   Payload specified = no" : `   Payload len = ${payload.length / 2}`,
    `   Require reply = ${said(requireReply)}`,
    ...(requireReply
      ? [
          `     Min reply length = ${minLength}`,
          `     Max reply length = ${maxLength}`,
          ...(reply === undefined
            ? []
            : [
                `     Reply data len = ${reply.length / 2}`,
                `     Reply data mask = ${said(/x/i.test(reply))}`,
              ]),
        ]
      : []),
  ];
}

function said(on: boolean): string {
  return yesNo(on).toLowerCase();
}

function set(on: boolean): string {
  return on ? "set" : "unset";
}
