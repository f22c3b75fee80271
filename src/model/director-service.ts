/** One `virtual_server`. */
import { familyOf, type IpFamily } from "../base/ip.ts";
import type { CommandModel } from "./command-model.ts";
import type { ResolveContext } from "./context.ts";
import { endpointsOf, reachable } from "./director-endpoints.ts";
import { readForwarding } from "./director-forwarding.ts";
import type { GroupMember } from "./director-groups.ts";
import { readHead, type ServiceHead } from "./director-head.ts";
import type { Forwarding, Protocol, VirtualServerModel } from "./director-models.ts";
import { resolvePersistence } from "./director-persistence.ts";
import { readQuorum } from "./director-quorum.ts";
import { resolveSchedule } from "./director-scheduler.ts";
import { type Pool, resolveRealServers, resolveSorryServer } from "./director-server.ts";
import { BUILT_IN_SETTINGS, inheritSettings, type ServiceSurroundings } from "./director-settings.ts";
import { blockOf, type DraftBlock, type DraftStatement } from "./draft.ts";
import { scriptOf } from "./notify.ts";

const FAMILIES: Readonly<Record<string, IpFamily>> = { inet: "ipv4", inet6: "ipv6" };
const PROTOCOLS: Readonly<Record<string, Protocol>> = { TCP: "tcp", UDP: "udp", SCTP: "sctp" };
const METHOD_KEYWORDS = ["lvs_method", "lb_kind"];

/** The service, or undefined, after a report, where there is nothing to balance. */
export function resolveService(
  statement: DraftStatement,
  surroundings: ServiceSurroundings,
  context: ResolveContext,
): VirtualServerModel | undefined {
  const { report } = context;
  const [words] = statement.values;
  const head = readHead(words?.kind === "words" ? words.value : [], surroundings.groups, report);
  if (head === undefined) return undefined;
  const block = blockOf(statement);
  const members = head.kind === "group" ? (surroundings.groups.get(head.group) ?? []) : [];
  const family = familyOfService(head, members, block, context);
  const protocol = readProtocol(head, block, statement, context);
  const name = nameOfService(head, protocol);
  const schedule = resolveSchedule(block, name, head, protocol, statement, context);
  const pool: Pool = {
    name,
    head,
    groupPorts: new Set(members.flatMap((one) => (one.kind === "address" ? [one.port] : []))),
    family,
    protocol,
    forwarding: readMethod(block, name, statement, context),
    weight: block.number("weight") ?? 1,
    alpha: block.has("alpha"),
    inhibitOnFailure: block.has("inhibit_on_failure"),
    settings: inheritSettings(block, BUILT_IN_SETTINGS),
  };
  const realServers = resolveRealServers(block, pool, surroundings, context);
  if (realServers.length === 0) {
    report.repair("no-real-server", statement.keywordSpan, `virtual_server ${name} has no real server`, {
      repair: "the service is ignored",
    });
    return undefined;
  }
  const endpoints = reachable(
    endpointsOf(head, members, family, protocol),
    realServers,
    { name, family, span: statement.keywordSpan },
    context,
  );
  const script = (keyword: string): CommandModel | undefined =>
    scriptOf(block, keyword, name, surroundings.policy, context);
  return {
    key: keyOf(head, protocol),
    name,
    family,
    protocol,
    endpoints,
    group: head.kind === "group" ? head.group : undefined,
    ...schedule,
    persistence: resolvePersistence(block, head, family, statement, context),
    ...readQuorum(block, name, statement, realServers, context),
    quorumUp: script("quorum_up"),
    quorumDown: script("quorum_down"),
    alpha: pool.alpha,
    omega: block.has("omega"),
    smtpAlert: block.flag("smtp_alert") ?? surroundings.smtpAlert ?? false,
    haSuspend: readSuspension(head, block, context),
    snmpName: block.text("snmp_name"),
    sorryServer: resolveSorryServer(block, pool, context),
    realServers,
  };
}

/** Where nothing says it, a mark has the family of its first server. */
function familyOfService(
  head: ServiceHead,
  members: readonly GroupMember[],
  block: DraftBlock,
  context: ResolveContext,
): IpFamily {
  const said = FAMILIES[block.text("ip_family") ?? ""];
  const own = ownFamily(head, members);
  if (own !== undefined && said !== undefined && said !== own) {
    const span = block.last("ip_family")?.span;
    context.report.repair("family", span, "the service has addresses of the other family", {
      repair: "the line is ignored",
    });
  }
  if (own !== undefined || said !== undefined) return own ?? said ?? "ipv4";
  const [server] = block.all("real_server")[0]?.values ?? [];
  return server?.kind === "address" ? familyOf(server.value) : "ipv4";
}

function ownFamily(head: ServiceHead, members: readonly GroupMember[]): IpFamily | undefined {
  if (head.kind === "address") return familyOf(head.address);
  for (const member of members) {
    if (member.kind === "address") return familyOf(member.address);
    if (member.family !== undefined) return member.family;
  }
  return undefined;
}

function readProtocol(
  head: ServiceHead,
  block: DraftBlock,
  statement: DraftStatement,
  { report }: ResolveContext,
): Protocol {
  const said = PROTOCOLS[block.text("protocol") ?? ""];
  if (head.kind === "fwmark") {
    if (said === undefined) return "udp";
    report.note("no-effect", block.last("protocol")?.keywordSpan, "a fwmark is of any protocol", {
      exitClass: "config-error",
    });
    return said;
  }
  if (said !== undefined) return said;
  report.repair("missing-value", statement.keywordSpan, "the service has no protocol", {
    repair: "UDP is used",
  });
  return "udp";
}

function nameOfService(head: ServiceHead, protocol: Protocol): string {
  switch (head.kind) {
    case "address":
      return `[${head.address}]:${protocol}:${head.port}`;
    case "fwmark":
      return `FWM ${head.mark}`;
    case "group":
      return `[${head.group}]:0`;
  }
}

function keyOf(head: ServiceHead, protocol: Protocol): string {
  if (head.kind === "address") return `${head.address} ${head.port} ${protocol}`;
  return head.kind === "fwmark" ? `fwmark ${head.mark}` : `group ${head.group}`;
}

function readMethod(
  block: DraftBlock,
  name: string,
  statement: DraftStatement,
  { report }: ResolveContext,
): Forwarding {
  const said = readForwarding(block, METHOD_KEYWORDS, report);
  if (said !== undefined) return said;
  const unsaid = block.all("real_server").filter((server) => !blockOf(server).has("lvs_method"));
  if (unsaid.length === 0) return { method: "nat" };
  report.repair("missing-value", statement.keywordSpan, `virtual_server ${name} has no lvs_method`, {
    repair: "NAT is used",
  });
  return { method: "nat" };
}

function readSuspension(head: ServiceHead, block: DraftBlock, { report }: ResolveContext): boolean {
  if (!block.has("ha_suspend") || head.kind !== "fwmark") return block.has("ha_suspend");
  const span = block.last("ha_suspend")?.keywordSpan;
  report.repair("no-effect", span, "ha_suspend needs an address, and a fwmark has none", {
    repair: "the line is ignored",
  });
  return false;
}
