import { describe, expect, it } from "vitest";
import type { DirectorAction } from "../director/action.ts";
import type { CheckResult, DirectorInput } from "../director/input.ts";
import type { ProbeModel, SyncDaemonModel } from "../model/director-models.ts";
import type { DataPlane } from "../ports/data-plane.ts";
import { DirectorExecutor } from "./execute-director.ts";

const ERROR = { call: "x", errno: "EPERM", subject: "y" };
const PROBE = { kind: "tcp" } as unknown as ProbeModel;
const RESULT: CheckResult = { ok: true, detail: "fine", weightChange: 0, duration: 1, excerpt: undefined };

interface Stage {
  readonly executor: DirectorExecutor;
  readonly inputs: DirectorInput[];
  readonly said: string[];
  /** Ends the probe that was started as the n-th. */
  finish(index: number): void;
}

/** A plane that refuses when told to, and probes that end when told to. */
function stage(refuses = false): Stage {
  const inputs: DirectorInput[] = [];
  const said: string[] = [];
  const probes: ((result: CheckResult) => void)[] = [];
  const error = refuses ? ERROR : undefined;
  const plane: DataPlane = {
    name: "fake",
    read: (done) => done(refuses ? { ok: false, error: ERROR } : { ok: true, value: [] }),
    change: (_changes, done) => done(refuses ? [{ index: 0, error: ERROR }] : []),
    flush: (done) => done(error),
    setSyncDaemon: (_daemon, role, done) => {
      said.push(`sync ${role}`);
      setImmediate(done, error);
    },
    readTimeouts: (done) => done({ ok: true, value: { tcp: 900, tcpFin: 120, udp: 300 } }),
    setTimeouts: (timeouts, done) => {
      said.push(`timeouts ${[timeouts.tcp ?? "-", timeouts.tcpFin ?? "-", timeouts.udp ?? "-"].join("/")}`);
      done(error);
    },
    watch: () => undefined,
    close: () => said.push("closed"),
  };
  const start = (
    _probe: ProbeModel,
    _limit: number,
    _settings: unknown,
    done: (result: CheckResult) => void,
  ) => {
    const index = probes.push(done) - 1;
    return { cancel: () => said.push(`cancelled ${index}`) };
  };
  const executor = new DirectorExecutor(plane, start, { tls: NO_TLS }, undefined, {
    input: (input) => inputs.push(input),
    notify: ({ subject, state }) => said.push(`run ${subject} ${state}`),
    mail: (subject) => said.push(`mail ${subject}`),
    event: ({ kind }) => said.push(kind),
    stopped: () => said.push("stopped"),
    trouble: (what) => said.push(`trouble ${what}`),
  });
  return { executor, inputs, said, finish: (index) => probes[index]?.(RESULT) };
}

const NO_TLS = { password: undefined, authorities: undefined, certificate: undefined, key: undefined };
const started = (run: number): DirectorAction => ({
  kind: "StartCheck",
  check: "a",
  run,
  probe: PROBE,
  limit: 1,
});

describe("DirectorExecutor", () => {
  it("tells how each run ended, and cancels one that is not wanted any more", () => {
    const { executor, inputs, said, finish } = stage();
    executor.execute([started(1)]);
    finish(0);
    expect(inputs).toEqual([{ kind: "CheckFinished", check: "a", run: 1, result: RESULT }]);
    executor.execute([started(2), { kind: "CancelCheck", check: "a", run: 1 }]);
    expect(said).toEqual([]);
    executor.execute([{ kind: "CancelCheck", check: "a", run: 2 }]);
    expect(said).toEqual(["cancelled 1"]);
  });

  it("answers every request about the table", () => {
    const requests: readonly DirectorAction[] = [
      { kind: "ReadTable" },
      { kind: "ChangeTable", id: 1, changes: [] },
      { kind: "FlushTable", id: 2 },
    ];
    const taken = stage();
    taken.executor.execute(requests);
    expect(taken.inputs).toEqual([
      { kind: "TableRead", services: [] },
      { kind: "ActionDone", id: 1 },
      { kind: "ActionDone", id: 2 },
    ]);
    const refused = stage(true);
    refused.executor.execute(requests);
    const refusals = [{ index: 0, error: ERROR }];
    expect(refused.inputs).toEqual([
      { kind: "TableReadFailed", error: ERROR },
      { kind: "ActionFailed", id: 1, refusals },
      { kind: "ActionFailed", id: 2, refusals },
    ]);
  });

  it("puts back the timeouts that it found before the first change", () => {
    const { executor, said } = stage();
    const timeouts = (tcp: number): DirectorAction => ({
      kind: "SetTimeouts",
      timeouts: { tcp, tcpFin: undefined, udp: undefined },
    });
    executor.execute([timeouts(10), timeouts(20)]);
    expect(executor.timeoutsFound?.tcp).toBe(900);
    executor.execute([{ kind: "SetTimeouts", timeouts: undefined }]);
    expect(said).toEqual(["timeouts 10/-/-", "timeouts 20/120/300", "timeouts 900/120/300"]);
    executor.execute([{ kind: "SetTimeouts", timeouts: undefined }]);
    expect(said).toHaveLength(3);
  });

  it("has stopped when the kernel has answered about its settings, and not before", async () => {
    const { executor, said } = stage();
    const daemon = { interface: "eth0" } as SyncDaemonModel;
    executor.execute([{ kind: "SetSyncDaemon", daemon, role: "none" }, { kind: "Stopped" }]);
    expect(said).toEqual(["sync none"]);
    await new Promise(setImmediate);
    expect(said).toEqual(["sync none", "stopped"]);
  });

  it("a closed one leaves the table alone and runs no probe on", () => {
    const { executor, said } = stage();
    executor.execute([started(1)]);
    executor.close();
    expect(said).toEqual(["cancelled 0", "closed"]);
  });
});
