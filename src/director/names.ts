/** What services, servers and checks are called in logs, events and mails. */
import type { IpAddress } from "../base/ip.ts";
import type {
  Endpoint,
  ProbeModel,
  Protocol,
  UrlModel,
  VirtualServerModel,
} from "../model/director-models.ts";
import type { TableChange } from "./table.ts";

/** `[10.0.0.2]:tcp:80`; `[10.0.0.2]:none:0` of a service by firewall mark. */
export function serverName(
  service: VirtualServerModel,
  server: { readonly address: IpAddress; readonly port: number },
): string {
  const protocol = service.name.startsWith("FWM ") ? "none" : service.protocol;
  return socketName(server.address, protocol, server.port);
}

/** `[10.0.0.1]:tcp:80` or `FWM 5`. */
export function endpointName(endpoint: Endpoint): string {
  return endpoint.kind === "fwmark"
    ? `FWM ${endpoint.mark}`
    : socketName(endpoint.address, endpoint.protocol, endpoint.port);
}

/** A step as the object of a sentence: `adding [10.0.0.2]:80 to [10.0.0.1]:tcp:80`. */
export function stepText(step: TableChange): string {
  const verb = VERBS[step.kind];
  if ("service" in step) return `${verb} service ${endpointName(step.service.endpoint)}`;
  const { address, port } = step.destination;
  return `${verb} [${address}]:${port} ${PREPOSITIONS[step.kind]} ${endpointName(step.endpoint)}`;
}

const VERBS: Readonly<Record<TableChange["kind"], string>> = {
  AddService: "adding",
  EditService: "changing",
  DeleteService: "removing",
  AddDestination: "adding",
  EditDestination: "changing",
  DeleteDestination: "removing",
};

const PREPOSITIONS = { AddDestination: "to", EditDestination: "of", DeleteDestination: "from" } as const;

/** keepalived's word for the check, and what it looks at where that is not the server: `HTTP_GET /health`. */
export function probeName(probe: ProbeModel): string {
  switch (probe.kind) {
    case "tcp":
      return "TCP_CHECK";
    case "http":
      return `${probe.tls ? "SSL_GET" : "HTTP_GET"}${pathOf(probe.urls)}`;
    case "grpc":
      return "GRPC_CHECK";
    case "smtp":
      return "SMTP_CHECK";
    case "dns":
      return `DNS_CHECK ${probe.recordType} ${probe.domain}`;
    case "udp":
      return "UDP_CHECK";
    case "ping":
      return "PING_CHECK";
    case "misc":
      return `MISC_CHECK ${probe.command.path}`;
    case "file":
      return `FILE_CHECK ${probe.file}`;
    case "bfd":
      return `BFD_CHECK ${probe.session}`;
  }
}

/** With where it connects to: a run's handle, before it is made unique. */
export function checkName(probe: ProbeModel): string {
  if (!("target" in probe)) return probeName(probe);
  return `${probeName(probe)} of [${probe.target.address}]:${probe.target.port}`;
}

/** Which of several urls failed is part of the result. */
function pathOf(urls: readonly UrlModel[]): string {
  const [first] = urls;
  return first === undefined || urls.length > 1 ? "" : ` ${first.path}`;
}

function socketName(address: IpAddress, protocol: Protocol | "none", port: number): string {
  return `[${address}]:${protocol}:${port}`;
}
