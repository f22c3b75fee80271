/** One request and its answer, by whatever version of HTTP. */
import type { BodyCheck } from "./body-check.ts";
import type { TlsPeer } from "./tls-channel.ts";

/** Whom to ask, and whether by TLS. */
export interface HttpPeer extends TlsPeer {
  readonly tls: boolean;
}

export interface Exchange {
  close(): void;
}

export interface ExchangeUser {
  /** There is a connection: TLS is agreed upon next. */
  reached(): void;
  /** Something came: the next wait begins. */
  heard(): void;
  answered(status: number, body: BodyCheck): void;
  failed(detail: string, excerpt?: string): void;
}
