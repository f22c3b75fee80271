/**
 * What a configuration means: plain, frozen, serialisable values, all defaults and references resolved.
 * Each process receives its own slice. Times are microseconds, addresses canonical text.
 */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import type { Route, Rule } from "../base/routing.ts";
import type { Micros } from "../base/time.ts";
import type { AuthenticationModel, AuthHmacModel, UnicastModel } from "./advertising.ts";
import type { CommandModel } from "./command-model.ts";
import type { DaemonModel } from "./daemon-model.ts";
import type { DirectorModel } from "./director-models.ts";
import type { DumpModel } from "./dump-model.ts";
import type { HostSettings } from "./host-settings.ts";
import type { MailModel } from "./mail-model.ts";
import type { SchedulingModel } from "./scheduling-model.ts";
import type { ProcessQuorum, TrackFileModel, TrackProcessModel } from "./tracker-models.ts";

export interface Model {
  readonly global: GlobalModel;
  readonly vrrp: VrrpModel;
  /** Every track script that an instance refers to; run by the supervisor, judged by the vrrp child. */
  readonly trackScripts: readonly TrackScriptModel[];
  readonly bfd: readonly BfdModel[];
  /** Files and processes that an instance follows; watched by the steward. */
  readonly trackFiles: readonly TrackFileModel[];
  readonly trackProcesses: readonly TrackProcessModel[];
  readonly mail: MailModel | undefined;
  readonly daemon: DaemonModel;
  readonly director: DirectorModel;
}

export interface GlobalModel {
  readonly routerId: string;
  /** `instance NAME`, part of the daemon's identity. */
  readonly instanceName: string | undefined;
  readonly enableScriptSecurity: boolean;
  readonly process: ProcessModel;
  readonly dynamicInterfaces: boolean;
  /** Of the socket that tells of processes (`process_monitor_rcv_bufs`). */
  readonly processMonitorBuffer: { readonly bytes: number; readonly force: boolean } | undefined;
  /** Undefined where nothing is said about dumps. */
  readonly dumps: DumpModel | undefined;
  /** Names under which buoy knows unread lines: none of them changes who is master. */
  readonly reloadCheckConfig: boolean;
}

/** What the vrrp child asks of the system. */
export interface ProcessModel extends SchedulingModel {
  /** No IGMP reports for groups of the link while running (`disable_local_igmp`). */
  readonly disableLocalIgmp: boolean;
}

/** `vrrp_script`. */
export interface TrackScriptModel {
  readonly name: string;
  readonly command: CommandModel;
  readonly interval: Micros;
  readonly timeout: Micros;
  readonly rise: number;
  readonly fall: number;
  readonly weight: number;
  readonly reverse: boolean;
  readonly initFail: boolean;
}

/** `bfd_instance`: one session with one neighbour. */
export interface BfdModel {
  /** Unique; a reload matches by it. */
  readonly name: string;
  readonly family: IpFamily;
  readonly neighbour: IpAddress;
  /** Source of our packets; undefined is the kernel's choice. */
  readonly source: IpAddress | undefined;
  /** Where a link-local neighbour is (`ADDRESS%INTERFACE`). */
  readonly interface: string | undefined;
  /** RFC 5883, port 4784; otherwise RFC 5881, port 3784. */
  readonly multihop: boolean;
  /** `min_rx`: what we ask the neighbour to keep to. */
  readonly requiredMinRx: Micros;
  /** `min_tx`: how fast we would like to send while Up. */
  readonly desiredMinTx: Micros;
  /** `idle_tx`: the same while not Up. */
  readonly idleTx: Micros;
  readonly multiplier: number;
  /** Silent until the neighbour has spoken. */
  readonly passive: boolean;
  /** TTL or hop limit of our packets, and what is expected of the neighbour's. */
  readonly hopLimit: number;
  /** How much less than {@link BfdModel.hopLimit} a received packet may have; -1 checks nothing. */
  readonly maxHops: number;
  /** Where an instance follows it without a weight of its own. */
  readonly weight: number;
  readonly reverse: boolean;
  /** Whether VRRP instances, or checkers, are told of its changes. */
  readonly tellsVrrp: boolean;
  readonly tellsChecker: boolean;
}

export interface VrrpModel extends HostSettings {
  readonly instances: readonly VrrpInstanceModel[];
  readonly syncGroups: readonly SyncGroupModel[];
  readonly garpGroups: readonly GarpGroupModel[];
  /** Judging parameters of every track script by name (the command itself is not the vrrp child's business). */
  readonly trackScripts: readonly TrackScriptJudgement[];
  /** Names of the files that are followed. */
  readonly trackFiles: readonly string[];
  readonly trackProcesses: readonly ProcessQuorum[];
  /** Somebody wants lines about states: there is a FIFO. */
  readonly fifo: boolean;
  /** `no_email_faults`. */
  readonly noMailOnFault: boolean;
  /** Ignore adverts and stay silent this long after start. */
  readonly startupDelay: Micros;
  /** Held for as long as the daemon runs. */
  readonly statics: StaticsModel;
}

/** `static_ipaddress`, `static_routes` and `static_rules`. */
export interface StaticsModel {
  readonly addresses: readonly VirtualAddressModel[];
  readonly routing: readonly RoutingModel[];
}

export interface TrackScriptJudgement {
  readonly name: string;
  readonly rise: number;
  readonly fall: number;
  readonly initFail: boolean;
}

/** `vrrp_sync_group`; members share one state. */
export interface SyncGroupModel {
  readonly name: string;
  readonly members: readonly string[];
  readonly notify: NotifyModel;
  readonly smtpAlert: boolean;
  /** Priority changes of its members are written to the FIFO. */
  readonly notifyPriorityChanges: boolean;
}

/** `garp_group`: announcements on these interfaces share one spacing. */
export interface GarpGroupModel {
  /** At least one; an interface is in one group only. */
  readonly interfaces: readonly string[];
  /** Minimum spacing of gratuitous ARPs, of whatever member; 0 means back to back. */
  readonly garpInterval: Micros;
  readonly gnaInterval: Micros;
}

export interface VrrpInstanceModel {
  /** The block's name, unique; shown everywhere, but a reload matches by {@link VrrpInstanceModel.key}. */
  readonly name: string;
  /** Stable identity: VRID, family, interface and mode (`keys.ts`). */
  readonly key: string;
  readonly version: 2 | 3;
  readonly family: IpFamily;
  /**
   * Where advertisements and, by default, addresses go: the configured interface, or the one made for the instance. Empty
   * for a unicast instance that belongs to no interface.
   */
  readonly interface: string;
  /** The interface made for the instance (`use_vmac`, `use_ipvlan`). */
  readonly virtualInterface: VirtualInterfaceModel | undefined;
  /** Interfaces made for single addresses (`use_vmac_addr`, `use_vmac` of an address). */
  readonly addressInterfaces: readonly VirtualInterfaceModel[];
  /** Advertise from the base interface although there is a virtual one (`vmac_xmit_base`). */
  readonly transmitBase: boolean;
  /** Where a unicast instance of no interface is; others are in their interface's. */
  readonly vrf: string | undefined;
  readonly virtualRouterId: number;
  /** 1..255; 255 is the address owner. */
  readonly priority: number;
  /** `state`, only a wish. */
  readonly wantedState: "MASTER" | "BACKUP";
  readonly advertisementInterval: Micros;
  /** Missed-advertisement multiplier, 3. */
  readonly downTimerAdverts: number;
  readonly preempt: boolean;
  readonly preemptDelay: Micros;
  readonly authentication: AuthenticationModel;
  readonly authHmac: AuthHmacModel | undefined;
  /** Which v3/IPv4 checksum we send; both readings are accepted. */
  readonly v3Checksum: "pseudo-header" | "message-only";
  /** Source of our advertisements; undefined means the interface's primary address. */
  readonly sourceAddress: IpAddress | undefined;
  /** FAULT while the configured source address is absent (`track_src_ip`). */
  readonly trackSourceAddress: boolean;
  readonly multicastGroup: IpAddress;
  /** Peers that are advertised to one by one; undefined means multicast. */
  readonly unicast: UnicastModel | undefined;
  readonly virtualAddresses: readonly VirtualAddressModel[];
  /** Treated like virtual addresses but never advertised. */
  readonly excludedAddresses: readonly VirtualAddressModel[];
  /** `virtual_routes`, then `virtual_rules`. */
  readonly routing: readonly RoutingModel[];
  /** Keys of static entries without which it is in FAULT (`track_group`). */
  readonly trackStatics: readonly string[];
  readonly trackInterfaces: readonly TrackedModel[];
  readonly trackScripts: readonly TrackedModel[];
  readonly trackBfds: readonly TrackedModel[];
  readonly trackFiles: readonly TrackedModel[];
  readonly trackProcesses: readonly TrackedModel[];
  /** The instance's own link does not cause FAULT (`dont_track_primary`). */
  readonly dontTrackPrimary: boolean;
  readonly garp: GarpModel;
  /** Announces and asks nobody, as keepalived does (`verify_takeover off`). */
  readonly announceOnly: boolean;
  /** Who is asked beside the gateways and those lately seen (`verify_neighbours`). */
  readonly verifyNeighbours: readonly IpAddress[];
  /** How long a neighbour may stay silent until it counts as unproved; undefined is the usual time. */
  readonly verifyTimeout: Micros | undefined;
  readonly lowerPrioNoAdvert: boolean;
  readonly higherPrioSendAdvert: boolean;
  readonly ownerIgnoreAdverts: boolean;
  readonly skipCheckAdvAddr: boolean;
  /** As master, packets to and from the virtual addresses are dropped (`no_accept`, strict mode); never the owner's. */
  readonly noAccept: boolean;
  readonly strictMode: boolean;
  /**
   * `timer_expired_backup`: a nopreempt master that slept until a peer of this priority has taken over becomes BACKUP.
   */
  readonly timerExpiredPriority: number | undefined;
  readonly promoteSecondaries: boolean;
  readonly notify: NotifyModel;
  /** Lines about the effective priority, too (`notify_priority_changes`). */
  readonly notifyPriorityChanges: boolean;
  readonly smtpAlert: boolean;
}

/** An interface to be made on another one: a macvlan with the virtual MAC (VMAC), or an ipvlan. */
export interface VirtualInterfaceModel {
  readonly kind: "macvlan" | "ipvlan";
  readonly name: string;
  /** The interface it stands on. */
  readonly base: string;
  /** Of the addresses it is for. */
  readonly family: IpFamily;
  readonly mode: "private" | "bridge" | "vepa";
  /** An ipvlan has its base's. */
  readonly mac: MacAddress | undefined;
  /** The ipvlan's own address, which advertisements come from. */
  readonly address: { readonly address: IpAddress; readonly prefixLength: number } | undefined;
  /** Interface group; undefined is the base's. */
  readonly group: number | undefined;
}

/** One line of `virtual_ipaddress` or `virtual_ipaddress_excluded`. */
export interface VirtualAddressModel {
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly family: IpFamily;
  /** Interface that receives the address. */
  readonly interface: string;
  /** rtnetlink scope number; 0 is global. */
  readonly scope: number;
  readonly broadcast: IpAddress | undefined;
  readonly label: string | undefined;
  readonly peer: IpAddress | undefined;
  readonly peerPrefixLength: number | undefined;
  readonly flags: readonly AddressFlag[];
  /** Seconds, or undefined for forever. */
  readonly preferredLifetime: number | undefined;
  /** Neither track the device nor react when others delete the address. */
  readonly noTrack: boolean;
}

/** A route or a rule held in the kernel. */
export type RoutingModel =
  | ({ readonly kind: "route"; readonly route: Route } & RoutingIdentity)
  | ({ readonly kind: "rule"; readonly rule: Rule } & RoutingIdentity);

interface RoutingIdentity {
  /** What it is, in iproute2's words: `route 10.1.0.0/16 via 10.0.0.1`. */
  readonly key: string;
  /** Neither track its interfaces nor react when others delete it. */
  readonly noTrack: boolean;
}

export type AddressFlag = "home" | "nodad" | "mngtmpaddr" | "noprefixroute" | "autojoin";

/** Something tracked by name: an interface, a script, a BFD session, a file or a kind of process. */
export interface TrackedModel {
  readonly name: string;
  /** 0 means a failure is FAULT. */
  readonly weight: number;
  readonly reverse: boolean;
}

/** Announcing of addresses: gratuitous ARP and unsolicited neighbour advertisements. */
export interface GarpModel {
  /** Announcements per address in each burst. */
  readonly masterRepeat: number;
  /** Delay to the second burst; 0 means none. */
  readonly masterDelay: Micros;
  /** Period of refresh announcements while master; 0 means off. */
  readonly masterRefresh: Micros;
  readonly masterRefreshRepeat: number;
  readonly lowerPrioDelay: Micros;
  readonly lowerPrioRepeat: number;
  /** Minimum spacing of gratuitous ARPs on one interface; 0 means back to back. */
  readonly garpInterval: Micros;
  /** Minimum spacing of unsolicited neighbour advertisements on one interface. */
  readonly gnaInterval: Micros;
  /** Announce where no advertisement goes, so that switches keep the MAC (`garp_extra_if`). */
  readonly extra: ExtraGarpModel | undefined;
}

export interface ExtraGarpModel {
  readonly interval: Micros;
  /** On every interface without advertisements, not only on VMACs. */
  readonly everywhere: boolean;
}

export interface NotifyModel {
  readonly master: CommandModel | undefined;
  readonly backup: CommandModel | undefined;
  readonly fault: CommandModel | undefined;
  readonly stop: CommandModel | undefined;
  readonly deleted: CommandModel | undefined;
  /** A removal by reload is told as DELETED (`notify_deleted`, with or without a script), else as FAULT. */
  readonly saysDeleted: boolean;
  /** `notify`: run on every transition with type, name, state and priority appended. */
  readonly any: CommandModel | undefined;
  readonly masterRxLowerPri: CommandModel | undefined;
  /** Longest a running script may hold up a newer state, 60 s. */
  readonly timeout: Micros;
}

/**
 * What the host knows, handed to `resolve` as a plain value. `undefined` where it is not known (an editor, `verify`
 * on another machine): then nothing is said about it.
 */
export interface HostFacts {
  readonly hostName: string;
  readonly interfaces: readonly InterfaceFact[] | undefined;
  /** Answers for every user and group the configuration names. */
  readonly users: ReadonlyMap<string, UserFact> | undefined;
  readonly groups: ReadonlyMap<string, number> | undefined;
  /** The user the daemon runs as. */
  readonly self: UserFact;
  /** Answers for every command path the configuration names. */
  readonly scripts: ReadonlyMap<string, ScriptFact> | undefined;
  /** What iproute2's files say; read only where routes or rules are configured. */
  readonly routingNames: RoutingNames | undefined;
  /** Answers for every key file the configuration names. */
  readonly keyFiles?: ReadonlyMap<string, KeyFileFact> | undefined;
  /** Why a file of `SSL` cannot be read, for those that cannot. */
  readonly unreadable?: ReadonlyMap<string, string> | undefined;
  /** Whether there is IPVS for us; undefined where nobody looked. */
  readonly ipvs?: boolean | undefined;
  /** Whether this host sends on what is not for itself. */
  readonly forwarding?: Readonly<Record<IpFamily, boolean | undefined>> | undefined;
}

/** Numbers by name, of iproute2's files. */
export interface RoutingNames {
  readonly tables: ReadonlyMap<string, number>;
  readonly protocols: ReadonlyMap<string, number>;
  readonly scopes: ReadonlyMap<string, number>;
  readonly realms: ReadonlyMap<string, number>;
  readonly dsfields: ReadonlyMap<string, number>;
  readonly groups: ReadonlyMap<string, number>;
}

/** A file with the key of `auth_hmac`. */
export interface KeyFileFact {
  /** Its bytes in hex, without the newline at its end; undefined if it could not be read. */
  readonly hex: string | undefined;
  /** Why it could not be read. */
  readonly error?: string;
  /** Whether others than its owner can read or change it. */
  readonly exposed: boolean;
}

export interface InterfaceFact {
  readonly index: number;
  readonly name: string;
  readonly mac: MacAddress | undefined;
  /** Bytes; 0 where it is not known. */
  readonly mtu: number;
  readonly up: boolean;
  readonly running: boolean;
  /** Its routing table, where it is a VRF; found out only where the configuration names one. */
  readonly vrfTable?: number;
  /** Undefined where they are not known. */
  readonly addresses?: readonly IpAddress[];
}

export interface UserFact {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** What a walk along a script's path found. */
export interface ScriptFact {
  /** Absolute path after a search along PATH and resolving links; undefined if there is no such file. */
  readonly resolved: string | undefined;
  readonly regular: boolean;
  readonly executable: boolean;
  /** The file starts with `#!` or is a binary; otherwise /bin/sh runs it. */
  readonly hasInterpreter: boolean;
  /** The first path element that someone other than root can write to, with the reason. */
  readonly insecure: { readonly element: string; readonly reason: string } | undefined;
}
