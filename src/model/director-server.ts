/** Real servers and the sorry server of a service. */
import { familyOf, type IpAddress, type IpFamily } from "../base/ip.ts";
import type { CommandModel } from "./command-model.ts";
import type { ResolveContext } from "./context.ts";
import { resolveChecks } from "./director-checks.ts";
import { readForwarding } from "./director-forwarding.ts";
import type { ServiceHead } from "./director-head.ts";
import type { Forwarding, Protocol, RealServerModel, SorryServerModel } from "./director-models.ts";
import { type InheritedSettings, inheritSettings, type ServiceSurroundings } from "./director-settings.ts";
import { blockOf, type DraftBlock, type DraftStatement } from "./draft.ts";
import { scriptOf } from "./notify.ts";

/** What a service hands down to its servers. */
export interface Pool {
  readonly name: string;
  readonly head: ServiceHead;
  /** Ports of a group's addresses. */
  readonly groupPorts: ReadonlySet<number>;
  readonly family: IpFamily;
  readonly protocol: Protocol;
  readonly forwarding: Forwarding;
  readonly weight: number;
  readonly alpha: boolean;
  readonly inhibitOnFailure: boolean;
  readonly settings: InheritedSettings;
}

/** The servers that can be used. A second one of the same address and port is left out, as keepalived does. */
export function resolveRealServers(
  block: DraftBlock,
  pool: Pool,
  surroundings: ServiceSurroundings,
  context: ResolveContext,
): readonly RealServerModel[] {
  const servers = new Map<string, RealServerModel>();
  for (const statement of block.all("real_server")) {
    const server = resolveRealServer(statement, pool, surroundings, context);
    if (server === undefined) continue;
    if (!servers.has(server.key)) servers.set(server.key, server);
    else {
      const message = `real_server ${server.address} ${server.port} stands in ${pool.name} already`;
      context.report.repair("duplicate-server", statement.keywordSpan, message, {
        repair: "this block is ignored",
      });
    }
  }
  return [...servers.values()];
}

function resolveRealServer(
  statement: DraftStatement,
  pool: Pool,
  surroundings: ServiceSurroundings,
  context: ResolveContext,
): RealServerModel | undefined {
  const place = readPlace(statement, pool);
  if (place === undefined) return undefined;
  const block = blockOf(statement);
  const forwarding = readForwarding(block, ["lvs_method"], context.report) ?? pool.forwarding;
  if (!fitsFamily("real_server", place.address, forwarding, statement, pool, context)) return undefined;
  const port = portOf("real_server", place.port, forwarding, statement, pool, context);
  const alpha = block.flag("alpha") ?? pool.alpha;
  const name = `[${place.address}]:${pool.protocol}:${place.port}`;
  const checked = { name, ...place, alpha, settings: inheritSettings(block, pool.settings) };
  const script = (keyword: string): CommandModel | undefined =>
    scriptOf(block, keyword, name, surroundings.policy, context);
  return {
    key: `${place.address} ${port}`,
    address: place.address,
    port,
    weight: block.number("weight") ?? pool.weight,
    forwarding,
    ...readThresholds(block, context),
    inhibitOnFailure: block.flag("inhibit_on_failure") ?? pool.inhibitOnFailure,
    alpha,
    notifyUp: script("notify_up"),
    notifyDown: script("notify_down"),
    smtpAlert: block.flag("smtp_alert") ?? surroundings.smtpAlert ?? true,
    snmpName: block.text("snmp_name"),
    checks: resolveChecks(block, checked, surroundings, context),
  };
}

/** Address and port as written; without a port, or with 0, it is the service's. */
function readPlace(
  { values: [address, port] }: DraftStatement,
  { head }: Pool,
): { readonly address: IpAddress; readonly port: number } | undefined {
  if (address?.kind !== "address") return undefined;
  const servicePort = head.kind === "address" ? head.port : 0;
  const own = port?.kind === "number" ? port.value : 0;
  return { address: address.value, port: own === 0 ? servicePort : own };
}

/** Only a tunnel leads from one family to the other. */
function fitsFamily(
  what: "real_server" | "sorry_server",
  address: IpAddress,
  forwarding: Forwarding,
  statement: DraftStatement,
  pool: Pool,
  { report }: ResolveContext,
): boolean {
  if (familyOf(address) === pool.family || forwarding.method === "tun") return true;
  const message = `${what} ${address} is of another address family than ${pool.name}`;
  report.repair("family", statement.keywordSpan, message, {
    hint: "only lvs_method TUN leads from one family to the other",
    repair: what === "real_server" ? "the server is ignored" : "there is no sorry server",
  });
  return false;
}

/** A packet that is passed on as it is keeps its port: it must be the service's; in a group it becomes that of each address. */
function portOf(
  what: "real_server" | "sorry_server",
  port: number,
  { method }: Forwarding,
  statement: DraftStatement,
  { name, head, groupPorts }: Pool,
  { report }: ResolveContext,
): number {
  const servicePort = head.kind === "address" ? head.port : 0;
  if (method === "nat" || port === servicePort) return port;
  // Of a group, the addresses that have the server's port are served as written.
  const differs = head.kind === "group" ? [...groupPorts].some((one) => one !== port) : true;
  if (differs) {
    const message = `${what} of ${name} has port ${port}, but with ${method.toUpperCase()} a packet keeps its port`;
    report.repair("port", statement.keywordSpan, message, {
      repair: head.kind === "address" ? `${servicePort} is used` : "the port is ignored",
    });
  }
  return head.kind === "group" ? port : servicePort;
}

function readThresholds(
  block: DraftBlock,
  { report }: ResolveContext,
): Pick<RealServerModel, "upperThreshold" | "lowerThreshold"> {
  const upperThreshold = block.number("uthreshold") ?? 0;
  const lowerThreshold = block.number("lthreshold") ?? 0;
  if (upperThreshold === 0 || lowerThreshold <= upperThreshold) return { upperThreshold, lowerThreshold };
  const message = `lthreshold ${lowerThreshold} is more than uthreshold ${upperThreshold}`;
  report.repair("thresholds", block.last("lthreshold")?.span, message, {
    repair: `lthreshold ${upperThreshold} is used`,
    exitClass: "silent",
  });
  return { upperThreshold, lowerThreshold: upperThreshold };
}

/** Who answers when too few servers are left. */
export function resolveSorryServer(
  block: DraftBlock,
  pool: Pool,
  context: ResolveContext,
): SorryServerModel | undefined {
  const statement = block.last("sorry_server");
  const place = statement === undefined ? undefined : readPlace(statement, pool);
  if (statement === undefined || place === undefined) {
    reportLonely(block, context);
    return undefined;
  }
  const own = readForwarding(block, ["sorry_server_lvs_method"], context.report);
  const forwarding = own ?? pool.forwarding;
  if (!fitsFamily("sorry_server", place.address, forwarding, statement, pool, context)) return undefined;
  const port = portOf("sorry_server", place.port, forwarding, statement, pool, context);
  return { address: place.address, port, forwarding, inhibit: block.has("sorry_server_inhibit") };
}

function reportLonely(block: DraftBlock, { report }: ResolveContext): void {
  for (const keyword of ["sorry_server_inhibit", "sorry_server_lvs_method"]) {
    const lonely = block.last(keyword);
    if (lonely === undefined) continue;
    report.repair("no-sorry-server", lonely.keywordSpan, `'${keyword}' without a sorry_server`, {
      repair: "the line is ignored",
    });
  }
}
