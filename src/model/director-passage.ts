/** Servers that are reached through this host want it to forward: whether it does is said before it is missed. */
import type { IpFamily } from "../base/ip.ts";
import { familyOf } from "../base/ip.ts";
import type { ResolveContext } from "./context.ts";
import type { DirectorModel, VirtualServerModel } from "./director-models.ts";
import type { DraftBlock } from "./draft.ts";

/** Families of servers that packets are sent on to with another destination. */
export function translatedFamilies(services: readonly VirtualServerModel[]): readonly IpFamily[] {
  const servers = services
    .flatMap(({ realServers, sorryServer }) => [
      ...realServers,
      ...(sorryServer === undefined ? [] : [sorryServer]),
    ])
    .filter(({ forwarding, address }) => forwarding.method === "nat" && !isLoopback(address));
  return [...new Set(servers.map(({ address }) => familyOf(address)))];
}

export function forwardingSetting(family: IpFamily): string {
  return family === "ipv4" ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
}

/** Of a table in another network namespace nothing is known. */
export function reportForwarding(
  root: DraftBlock,
  { virtualServers, tableNamespace }: DirectorModel,
  { facts, report }: ResolveContext,
): void {
  if (tableNamespace !== undefined) return;
  for (const family of translatedFamilies(virtualServers)) {
    if (facts.forwarding?.[family] !== false) continue;
    const setting = forwardingSetting(family);
    const message = `servers with NAT are reached through this host, which does not forward: ${setting} is 0`;
    report.note("forwarding", root.all("virtual_server")[0]?.keywordSpan, message, {
      hint: `sysctl -w ${setting}=1, and a line in /etc/sysctl.d for the next start`,
    });
  }
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}
