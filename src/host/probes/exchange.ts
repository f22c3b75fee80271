/** One request and its answer, by whatever version of HTTP. */
import type { BodyCheck } from "./body-check.ts";

export interface Exchange {
  close(): void;
}

export interface ExchangeUser {
  /** Something came: the next wait begins. */
  heard(): void;
  answered(status: number, body: BodyCheck): void;
  failed(detail: string, excerpt?: string): void;
}
