/** What virtual servers, their real servers and their checks mean: plain values, every default and inheritance resolved. */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { Scheduler } from "../base/scheduler.ts";
import type { Micros } from "../base/time.ts";
import type { CommandModel } from "./command-model.ts";
import { NO_SCHEDULING, type SchedulingModel } from "./scheduling-model.ts";

export interface DirectorModel extends DirectorSettings {
  readonly virtualServers: readonly VirtualServerModel[];
}

/** What concerns all services. */
export interface DirectorSettings {
  /** What kernel the services are put into: `auto` takes IPVS where there is one, nftables elsewhere. */
  readonly dataPlane: "auto" | "ipvs" | "nft";
  /** `net_namespace_ipvs`: where that kernel's table is; undefined is the daemon's own. Counts at the start only. */
  readonly tableNamespace: TableNamespace | undefined;
  /** `lvs_flush`: whatever the kernel's table holds at the start goes. */
  readonly flushAtStart: boolean;
  /** `lvs_flush_on_stop`: one by one, all of the table in one request, or our services without their servers first. */
  readonly flushAtStop: "each" | "all" | "services";
  /** `lvs_timeouts`, whole seconds; undefined leaves the kernel's. */
  readonly timeouts: LvsTimeouts | undefined;
  readonly syncDaemon: SyncDaemonModel | undefined;
  /** `rs_init_notifies`: scripts run for the state at the start. */
  readonly notifyAtStart: boolean;
  /** `no_checker_emails`: no mail about a check that changes while its server does not. */
  readonly noCheckMail: boolean;
  /** Client certificate and authorities of all TLS checks (`SSL`). */
  readonly tls: TlsModel;
  /** What the checker process asks of the system. */
  readonly process: SchedulingModel;
}

/** `first` is the one in which the machine's first process runs. */
export type TableNamespace = { readonly kind: "first" } | { readonly kind: "named"; readonly name: string };

export interface LvsTimeouts {
  readonly tcp: number | undefined;
  readonly tcpFin: number | undefined;
  readonly udp: number | undefined;
}

/** `lvs_sync_daemon`. */
export interface SyncDaemonModel {
  readonly interface: string;
  /** The VRRP instance whose state decides the role; without one both roles run. */
  readonly instance: string | undefined;
  readonly id: number;
  readonly maxLength: number | undefined;
  readonly port: number | undefined;
  readonly ttl: number | undefined;
  readonly group: IpAddress | undefined;
}

export interface TlsModel {
  readonly password: string | undefined;
  readonly authorities: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

export type Protocol = "tcp" | "udp" | "sctp";

/** Where one service listens. A virtual server has one, or one for each member of its group. */
export type Endpoint =
  | {
      readonly kind: "address";
      readonly protocol: Protocol;
      readonly address: IpAddress;
      /** 0 is every port, with persistence only. */
      readonly port: number;
    }
  | { readonly kind: "fwmark"; readonly mark: number; readonly family: IpFamily };

/** Raw flags of the scheduler: 1 fallback, 2 port (of `sh` and `mh`), 3. */
export interface SchedulerFlags {
  readonly flag1: boolean;
  readonly flag2: boolean;
  readonly flag3: boolean;
}

export interface Persistence {
  /** Whole seconds. */
  readonly timeout: number;
  /** Prefix length of clients that belong together: 32 or 128 is each for itself. */
  readonly prefixLength: number;
  readonly engine: string | undefined;
}

export type Forwarding =
  | { readonly method: "nat" }
  | { readonly method: "dr" }
  | {
      readonly method: "tun";
      readonly type: "ipip" | "gue" | "gre";
      /** GUE's. */
      readonly port: number | undefined;
      readonly checksum: "none" | "csum" | "remcsum";
    };

export interface VirtualServerModel {
  /** Stable identity, by which a reload matches: address, port and protocol, fwmark, or group name. */
  readonly key: string;
  /** As the log writes it: `[10.0.0.1]:tcp:80`, `FWM 5`, `[group]:0`. */
  readonly name: string;
  readonly family: IpFamily;
  readonly protocol: Protocol;
  readonly endpoints: readonly Endpoint[];
  readonly group: string | undefined;
  readonly scheduler: Scheduler;
  readonly flags: SchedulerFlags;
  /** `ops`. */
  readonly onePacket: boolean;
  readonly persistence: Persistence | undefined;
  readonly quorum: number;
  readonly hysteresis: number;
  readonly quorumUp: CommandModel | undefined;
  readonly quorumDown: CommandModel | undefined;
  /** Servers are down until checked. */
  readonly alpha: boolean;
  /** The down scripts run at the stop. */
  readonly omega: boolean;
  readonly smtpAlert: boolean;
  /** Checks run only while one of the addresses is on this host. */
  readonly haSuspend: boolean;
  readonly snmpName: string | undefined;
  readonly sorryServer: SorryServerModel | undefined;
  readonly realServers: readonly RealServerModel[];
}

export interface SorryServerModel {
  readonly address: IpAddress;
  readonly port: number;
  readonly forwarding: Forwarding;
  /** Kept with weight 0 while it is not needed. */
  readonly inhibit: boolean;
}

export interface RealServerModel {
  /** Identity within its service: address and port. */
  readonly key: string;
  readonly address: IpAddress;
  /** 0 is the port of each endpoint. */
  readonly port: number;
  readonly weight: number;
  readonly forwarding: Forwarding;
  /** Most and least connections, 0 for no limit. */
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
  readonly inhibitOnFailure: boolean;
  readonly alpha: boolean;
  readonly notifyUp: CommandModel | undefined;
  readonly notifyDown: CommandModel | undefined;
  readonly smtpAlert: boolean;
  readonly snmpName: string | undefined;
  readonly checks: readonly CheckModel[];
}

/** When a check runs, and how often it may fail. */
export interface CheckTiming {
  readonly delayLoop: Micros;
  /** Upper bound of the random delay before the first run. */
  readonly warmup: Micros;
  /** Attempts after a failure of a server that is up. */
  readonly retry: number;
  readonly delayBeforeRetry: Micros;
  /** Of ours: upper bound of a random delay before each run, so that checks of one period do not stay together. */
  readonly jitter: Micros;
}

export interface CheckModel {
  /** Stable over reloads: equal parameters of the same server give the same key. */
  readonly key: string;
  readonly timing: CheckTiming;
  /** Failed until its first success. */
  readonly alpha: boolean;
  readonly logAllFailures: boolean;
  readonly probe: ProbeModel;
}

/** Where and how a network probe connects. */
export interface Target {
  readonly address: IpAddress;
  readonly port: number;
  readonly bindAddress: IpAddress | undefined;
  readonly bindPort: number | undefined;
  readonly bindInterface: string | undefined;
  readonly mark: number | undefined;
  /** For connecting, and for each answer. */
  readonly timeout: Micros;
}

export type ProbeModel =
  | { readonly kind: "tcp"; readonly target: Target }
  | HttpProbeModel
  | GrpcProbeModel
  | { readonly kind: "smtp"; readonly target: Target; readonly heloName: string }
  | { readonly kind: "dns"; readonly target: Target; readonly recordType: string; readonly domain: string }
  | UdpProbeModel
  | { readonly kind: "ping"; readonly target: Target }
  | {
      readonly kind: "misc";
      readonly command: CommandModel;
      readonly timeout: Micros;
      /** Exit statuses from 2 on set the weight. */
      readonly dynamic: boolean;
    }
  /** Follows a number in a file (`track_file`) or a BFD session: it is told, it does not ask. */
  | { readonly kind: "file"; readonly file: string; readonly weight: number; readonly reverse: boolean }
  | { readonly kind: "bfd"; readonly session: string };

export interface HttpProbeModel {
  readonly kind: "http";
  readonly target: Target;
  readonly tls: boolean;
  readonly protocol: "1.0" | "1.0C" | "1.1" | "2";
  /** All urls of a failed server at once. */
  readonly fastRecovery: boolean;
  readonly urls: readonly UrlModel[];
}

/** Of ours: the standard health service of gRPC (`grpc_health`). */
export interface GrpcProbeModel {
  readonly kind: "grpc";
  readonly target: Target;
  readonly tls: boolean;
  readonly serverName: string | undefined;
  readonly verifyName: string | undefined;
  /** `:authority`. */
  readonly host: string;
  /** Whose health is asked for; empty is the whole server's. */
  readonly service: string;
}

export interface UrlModel {
  readonly path: string;
  /** What stands in the Host header. */
  readonly host: string;
  /** Name in the TLS greeting; undefined sends none. */
  readonly serverName: string | undefined;
  /** Of ours: the certificate is verified against this name. keepalived never verifies. */
  readonly verifyName: string | undefined;
  readonly statusCodes: readonly { readonly from: number; readonly to: number }[];
  /** MD5 of the body, 32 hex digits. */
  readonly digest: string | undefined;
  readonly pattern: PatternModel | undefined;
  readonly tlsCompliant: boolean;
}

export interface PatternModel {
  readonly regex: string;
  /** keepalived's (PCRE2's) option words. */
  readonly options: readonly string[];
  /** It must not be found. */
  readonly negated: boolean;
  readonly minOffset: number;
  readonly maxOffset: number | undefined;
}

export interface UdpProbeModel {
  readonly kind: "udp";
  readonly target: Target;
  /** Hex digits. */
  readonly payload: string;
  readonly requireReply: boolean;
  /** Hex digits the answer begins with, `x` for any. */
  readonly reply: string | undefined;
  readonly minLength: number;
  readonly maxLength: number;
}

/** Without its services. */
export function settingsOf({ virtualServers: _, ...settings }: DirectorModel): DirectorSettings {
  return settings;
}

/** A director without virtual servers. */
export const NO_DIRECTOR: DirectorModel = {
  virtualServers: [],
  dataPlane: "auto",
  tableNamespace: undefined,
  flushAtStart: false,
  flushAtStop: "each",
  timeouts: undefined,
  syncDaemon: undefined,
  notifyAtStart: false,
  noCheckMail: false,
  tls: { password: undefined, authorities: undefined, certificate: undefined, key: undefined },
  process: NO_SCHEDULING,
};
