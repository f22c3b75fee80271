/** Runs probes: each gives exactly one result, in bounded time, and throws nothing. */
import type { Micros } from "../../base/time.ts";
import type { CheckResult } from "../../director/input.ts";
import type { ProbeModel, TlsModel } from "../../model/director-models.ts";
import type { Loop } from "../loop.ts";
import { Attempt, type RunningProbe } from "./attempt.ts";
import { startDns } from "./dns.ts";
import { startGrpc } from "./grpc.ts";
import { HttpProbe, type PreparedUrls } from "./http.ts";
import { startMisc } from "./misc.ts";
import { startPing } from "./ping.ts";
import { SmtpProbe } from "./smtp.ts";
import { SocketSet } from "./socket-set.ts";
import { startTcp } from "./tcp.ts";
import { TlsContexts } from "./tls-channel.ts";
import { startUdp } from "./udp.ts";

/** A probe that asks; the others are told. */
export type NetworkProbe = Exclude<ProbeModel, { kind: "file" | "bfd" }>;

export class Prober {
  readonly #loop: Loop;
  readonly #tls: TlsContexts;
  readonly #sockets: SocketSet;
  readonly #prepared: PreparedUrls = new WeakMap();

  /** `tls` is the client's side of all TLS checks. */
  constructor(loop: Loop, tls: TlsModel, sockets: SocketSet = new SocketSet(loop)) {
    this.#loop = loop;
    this.#tls = new TlsContexts(tls);
    this.#sockets = sockets;
  }

  /** Starts a run, which ends within `limit`. `onResult` is called once, never from within this call, and not at all after a `cancel`. */
  start(probe: NetworkProbe, limit: Micros, onResult: (result: CheckResult) => void): RunningProbe {
    const attempt = new Attempt(this.#loop, limit, onResult);
    try {
      this.#start(probe, attempt);
    } catch (error) {
      attempt.refused(error);
    }
    attempt.started();
    return attempt;
  }

  #start(probe: NetworkProbe, attempt: Attempt): void {
    switch (probe.kind) {
      case "tcp":
        startTcp(probe, attempt, this.#sockets.watch);
        return;
      case "http":
        new HttpProbe(probe, attempt, this.#tls, this.#sockets.watch, this.#prepared);
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
