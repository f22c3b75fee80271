/** The forwarding table of a data plane: what the rules ask for, what a kernel has, and the steps between the two. */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { OsError } from "../base/result.ts";
import type { Scheduler } from "../base/scheduler.ts";
import type { Endpoint, Forwarding, Persistence, SchedulerFlags } from "../model/director-models.ts";
import type { IpvsStatistics } from "../wire/netlink/ipvs.ts";

export interface TableService {
  readonly endpoint: Endpoint;
  readonly scheduler: Scheduler;
  readonly flags: SchedulerFlags;
  readonly onePacket: boolean;
  readonly persistence: Persistence | undefined;
  readonly destinations: readonly TableDestination[];
}

export interface TableDestination {
  readonly address: IpAddress;
  readonly port: number;
  readonly family: IpFamily;
  readonly forwarding: Forwarding;
  readonly weight: number;
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
}

/** A service as it is found, with its counters. Somebody else's may have a scheduler that configurations cannot name. */
export interface FoundService extends Omit<TableService, "scheduler" | "destinations"> {
  readonly scheduler: string;
  readonly destinations: readonly FoundDestination[];
  readonly statistics: TableStatistics;
}

export interface FoundDestination extends TableDestination {
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  readonly persistentConnections: number;
  readonly statistics: TableStatistics;
}

/** Counters and rates as IPVS has them; undefined is what the data plane does not measure. */
export type TableStatistics = { readonly [Field in keyof IpvsStatistics]: IpvsStatistics[Field] | undefined };

/**
 * One step; the order of a list is contract: services before their destinations, removals last. A data plane heals what it
 * can: what is there already is edited, what is to be edited and missing is added, and what is to go and is missing is gone.
 */
export type TableChange =
  | {
      readonly kind: "AddService" | "EditService" | "DeleteService";
      readonly service: Omit<TableService, "destinations">;
    }
  | {
      readonly kind: "AddDestination" | "EditDestination" | "DeleteDestination";
      readonly endpoint: Endpoint;
      readonly destination: TableDestination;
    };

/** A step that the kernel did not take. */
export interface TableRefusal {
  /** Its place in the list. */
  readonly index: number;
  readonly error: OsError;
}
