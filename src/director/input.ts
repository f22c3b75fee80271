/** Past facts that the director's engine is told. Plain values: they can be recorded and replayed. */
import type { IpAddress } from "../base/ip.ts";
import type { OsError } from "../base/result.ts";
import type { Micros } from "../base/time.ts";
import type { DirectorModel } from "../model/director-models.ts";
import type { PoolOrder } from "./pool-order.ts";
import type { FoundService, TableRefusal } from "./table.ts";

export type DirectorInput =
  /** The first one starts the engine; later ones are reloads. */
  | { readonly kind: "ConfigChanged"; readonly model: DirectorModel }
  /** A run that the engine asked for has ended; `run` is the number it was asked with. */
  | {
      readonly kind: "CheckFinished";
      readonly check: string;
      readonly run: number;
      readonly result: CheckResult;
    }
  /** The kernel's table, as asked for. */
  | { readonly kind: "TableRead"; readonly services: readonly FoundService[] }
  | { readonly kind: "TableReadFailed"; readonly error: OsError }
  /** Somebody else may have changed it: it is to be looked at now. */
  | { readonly kind: "TableDisturbed" }
  | { readonly kind: "ActionDone"; readonly id: number }
  /** Every step was tried: these were refused, one at least, and all others are done. */
  | { readonly kind: "ActionFailed"; readonly id: number; readonly refusals: readonly TableRefusal[] }
  /** An address of a service came to this host or left it (`ha_suspend`). */
  | { readonly kind: "AddressHeld"; readonly address: IpAddress; readonly held: boolean }
  | { readonly kind: "FileMeasured"; readonly file: string; readonly value: number }
  | { readonly kind: "BfdChanged"; readonly session: string; readonly up: boolean }
  /** State of the VRRP instance that the sync daemon follows. */
  | { readonly kind: "InstanceChanged"; readonly instance: string; readonly master: boolean }
  /** Everything that operators ordered about pools and did not take back. */
  | { readonly kind: "PoolOrdersChanged"; readonly orders: readonly PoolOrder[] }
  /** A deadline may have passed; `handle`'s `now` says how late it is. */
  | { readonly kind: "ClockReached" }
  /** `release` false leaves the table as it is. */
  | { readonly kind: "StopRequested"; readonly release: boolean; readonly by: string };

/** How one run of a check ended. `detail` is a clause for people: `answered 503`, `connection refused`. */
export interface CheckResult {
  readonly ok: boolean;
  /** This host could not ask, and `detail` says why: nothing is known of the server, whatever `ok` says. */
  readonly notRun?: boolean;
  readonly detail: string;
  /** What the check adds to the configured weight, in place of what it added before. */
  readonly weightChange: number;
  /** A dynamic check's weight, in place of the configured one: exit status less 2. It makes weightChange meaningless. */
  readonly setsWeight?: number | undefined;
  readonly duration: Micros;
  /** Head of an unexpected answer, printable, at most 200 characters. */
  readonly excerpt: string | undefined;
}
