/** Why something happened to a service or a server: a chain of facts, the immediate one first. Written when it is decided. */
import type { Instant } from "../base/time.ts";

export type DirectorCause = readonly DirectorFact[];

export type DirectorFact = { readonly at: Instant } & DirectorFactDetail;

export type DirectorFactDetail =
  | { readonly kind: "started" }
  | { readonly kind: "configured"; readonly what: string }
  /** `times`: failures in a row that led to it. */
  | {
      readonly kind: "check";
      readonly check: string;
      readonly ok: boolean;
      readonly detail: string;
      readonly excerpt: string | undefined;
      readonly times: number;
    }
  /** The sum of weights against the bound that it crossed. */
  | { readonly kind: "quorum"; readonly weight: number; readonly bound: number }
  | { readonly kind: "server"; readonly realServer: string; readonly up: boolean }
  | { readonly kind: "weight"; readonly realServer: string; readonly from: number; readonly to: number }
  | { readonly kind: "order"; readonly order: string; readonly by: string; readonly why: string | undefined }
  | { readonly kind: "order-ended"; readonly order: string }
  | { readonly kind: "stop-requested"; readonly by: string };
