/** Parts of the model that say who is advertised to, and how that is authenticated. */
import type { IpAddress } from "../base/ip.ts";

export interface UnicastModel {
  /** Without one the instance is in FAULT (`unicast_fault_no_peer`). */
  readonly peers: readonly UnicastPeerModel[];
  /** `unicast_ttl`. */
  readonly hopLimit: number;
  /** Advertisements of others than the peers are dropped. */
  readonly checkSource: boolean;
  /**
   * Whether version 3 over IPv4 is summed as keepalived did before 1.3.6, with the multicast group for the destination;
   * `auto` begins to do so once a peer does.
   */
  readonly oldChecksum: "auto" | "always" | "never";
}

export interface UnicastPeerModel {
  /** As written: an address in canonical text, or a host name. */
  readonly host: string;
  /** Undefined for a host name: the engine is told of it. */
  readonly address: IpAddress | undefined;
  /** Window of TTL or hop limit that is accepted from it. */
  readonly minTtl: number | undefined;
  readonly maxTtl: number | undefined;
}

export type AuthenticationModel =
  | { readonly kind: "none" }
  /** `password` is the text, at most 8 bytes. */
  | { readonly kind: "pass"; readonly password: string }
  /** The Authentication Header of IPsec, version 2 only. */
  | { readonly kind: "ah"; readonly password: string };

/** `auth_hmac`: a signature behind every advertisement. */
export interface AuthHmacModel {
  readonly keys: readonly AuthKeyModel[];
  /** Id of the key that signs: one of {@link AuthHmacModel.keys}. */
  readonly activeKey: number;
  /** Seconds that another clock may differ from ours. */
  readonly timeWindow: number;
  /** `time` compares with the wall clock, `monotonic` only asks for growth. */
  readonly antiReplay: "time" | "monotonic";
  /** `permissive` takes unsigned advertisements too; `receive-only` also sends none. */
  readonly mode: "enforce" | "permissive" | "receive-only";
}

export interface AuthKeyModel {
  readonly id: number;
  /** The key's bytes in hex. Never shown: see `observe/secrets.ts`. */
  readonly secret: string;
}
