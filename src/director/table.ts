/** The forwarding table of a data plane: what the rules ask for, what a kernel has, and the steps between the two. */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type {
  Endpoint,
  Forwarding,
  Persistence,
  Scheduler,
  SchedulerFlags,
} from "../model/director-models.ts";

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

/** A service as it is found, with its counters. */
export interface FoundService extends TableService {
  readonly destinations: readonly FoundDestination[];
  readonly statistics: TableStatistics;
}

export interface FoundDestination extends TableDestination {
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  readonly persistentConnections: number;
  readonly statistics: TableStatistics;
}

/** Since the kernel began to count; rates are per second. */
export interface TableStatistics {
  readonly connections: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly connectionRate: number;
}

/** One step; the order of a list is contract: services before their destinations, removals last. */
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
