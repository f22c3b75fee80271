/** The director's part of what a dump is made of: models beside what the engine remembers of them. */
import type { CheckMemory, ServerMemory, ServiceMemory, VerdictMemory } from "../../director/memory.ts";
import type {
  CheckModel,
  RealServerModel,
  TlsModel,
  VirtualServerModel,
} from "../../model/director-models.ts";
import type { PlaneStatus } from "../pool-view.ts";

export interface DirectorDump {
  readonly plane: PlaneStatus;
  readonly tls: TlsModel;
  readonly services: readonly ServiceDump[];
  /** Numbers of the files that servers follow. */
  readonly files: ReadonlyMap<string, number>;
}

export interface ServiceDump {
  readonly model: VirtualServerModel;
  readonly memory: ServiceMemory;
  /** `[10.0.0.9]:tcp:80`, where there is one. */
  readonly sorryServer: string | undefined;
  /** The kernel's table has it. */
  readonly isSet: boolean;
  readonly servers: readonly ServerDump[];
}

export interface ServerDump {
  readonly model: RealServerModel;
  readonly memory: ServerMemory;
  /** `[10.0.0.2]:tcp:80`. */
  readonly name: string;
  readonly isSet: boolean;
  /** What the weight would be without the kernel's bounds. */
  readonly effectiveWeight: number;
  readonly checks: readonly CheckDump[];
}

export interface CheckDump {
  readonly model: CheckModel;
  readonly verdict: VerdictMemory;
  /** Absent of a check that is told rather than run. */
  readonly run: CheckMemory | undefined;
}
