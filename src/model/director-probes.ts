/** What a check asks: where it connects, and what it expects. */
import { familyOf, isIpv6LinkLocal } from "../base/ip.ts";
import { resolveCommand } from "./commands.ts";
import type { ResolveContext } from "./context.ts";
import { resolveHttp } from "./director-http.ts";
import type { ProbeModel, Target } from "./director-models.ts";
import { type CheckedServer, type CheckSurroundings, leaveOut } from "./director-settings.ts";
import { blockOf, type DraftBlock, type DraftStatement } from "./draft.ts";

const HELO_NAME = "smtpchecker.keepalived.org";
const LONGEST_REPLY = 255;
const ROOT = ".";
/** Octets, in a query (RFC 1035, section 2.3.4). */
const LONGEST_LABEL = 63;
const LONGEST_NAME = 253;

/** The probes of one check: several for a mail check with `host` blocks, none where it cannot run. */
export function resolveProbes(
  statement: DraftStatement,
  server: CheckedServer,
  surroundings: CheckSurroundings,
  context: ResolveContext,
): readonly ProbeModel[] {
  const { keyword } = statement.row;
  if (keyword === "SMTP_CHECK") return resolveSmtp(statement, server, context);
  const probe = resolveProbe(statement, server, surroundings, context);
  return probe === undefined ? [] : [probe];
}

function resolveProbe(
  statement: DraftStatement,
  server: CheckedServer,
  surroundings: CheckSurroundings,
  context: ResolveContext,
): ProbeModel | undefined {
  const block = blockOf(statement);
  switch (statement.row.keyword) {
    case "MISC_CHECK":
      return resolveProgram(statement, block, server, surroundings, context);
    case "FILE_CHECK":
      return resolveFile(statement, block, surroundings, context);
    case "BFD_CHECK":
      return resolveSession(statement, block, surroundings, context);
  }
  const target = resolveTarget(statement, block, server, context);
  if (target === undefined) return undefined;
  switch (statement.row.keyword) {
    case "TCP_CHECK":
      return { kind: "tcp", target };
    case "PING_CHECK":
      return { kind: "ping", target };
    case "DNS_CHECK": {
      const recordType = block.text("type") ?? "SOA";
      return { kind: "dns", target, recordType, domain: readDomain(block, context) ?? ROOT };
    }
    case "UDP_CHECK":
      return resolveUdp(target, block, context);
    default:
      return resolveHttp(statement, target, server, context);
  }
}

/** A name that no query can hold would be answered with an error by every server. */
function readDomain(block: DraftBlock, context: ResolveContext): string | undefined {
  const name = block.text("name");
  if (name === undefined || name === ROOT) return name;
  const fault = nameFault(name.endsWith(".") ? name.slice(0, -1) : name);
  if (fault === undefined) return name;
  context.report.repair("invalid-value", block.last("name")?.span, `'${name}' ${fault}`, {
    repair: `the line is ignored; without another one, the default holds (${ROOT})`,
  });
  return undefined;
}

function nameFault(name: string): string | undefined {
  const length = (text: string): number => new TextEncoder().encode(text).length;
  const labels = name.split(".");
  if (labels.includes("")) return "has an empty label";
  if (labels.some((label) => length(label) > LONGEST_LABEL))
    return `has a label of more than ${LONGEST_LABEL} octets`;
  return length(name) > LONGEST_NAME ? `has more than ${LONGEST_NAME} octets` : undefined;
}

/** Where a check connects: the server, unless its block says otherwise. */
export function resolveTarget(
  statement: DraftStatement,
  block: DraftBlock,
  server: CheckedServer,
  context: ResolveContext,
): Target | undefined {
  const address = block.address("connect_ip") ?? server.address;
  const bindInterface = readInterface(block, context);
  if (isIpv6LinkLocal(address) && bindInterface === undefined) {
    context.report.repair("no-zone", statement.keywordSpan, `${address} says not on which interface`, {
      hint: "add bind_if INTERFACE",
      repair: "the check is left out",
    });
    return undefined;
  }
  const source = block.address("bindto");
  const fits = source === undefined || familyOf(source) === familyOf(address);
  if (!fits) {
    const message = `${source} is of another address family than ${address}`;
    context.report.repair("family", block.last("bindto")?.span, message, { repair: "the line is ignored" });
  }
  return {
    address,
    port: block.number("connect_port") ?? server.port,
    bindAddress: fits ? source : undefined,
    bindPort: block.number("bind_port"),
    bindInterface,
    mark: block.number("fwmark") || undefined,
    timeout: block.span("connect_timeout") ?? server.settings.connectTimeout,
  };
}

function readInterface(block: DraftBlock, context: ResolveContext): string | undefined {
  const name = block.text("bind_if");
  const statement = block.last("bind_if");
  if (name !== undefined && statement !== undefined) noteAbsent(name, statement, context);
  return name;
}

/** A check through an interface that is not there fails until it is. */
function noteAbsent(name: string, statement: DraftStatement, context: ResolveContext): void {
  const known = context.facts.interfaces;
  if (known === undefined || known.some((one) => one.name === name)) return;
  context.report.note("interface-absent", statement.span, `there is no interface '${name}'`, {
    hint: "the check fails until it comes",
  });
}

/** Files of keepalived 1.x name the targets of a mail check in `host` blocks; each is a check of its own. */
function resolveSmtp(
  statement: DraftStatement,
  server: CheckedServer,
  context: ResolveContext,
): readonly ProbeModel[] {
  const block = blockOf(statement);
  const heloName = block.text("helo_name") ?? HELO_NAME;
  const whole = resolveTarget(statement, block, server, context);
  if (whole === undefined) return [];
  const hosts = block.all("host");
  if (hosts.length === 0) return [{ kind: "smtp", target: whole, heloName }];
  const settings = { ...server.settings, connectTimeout: whole.timeout };
  const around = { ...server, address: whole.address, port: whole.port, settings };
  return hosts.flatMap((host) => {
    const target = resolveTarget(host, blockOf(host), around, context);
    if (target === undefined) return [];
    const { bindAddress, bindPort, bindInterface, mark } = whole;
    const merged = {
      ...target,
      bindAddress: target.bindAddress ?? bindAddress,
      bindPort: target.bindPort ?? bindPort,
      bindInterface: target.bindInterface ?? bindInterface,
      mark: target.mark ?? mark,
    };
    return [{ kind: "smtp", target: merged, heloName }];
  });
}

function resolveUdp(target: Target, block: DraftBlock, context: ResolveContext): ProbeModel {
  const minLength = block.number("min_reply_length") ?? 0;
  const maxLength = block.number("max_reply_length") ?? LONGEST_REPLY;
  if (minLength > maxLength) {
    const span = (block.last("min_reply_length") ?? block.last("max_reply_length"))?.span;
    context.report.note("never-true", span, `no answer is from ${minLength} to ${maxLength} bytes long`, {
      hint: "the check fails always",
      exitClass: "config-error",
    });
  }
  return {
    kind: "udp",
    target,
    payload: block.text("payload") ?? "",
    requireReply: block.has("require_reply"),
    reply: block.text("require_reply"),
    minLength,
    maxLength,
  };
}

function resolveProgram(
  statement: DraftStatement,
  block: DraftBlock,
  server: CheckedServer,
  { policy }: CheckSurroundings,
  context: ResolveContext,
): ProbeModel | undefined {
  const text = block.command("misc_path");
  if (text === undefined) return leaveOut("no-script", statement, "MISC_CHECK has no misc_path", context);
  const subject = {
    name: `MISC_CHECK of ${server.name}`,
    counted: false,
    consequence: "the check is left out",
  };
  const command = resolveCommand(text, block.identity("user"), subject, policy, context);
  if (command === undefined) return undefined;
  return {
    kind: "misc",
    command,
    timeout: block.span("misc_timeout") ?? server.settings.delayLoop,
    dynamic: block.has("misc_dynamic"),
  };
}

function resolveFile(
  statement: DraftStatement,
  block: DraftBlock,
  { files }: CheckSurroundings,
  context: ResolveContext,
): ProbeModel | undefined {
  const name = block.text("track_file");
  if (name === undefined) return leaveOut("no-file", statement, "FILE_CHECK has no track_file", context);
  const file = files.usable.get(name);
  if (file === undefined) {
    const why = files.defined.has(name) ? "cannot be used" : "is not defined";
    return leaveOut("no-such-tracker", statement, `track_file '${name}' ${why}`, context);
  }
  const { weight, reverse } = block.weight("weight") ?? file;
  return { kind: "file", file: name, weight, reverse };
}

function resolveSession(
  statement: DraftStatement,
  block: DraftBlock,
  { bfds }: CheckSurroundings,
  context: ResolveContext,
): ProbeModel | undefined {
  const session = block.text("name");
  if (session === undefined) return leaveOut("missing-name", statement, "BFD_CHECK has no name", context);
  const known = bfds.sessions.get(session);
  if (known === undefined) {
    const why = bfds.defined.has(session) ? "cannot run" : "is not defined";
    return leaveOut("no-such-tracker", statement, `bfd_instance '${session}' ${why}`, context);
  }
  if (!known.tellsChecker) {
    const message = `bfd_instance '${session}' tells VRRP instances only`;
    return leaveOut("no-such-tracker", statement, message, context, `add 'checker' to it`);
  }
  return { kind: "bfd", session };
}
