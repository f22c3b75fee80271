import { describe, expect, it } from "vitest";
import { command, directorModel, realServer, tcpCheck, virtualServer } from "../../sim/director/models.ts";
import { BAD, DirectorDriver, eventsOf, GOOD, newsOf } from "../../test/support/director-driver.ts";
import { seconds } from "../base/time.ts";
import type { DirectorModel, VirtualServerModel } from "../model/director-models.ts";

const SORRY = { address: "10.0.9.9", port: 80, forwarding: { method: "dr" }, inhibit: false } as const;

/** A director of which the checks of these hosts fail, some checks after its start. */
function running(model: DirectorModel, bad: readonly string[] = []): DirectorDriver {
  const driver = new DirectorDriver();
  fail(driver, bad);
  driver.configure(model);
  driver.pass(seconds(1));
  return driver;
}

function fail(driver: DirectorDriver, hosts: readonly string[]): void {
  driver.outcome = (check) => (hosts.some((host) => check.includes(`10.0.1.${host}]`)) ? BAD : GOOD);
}

function steps(actions: readonly { readonly kind: string }[]): readonly string[] {
  return actions.flatMap((action) =>
    "changes" in action ? (action.changes as { kind: string }[]).map(({ kind }) => kind) : [],
  );
}

describe("a reload", () => {
  it("that changes nothing touches nothing", () => {
    const model = (): DirectorModel =>
      directorModel([virtualServer([realServer(1), realServer(2)], { sorryServer: SORRY })]);
    const driver = running(model(), ["1"]);
    expect(driver.configure(model())).toEqual([]);
  });

  it("keeps the state of servers and the time of their checks", () => {
    const servers = [realServer(1), realServer(2)];
    const driver = running(directorModel([virtualServer(servers)]), ["1"]);
    driver.pass(seconds(4));
    const due = driver.engine.nextDeadline();
    const actions = driver.configure(directorModel([virtualServer(servers, { scheduler: "rr" })]));
    expect(steps(actions)).toEqual(["EditService"]);
    expect(newsOf(actions)).toEqual([]);
    expect(driver.engine.nextDeadline()).toBe(due);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 rr: 10.0.1.2:80=1"]);
  });

  it("puts a new server in at once, or after its check where that is alpha", () => {
    const driver = running(directorModel([virtualServer([realServer(1)])]));
    const alpha = realServer(3, { checks: [tcpCheck(3, { alpha: true })] });
    const actions = driver.configure(directorModel([virtualServer([realServer(1), realServer(2), alpha])]));
    expect(steps(actions)).toEqual(["AddDestination"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1 10.0.1.2:80=1"]);
    expect(newsOf(driver.pass(0))).toEqual(["up [10.0.1.3]:tcp:80"]);
  });

  it.each([false, true])("tells of a new server that is known to be dead (alpha: %s)", (alpha) => {
    const dead = realServer(1, { checks: [tcpCheck(1)] });
    const driver = running(directorModel([virtualServer([dead, realServer(2)])]), ["1"]);
    const probe = { kind: "file", file: "full", weight: 0, reverse: false } as const;
    driver.tell({ kind: "FileMeasured", file: "full", value: 7 });
    const more = virtualServer(
      [
        realServer(1, { notifyDown: command("/dead"), checks: [tcpCheck(1, { alpha })] }),
        realServer(2),
        realServer(3, { notifyDown: command("/full"), checks: [tcpCheck(0, { key: "file", alpha, probe })] }),
      ],
      { key: "more", endpoints: [{ kind: "address", protocol: "tcp", address: "10.0.0.2", port: 80 }] },
    );
    const actions = driver.configure(directorModel([virtualServer([dead, realServer(2)]), more]));
    expect(newsOf(actions)).toEqual([
      "down [10.0.1.1]:tcp:80",
      "run DOWN /dead",
      "down [10.0.1.3]:tcp:80",
      "run DOWN /full",
      "quorum gained 1",
    ]);
    expect(eventsOf(actions).flatMap((event) => (event.kind === "ServerChanged" ? event.cause : []))).toEqual(
      [
        expect.objectContaining({ kind: "check", ok: false, detail: "connection refused" }),
        expect.objectContaining({ kind: "check", ok: false, detail: "the file holds 7" }),
      ],
    );
    expect(newsOf(driver.pass(seconds(30)))).toEqual([]);
  });

  it("takes a server out with its down script, and tells nothing of one that was down", () => {
    const leaving = [1, 2].map((host) => realServer(host, { notifyDown: command("/down"), smtpAlert: true }));
    const driver = running(directorModel([virtualServer([...leaving, realServer(3)])]), ["2"]);
    const actions = driver.configure(directorModel([virtualServer([realServer(3)])]));
    expect(newsOf(actions)).toEqual([
      "down [10.0.1.1]:tcp:80",
      "run DOWN /down",
      "mail Realserver [10.0.1.1]:tcp:80 of virtual server [10.0.0.1]:tcp:80 - DOWN => Removing <=",
    ]);
    expect(steps(actions)).toEqual(["DeleteDestination"]);
    expect(driver.pass(seconds(30)).filter(({ kind }) => kind === "StartCheck")).toHaveLength(3);
  });

  it("takes a service out with its servers, one by one", () => {
    const services = [1, 2].map((host) =>
      virtualServer([realServer(1)], { quorumDown: command("/lost") }, host),
    );
    const driver = running(directorModel(services));
    const actions = driver.configure(directorModel(services.slice(0, 1)));
    expect(newsOf(actions)).toEqual(["down [10.0.1.1]:tcp:80", "quorum lost 0", "run DOWN /lost"]);
    expect(steps(actions)).toEqual(["DeleteDestination", "DeleteService"]);
    expect(actions.filter(({ kind }) => kind === "CancelCheck")).toEqual([]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1"]);
  });

  it("adds and removes members of a group, and only those", () => {
    const endpoint = (host: number) =>
      ({ kind: "address", protocol: "tcp", address: `10.0.0.${host}`, port: 80 }) as const;
    const group = (...hosts: readonly number[]): VirtualServerModel =>
      virtualServer([realServer(1)], { key: "group", endpoints: hosts.map(endpoint) });
    const driver = running(directorModel([group(1, 2, 3)]));
    const actions = driver.configure(directorModel([group(1, 3, 4)]));
    expect(steps(actions)).toEqual(["AddService", "AddDestination", "DeleteDestination", "DeleteService"]);
    expect(driver.kernel.text).toEqual([1, 3, 4].map((host) => `tcp 10.0.0.${host}:80 wlc: 10.0.1.1:80=1`));
  });

  it("changes weights and tells so", () => {
    const driver = running(directorModel([virtualServer([realServer(1), realServer(2)])]));
    const actions = driver.configure(
      directorModel([virtualServer([realServer(1, { weight: 7 }), realServer(2)])]),
    );
    expect(newsOf(actions)).toEqual(["weight [10.0.1.1]:tcp:80 1 to 7"]);
    expect(steps(actions)).toEqual(["EditDestination"]);
  });

  it("begins a check with other parameters where the server stood", () => {
    const other = (host: number) =>
      tcpCheck(host, { key: "other" }, { delayLoop: seconds(20), warmup: seconds(20) });
    const driver = running(directorModel([virtualServer([realServer(1), realServer(2)])]), ["1"]);
    driver.configure(
      directorModel([
        virtualServer([realServer(1, { checks: [other(1)] }), realServer(2, { checks: [other(2)] })]),
      ]),
    );
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.2:80=1"]);
    fail(driver, ["2"]);
    const news = newsOf(driver.pass(seconds(20)));
    expect(news).toContain("up [10.0.1.1]:tcp:80");
    expect(news).toContain("down [10.0.1.2]:tcp:80");
  });

  it("keeps the verdict of a check that only gets another time", () => {
    const slow = tcpCheck(1, {}, { delayLoop: seconds(60), warmup: seconds(60) });
    const driver = running(directorModel([virtualServer([realServer(1), realServer(2)])]), ["1"]);
    driver.configure(directorModel([virtualServer([realServer(1, { checks: [slow] }), realServer(2)])]));
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.2:80=1"]);
  });

  it("brings back a server whose failed check is gone", () => {
    const two = realServer(1, { checks: [tcpCheck(1), tcpCheck(3)] });
    const driver = running(directorModel([virtualServer([two, realServer(2)])]), ["3"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.2:80=1"]);
    const actions = driver.configure(directorModel([virtualServer([realServer(1), realServer(2)])]));
    expect(newsOf(actions)).toEqual(["up [10.0.1.1]:tcp:80"]);
  });

  it("takes a sorry server out of use, and puts one in", () => {
    const servers = [realServer(1), realServer(2)];
    const driver = running(directorModel([virtualServer(servers, { quorum: 2, sorryServer: SORRY })]), ["1"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.9.9:80=1"]);
    driver.configure(directorModel([virtualServer(servers, { quorum: 2 })]));
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.2:80=1"]);
    driver.configure(directorModel([virtualServer(servers, { quorum: 2, sorryServer: SORRY })]));
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.9.9:80=1"]);
    expect(newsOf(driver.configure(directorModel([virtualServer(servers, { sorryServer: SORRY })])))).toEqual(
      ["quorum gained 1", "sorry out of use"],
    );
  });

  it("cancels the run of a check that nobody wants any more", () => {
    const driver = new DirectorDriver();
    driver.outcome = () => undefined;
    driver.configure(directorModel([virtualServer([realServer(1), realServer(2)])]));
    driver.pass(0);
    const actions = driver.configure(directorModel([virtualServer([realServer(2)])]));
    expect(actions.filter(({ kind }) => kind === "CancelCheck")).toHaveLength(1);
    const late = { kind: "CheckFinished", check: "TCP_CHECK of [10.0.1.1]:80", run: 1, result: BAD } as const;
    expect(driver.tell(late)).toEqual([]);
  });

  it("sets timeouts and the sync daemon as they change", () => {
    const timeouts = { tcp: 900, tcpFin: undefined, udp: undefined };
    const syncDaemon = {
      interface: "eth0",
      instance: "VI_1",
      id: 5,
      maxLength: undefined,
      port: undefined,
      ttl: undefined,
      group: undefined,
    };
    const driver = new DirectorDriver();
    const setters = (actions: readonly { readonly kind: string }[]) =>
      actions.filter(({ kind }) => kind === "SetTimeouts" || kind === "SetSyncDaemon");
    expect(setters(driver.configure(directorModel([], { timeouts, syncDaemon })))).toEqual([
      { kind: "SetTimeouts", timeouts },
      { kind: "SetSyncDaemon", daemon: syncDaemon, role: "backup" },
    ]);
    expect(setters(driver.tell({ kind: "InstanceChanged", instance: "VI_1", master: true }))).toEqual([
      { kind: "SetSyncDaemon", daemon: syncDaemon, role: "master" },
    ]);
    expect(setters(driver.tell({ kind: "InstanceChanged", instance: "VI_2", master: true }))).toEqual([]);
    const both = { ...syncDaemon, instance: undefined };
    expect(setters(driver.configure(directorModel([], { syncDaemon: both })))).toEqual([
      { kind: "SetTimeouts", timeouts: undefined },
      { kind: "SetSyncDaemon", daemon: both, role: "both" },
    ]);
    expect(setters(driver.tell({ kind: "StopRequested", release: true, by: "x" }))).toEqual([
      { kind: "SetSyncDaemon", daemon: both, role: "none" },
    ]);
  });
});
