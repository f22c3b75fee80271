/** Probes for tests, each with what a test is not about filled in. */
import type { CheckResult } from "../../src/director/input.ts";
import { longestRun } from "../../src/director/run-bound.ts";
import { createLoop } from "../../src/host/loop.ts";
import { type NetworkProbe, Prober } from "../../src/host/probes/prober.ts";
import type {
  HttpProbeModel,
  PatternModel,
  Target,
  TlsModel,
  UrlModel,
} from "../../src/model/director-models.ts";

export const NO_TLS: TlsModel = {
  password: undefined,
  authorities: undefined,
  certificate: undefined,
  key: undefined,
};

export function targetAt(port: number, options: Partial<Target> = {}): Target {
  return {
    address: "127.0.0.1",
    port,
    bindAddress: undefined,
    bindPort: undefined,
    bindInterface: undefined,
    mark: undefined,
    timeout: 400_000,
    ...options,
  };
}

export function url(path = "/", options: Partial<UrlModel> = {}): UrlModel {
  return {
    path,
    host: "site.example",
    serverName: undefined,
    verifyName: undefined,
    statusCodes: [{ from: 200, to: 299 }],
    digest: undefined,
    pattern: undefined,
    tlsCompliant: false,
    ...options,
  };
}

export function pattern(regex: string, options: Partial<PatternModel> = {}): PatternModel {
  return { regex, options: [], negated: false, minOffset: 0, maxOffset: undefined, ...options };
}

export function http(target: Target, options: Partial<HttpProbeModel> = {}): HttpProbeModel {
  return {
    kind: "http",
    target,
    tls: false,
    protocol: "1.0",
    fastRecovery: false,
    urls: [url()],
    ...options,
  };
}

/** Runs a probe to its result. */
export function probe(model: NetworkProbe, tls: TlsModel = NO_TLS): Promise<CheckResult> {
  const prober = new Prober(createLoop(), tls);
  return new Promise((resolve) => prober.start(model, longestRun(model), resolve));
}
