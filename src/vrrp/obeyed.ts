import type { IpAddress } from "../base/ip.ts";
import type { VrrpInstanceModel } from "../model/model.ts";
import type { BackupPhase } from "./memory.ts";

/** An advertisement that was obeyed without a word, and what its verdict depended on. */
export interface Obeyed {
  readonly payload: Uint8Array;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly hopLimit: number;
  readonly checksumVerified: boolean;
  readonly model: VrrpInstanceModel;
  readonly phase: BackupPhase;
  readonly effectivePriority: number;
  readonly sourceAddress: IpAddress | undefined;
  readonly masterPriority: number | undefined;
  readonly masterInterval: number;
  readonly sparesMaster: boolean;
}
