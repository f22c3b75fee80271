/** What a service is reached by: an address, a mark, or all lines of a group. */
import { familyOf, type IpFamily } from "../base/ip.ts";
import type { Span } from "../config/source.ts";
import type { ResolveContext } from "./context.ts";
import type { GroupMember } from "./director-groups.ts";
import type { ServiceHead } from "./director-head.ts";
import type { Endpoint, Protocol, RealServerModel } from "./director-models.ts";

/** The addresses and marks of a service. */
export function endpointsOf(
  head: ServiceHead,
  members: readonly GroupMember[],
  family: IpFamily,
  protocol: Protocol,
): readonly Endpoint[] {
  switch (head.kind) {
    case "address":
      return [{ kind: "address", protocol, address: head.address, port: head.port }];
    case "fwmark":
      return [{ kind: "fwmark", mark: head.mark, family }];
    case "group":
      return members.map((member) =>
        member.kind === "fwmark"
          ? { kind: "fwmark", mark: member.mark, family: member.family ?? family }
          : { kind: "address", protocol, address: member.address, port: member.port },
      );
  }
}

/** Lines of a group from which a way leads to a server: only a tunnel leads from one address family to the other. */
export function reachable(
  endpoints: readonly Endpoint[],
  servers: readonly RealServerModel[],
  service: { readonly name: string; readonly family: IpFamily; readonly span: Span },
  { report }: ResolveContext,
): readonly Endpoint[] {
  if (servers.some(({ forwarding }) => forwarding.method === "tun")) return endpoints;
  const strangers = endpoints.filter((endpoint) => familyOfEndpoint(endpoint) !== service.family);
  if (strangers.length === 0) return endpoints;
  const [first] = strangers;
  const others = strangers.length - 1;
  const which = `${nameOfEndpoint(first)}${others === 0 ? "" : ` and ${others} more`} in the group of ${service.name}`;
  const verb = others === 0 ? "is" : "are";
  report.repair("family", service.span, `${which} ${verb} of another address family than its servers`, {
    hint: "only lvs_method TUN leads from one family to the other",
    repair: "left out",
  });
  return endpoints.filter((endpoint) => !strangers.includes(endpoint));
}

function familyOfEndpoint(endpoint: Endpoint): IpFamily {
  return endpoint.kind === "fwmark" ? endpoint.family : familyOf(endpoint.address);
}

function nameOfEndpoint(endpoint: Endpoint | undefined): string {
  if (endpoint === undefined) return "";
  return endpoint.kind === "fwmark" ? `fwmark ${endpoint.mark}` : endpoint.address;
}
