/** Runs probes: each gives exactly one result, in bounded time, and throws nothing. */
import type { CheckResult } from "../../director/input.ts";
import type { ProbeModel, TlsModel } from "../../model/director-models.ts";
import type { Loop } from "../loop.ts";
import { SystemError } from "../native.ts";
import { Attempt, type RunningProbe } from "./attempt.ts";
import { localClause } from "./clauses.ts";
import { startDns } from "./dns.ts";
import { startGrpc } from "./grpc.ts";
import { HttpProbe, httpBound, type PreparedUrls } from "./http.ts";
import { startMisc } from "./misc.ts";
import { startPing } from "./ping.ts";
import { SmtpProbe } from "./smtp.ts";
import { startTcp } from "./tcp.ts";
import { TlsContexts } from "./tls-channel.ts";
import { startUdp } from "./udp.ts";

/** Waits of a conversation, in timeouts: connection, greeting, answer, goodbye, and as much again. */
const WAITS = 8;
/** A program that heeds neither TERM nor KILL, in microseconds beyond its timeout. */
const MISC_SLACK = 10_000_000;

/** A probe that asks; the others are told. */
export type NetworkProbe = Exclude<ProbeModel, { kind: "file" | "bfd" }>;

export class Prober {
  readonly #loop: Loop;
  readonly #tls: TlsContexts;
  readonly #prepared: PreparedUrls = new WeakMap();

  /** `tls` is the client's side of all TLS checks. */
  constructor(loop: Loop, tls: TlsModel) {
    this.#loop = loop;
    this.#tls = new TlsContexts(tls);
  }

  /** Starts a run. `onResult` is called once, never from within this call, and not at all after a `cancel`. */
  start(probe: NetworkProbe, onResult: (result: CheckResult) => void): RunningProbe {
    const attempt = new Attempt(this.#loop, boundOf(probe), onResult);
    try {
      this.#start(probe, attempt);
    } catch (error) {
      attempt.fail(error instanceof SystemError ? localClause(error.osError) : unusable(error));
    }
    attempt.started();
    return attempt;
  }

  #start(probe: NetworkProbe, attempt: Attempt): void {
    switch (probe.kind) {
      case "tcp":
        startTcp(probe, attempt);
        return;
      case "http":
        new HttpProbe(probe, attempt, this.#tls, this.#prepared);
        return;
      case "smtp":
        new SmtpProbe(probe, attempt);
        return;
      case "dns":
        startDns(this.#loop, probe, attempt);
        return;
      case "udp":
        startUdp(this.#loop, probe, attempt);
        return;
      case "ping":
        startPing(this.#loop, probe, attempt);
        return;
      case "misc":
        startMisc(this.#loop, probe, attempt);
        return;
      case "grpc":
        startGrpc(probe, attempt, this.#tls);
        return;
    }
  }
}

function boundOf(probe: NetworkProbe): number {
  if (probe.kind === "misc") return probe.timeout + MISC_SLACK;
  return probe.kind === "http" ? httpBound(probe) : probe.target.timeout * WAITS;
}

/** Files of `SSL` that cannot be read, or hold something else. */
function unusable(error: unknown): string {
  return `cannot be asked: ${error instanceof Error ? error.message : String(error)}`;
}
