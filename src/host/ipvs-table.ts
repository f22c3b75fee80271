/** The forwarding table in IPVS's own terms, and back. */
import { assert } from "../base/assert.ts";
import { familyOf, maxPrefixLength } from "../base/ip.ts";
import type {
  FoundDestination,
  FoundService,
  TableChange,
  TableDestination,
  TableService,
} from "../director/table.ts";
import type {
  Endpoint,
  Forwarding,
  Persistence,
  Protocol,
  SchedulerFlags,
} from "../model/director-models.ts";
import type {
  IpvsDestination,
  IpvsDestinationFact,
  IpvsOperation,
  IpvsService,
  IpvsServiceFact,
  IpvsServiceKey,
} from "../wire/netlink/ipvs.ts";
import { encodeDestination, encodeService } from "../wire/netlink/ipvs.ts";
import * as ipvs from "../wire/netlink/ipvs-constants.ts";

/** Of the IP header. */
const PROTOCOLS: Readonly<Record<Protocol, number>> = { tcp: 6, udp: 17, sctp: 132 };
const TUNNELS = {
  ipip: ipvs.IP_VS_CONN_F_TUNNEL_TYPE_IPIP,
  gue: ipvs.IP_VS_CONN_F_TUNNEL_TYPE_GUE,
  gre: ipvs.IP_VS_CONN_F_TUNNEL_TYPE_GRE,
} as const;
const CHECKSUMS = {
  none: ipvs.IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM,
  csum: ipvs.IP_VS_TUNNEL_ENCAP_FLAG_CSUM,
  remcsum: ipvs.IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM,
} as const;

/** One request of a change: how it is called in errors, and its bytes. */
export interface IpvsStep {
  readonly call: string;
  readonly subject: string;
  readonly operation: IpvsOperation;
  readonly target: "service" | "destination";
  encode(family: number, operation: IpvsOperation, sequence: number): Uint8Array;
}

const OPERATIONS: Readonly<Record<TableChange["kind"], IpvsOperation>> = {
  AddService: "add",
  EditService: "edit",
  DeleteService: "delete",
  AddDestination: "add",
  EditDestination: "edit",
  DeleteDestination: "delete",
};

export function stepOf(change: TableChange): IpvsStep {
  const operation = OPERATIONS[change.kind];
  if ("service" in change) {
    const service = ipvsService(change.service);
    return {
      call: `IPVS: ${operation} service`,
      subject: endpointName(change.service.endpoint),
      operation,
      target: "service",
      encode: (family, how, sequence) => encodeService(family, how, service, sequence),
    };
  }
  const key = ipvsKey(change.endpoint);
  const destination = ipvsDestination(change.destination);
  const { address, port } = change.destination;
  return {
    call: `IPVS: ${operation} server`,
    subject: `[${address}]:${port} of ${endpointName(change.endpoint)}`,
    operation,
    target: "destination",
    encode: (family, how, sequence) => encodeDestination(family, how, key, destination, sequence),
  };
}

export function endpointName(endpoint: Endpoint): string {
  if (endpoint.kind === "fwmark") return `FWM ${endpoint.mark} ${endpoint.family}`;
  return `[${endpoint.address}]:${endpoint.protocol}:${endpoint.port}`;
}

export function ipvsKey(endpoint: Endpoint): IpvsServiceKey {
  if (endpoint.kind === "fwmark") {
    assert(endpoint.mark !== 0, "a firewall mark is not 0");
    const address = endpoint.family === "ipv4" ? "0.0.0.0" : "::";
    return { family: endpoint.family, mark: endpoint.mark, protocol: 0, address, port: 0 };
  }
  const { address, port, protocol } = endpoint;
  return { family: familyOf(address), mark: 0, protocol: PROTOCOLS[protocol], address, port };
}

export function ipvsService(service: Omit<TableService, "destinations">): IpvsService {
  const key = ipvsKey(service.endpoint);
  const { persistence } = service;
  return {
    ...key,
    scheduler: service.scheduler,
    flags: flagsOf(service),
    timeout: persistence?.timeout ?? 0,
    prefixLength: persistence?.prefixLength ?? maxPrefixLength(key.family),
    engine: persistence?.engine,
  };
}

function flagsOf(service: Omit<TableService, "destinations">): number {
  return (
    (service.persistence === undefined ? 0 : ipvs.IP_VS_SVC_F_PERSISTENT) |
    (service.onePacket ? ipvs.IP_VS_SVC_F_ONEPACKET : 0) |
    (service.flags.flag1 ? ipvs.IP_VS_SVC_F_SCHED1 : 0) |
    (service.flags.flag2 ? ipvs.IP_VS_SVC_F_SCHED2 : 0) |
    (service.flags.flag3 ? ipvs.IP_VS_SVC_F_SCHED3 : 0)
  );
}

export function ipvsDestination(destination: TableDestination): IpvsDestination {
  const { address, port, weight, upperThreshold, lowerThreshold, forwarding } = destination;
  const plain = { address, port, weight, upperThreshold, lowerThreshold };
  if (forwarding.method !== "tun") {
    const method = forwarding.method === "nat" ? ipvs.IP_VS_CONN_F_MASQ : ipvs.IP_VS_CONN_F_DROUTE;
    return { ...plain, method, tunnelType: TUNNELS.ipip, tunnelPort: 0, tunnelFlags: CHECKSUMS.none };
  }
  return {
    ...plain,
    method: ipvs.IP_VS_CONN_F_TUNNEL,
    tunnelType: TUNNELS[forwarding.type],
    tunnelPort: forwarding.port ?? 0,
    tunnelFlags: CHECKSUMS[forwarding.checksum],
  };
}

/** A service as it is found; undefined if its protocol is none that IPVS has today. */
export function foundService(
  fact: IpvsServiceFact,
  destinations: readonly IpvsDestinationFact[],
): FoundService | undefined {
  const endpoint = endpointOf(fact);
  if (endpoint === undefined) return undefined;
  return {
    endpoint,
    scheduler: fact.scheduler,
    flags: schedulerFlags(fact.flags),
    onePacket: (fact.flags & ipvs.IP_VS_SVC_F_ONEPACKET) !== 0,
    persistence: persistenceOf(fact),
    destinations: destinations.map(foundDestination),
    statistics: fact.statistics,
  };
}

function endpointOf({ mark, family, protocol, address, port }: IpvsServiceFact): Endpoint | undefined {
  if (mark !== 0) return { kind: "fwmark", mark, family };
  for (const name of ["tcp", "udp", "sctp"] as const) {
    if (PROTOCOLS[name] === protocol) return { kind: "address", protocol: name, address, port };
  }
  return undefined;
}

function schedulerFlags(flags: number): SchedulerFlags {
  return {
    flag1: (flags & ipvs.IP_VS_SVC_F_SCHED1) !== 0,
    flag2: (flags & ipvs.IP_VS_SVC_F_SCHED2) !== 0,
    flag3: (flags & ipvs.IP_VS_SVC_F_SCHED3) !== 0,
  };
}

function persistenceOf({ flags, timeout, prefixLength, engine }: IpvsServiceFact): Persistence | undefined {
  return (flags & ipvs.IP_VS_SVC_F_PERSISTENT) === 0 ? undefined : { timeout, prefixLength, engine };
}

function foundDestination(fact: IpvsDestinationFact): FoundDestination {
  const { method, tunnelType, tunnelPort, tunnelFlags, ...rest } = fact;
  return { ...rest, family: familyOf(fact.address), forwarding: forwardingOf(fact) };
}

function forwardingOf({ method, tunnelType, tunnelPort, tunnelFlags }: IpvsDestinationFact): Forwarding {
  if (method === ipvs.IP_VS_CONN_F_DROUTE) return { method: "dr" };
  // What is left is masquerading: the kernel has local and bypassing servers only as states of connections.
  if (method !== ipvs.IP_VS_CONN_F_TUNNEL) return { method: "nat" };
  return {
    method: "tun",
    type: tunnelType === TUNNELS.gue ? "gue" : tunnelType === TUNNELS.gre ? "gre" : "ipip",
    port: tunnelPort === 0 ? undefined : tunnelPort,
    checksum:
      (tunnelFlags & CHECKSUMS.remcsum) !== 0
        ? "remcsum"
        : (tunnelFlags & CHECKSUMS.csum) !== 0
          ? "csum"
          : "none",
  };
}
