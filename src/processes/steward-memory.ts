/** What the steward is given back after its death. Its virtual servers are kept beside it, as they travel. */
import { settingsOf, type VirtualServerModel } from "../model/director-models.ts";
import type { Model } from "../model/model.ts";
import type { StatusDocument } from "../observe/status-document.ts";
import { changeServices } from "../supervise/service-texts.ts";
import type { RunningConfiguration } from "./configuration.ts";
import type { OrderDeskMemory } from "./order-desk.ts";
import type { PoolDeskMemory } from "./pool-desk.ts";

export interface StewardMemory {
  readonly running: RunningConfiguration;
  readonly lastReload: StatusDocument["lastReload"];
  readonly orders: OrderDeskMemory;
  readonly pool: PoolDeskMemory;
}

/** As JSON text, without the virtual servers. */
export function memoryText({ running, ...rest }: StewardMemory): string {
  const director = settingsOf(running.model.director);
  return JSON.stringify({ running: { ...running, model: { ...running.model, director } }, ...rest });
}

/** `services` are those that run, as a change from none. */
export function recallMemory(text: string, services: string): StewardMemory {
  const { running, ...rest } = JSON.parse(text) as StewardMemory;
  const read = (line: string): VirtualServerModel => JSON.parse(line) as VirtualServerModel;
  const virtualServers = [...changeServices(new Map<string, VirtualServerModel>(), services, read).values()];
  const model: Model = { ...running.model, director: { ...running.model.director, virtualServers } };
  return { running: { ...running, model }, ...rest };
}
