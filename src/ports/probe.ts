/** Health checks as the engine asks for them: one run, one result. */
import type { Micros } from "../base/time.ts";
import type { CheckResult } from "../director/input.ts";
import type { ProbeModel, TlsModel } from "../model/director-models.ts";

/** A run under way. After `cancel` it gives no result. */
export interface RunningProbe {
  cancel(): void;
}

/** What all probes of a configuration share. */
export interface ProbeSettings {
  readonly tls: TlsModel;
}

/** Begins one run; `done` is called once within `limit`, never before this returns. */
export type StartProbe = (
  probe: ProbeModel,
  limit: Micros,
  settings: ProbeSettings,
  done: (result: CheckResult) => void,
) => RunningProbe;
