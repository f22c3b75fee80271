/** The end: what is told of it, and the table's way back. */
import { type Micros, seconds } from "../base/time.ts";
import type { DirectorModel } from "../model/director-models.ts";
import type { Pool } from "./pool.ts";
import { changeQuorum, changeServer } from "./settle.ts";
import type { TableKeeper } from "./table-keeper.ts";
import type { Turn } from "./turn.ts";
import { factNow } from "./turn.ts";

/** A stop waits no longer than this for the kernel. */
export const STOP_TIMEOUT: Micros = seconds(3);

/** No check runs any more; services that are `omega` tell that they go down. */
export function sayFarewell(turn: Turn, pool: Pool, by: string): void {
  for (const check of pool.roster.all) pool.roster.suspend(turn, check);
  const fact = factNow(turn, { kind: "stop-requested", by });
  for (const service of pool.services) {
    if (!service.model.omega) continue;
    for (const server of service.servers) {
      if (server.memory.up) changeServer(turn, service, server, false, [fact], "stop");
    }
    service.memory = { ...service.memory, weight: 0 };
    changeQuorum(turn, service, false, [fact], "stop");
  }
}

/** Takes out of the table what the configuration says goes at a stop. */
export function releaseTable(turn: Turn, table: TableKeeper, model: DirectorModel | undefined): void {
  if (model?.flushAtStop === "all") table.flush(turn);
  else table.release(turn, model?.flushAtStop === "services");
}
