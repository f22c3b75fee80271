import { describe, expect, it } from "vitest";
import {
  command,
  directorModel,
  miscCheck,
  realServer,
  tcpCheck,
  virtualServer,
} from "../../sim/director/models.ts";
import { BAD, DirectorDriver, eventsOf, GOOD, newsOf } from "../../test/support/director-driver.ts";
import { http, targetAt, url } from "../../test/support/probe-models.ts";
import { seconds } from "../base/time.ts";
import type { RealServerModel, VirtualServerModel } from "../model/director-models.ts";

const SORRY = {
  address: "10.0.9.9",
  port: 80,
  forwarding: { method: "dr" },
  inhibit: false,
} as const;

/** A director whose checks all end well unless a test says otherwise, after its start. */
function started(
  servers: readonly RealServerModel[],
  over: Partial<VirtualServerModel> = {},
  bad: readonly string[] = [],
): DirectorDriver {
  const driver = new DirectorDriver();
  fail(driver, bad);
  driver.configure(directorModel([virtualServer(servers, over)]));
  driver.pass(0);
  return driver;
}

/** The checks of these hosts fail from now on, all others succeed. */
function fail(driver: DirectorDriver, hosts: readonly string[]): void {
  driver.outcome = (check) => (hosts.some((host) => check.includes(`10.0.1.${host}]`)) ? BAD : GOOD);
}

describe("the start", () => {
  it("looks at the table first and puts servers in before their first check", () => {
    const driver = new DirectorDriver();
    driver.outcome = () => undefined;
    const actions = driver.configure(directorModel([virtualServer([realServer(1), realServer(2)])]));
    const kinds = actions.map(({ kind }) => kind).filter((kind) => kind.endsWith("Table"));
    expect(kinds).toEqual(["ReadTable", "ChangeTable"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1 10.0.1.2:80=1"]);
    expect(newsOf(actions)).toEqual(["quorum gained 2"]);
  });

  it("leaves out what is alpha until its check has passed", () => {
    const alpha = realServer(1, { checks: [tcpCheck(1, { alpha: true })] });
    const driver = new DirectorDriver();
    driver.configure(directorModel([virtualServer([alpha])]));
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc:"]);
    expect(newsOf(driver.pass(0))).toEqual(["up [10.0.1.1]:tcp:80", "quorum gained 1"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1"]);
  });

  it("tells once that an alpha server's first check failed", () => {
    const alpha = realServer(1, { notifyDown: command("/down"), checks: [tcpCheck(1, { alpha: true })] });
    const driver = new DirectorDriver();
    fail(driver, ["1"]);
    driver.configure(directorModel([virtualServer([alpha])]));
    expect(newsOf(driver.pass(0))).toEqual(["down [10.0.1.1]:tcp:80", "run DOWN /down"]);
    expect(newsOf(driver.pass(seconds(60)))).toEqual([]);
  });

  it("adopts what it finds and changes only the difference", () => {
    const model = directorModel([virtualServer([realServer(1), realServer(2)])]);
    const first = new DirectorDriver();
    first.configure(model);
    const second = new DirectorDriver();
    const changes = first.actions.flatMap((action) => (action.kind === "ChangeTable" ? action.changes : []));
    second.kernel.change(changes);
    second.configure(model);
    expect(second.actions.filter(({ kind }) => kind === "ChangeTable")).toEqual([]);
  });

  it("never touches services that are not ours, unless the table is to be flushed", () => {
    const foreign = virtualServer([realServer(7)], {}, 99);
    const stranger = new DirectorDriver();
    stranger.configure(directorModel([foreign]));
    const steps = stranger.actions.flatMap((action) => (action.kind === "ChangeTable" ? action.changes : []));
    for (const flushAtStart of [false, true]) {
      const driver = new DirectorDriver();
      driver.kernel.change(steps);
      driver.configure(directorModel([virtualServer([realServer(1)])], { flushAtStart }));
      driver.tell({ kind: "StopRequested", release: true, by: "SIGTERM" });
      expect(driver.kernel.text).toEqual(flushAtStart ? [] : ["tcp 10.0.0.99:80 wlc: 10.0.1.7:80=1"]);
    }
  });

  it("runs scripts for the state at the start where rs_init_notifies asks for it", () => {
    const server = realServer(1, { notifyUp: command("/up") });
    for (const notifyAtStart of [false, true]) {
      const driver = new DirectorDriver();
      const actions = driver.configure(directorModel([virtualServer([server])], { notifyAtStart }));
      expect(newsOf(actions).includes("run UP /up")).toBe(notifyAtStart);
    }
  });
});

describe("a check", () => {
  it("begins at a random time within the warmup", () => {
    const driver = new DirectorDriver();
    const servers = Array.from({ length: 200 }, (_, host) =>
      realServer(host, { checks: [tcpCheck(host, {}, { warmup: seconds(10) })] }),
    );
    driver.configure(directorModel([virtualServer(servers)]));
    const starts = (until: number): number =>
      driver.pass(until).filter(({ kind }) => kind === "StartCheck").length;
    const early = starts(seconds(5));
    expect(early).toBeGreaterThan(70);
    expect(early).toBeLessThan(130);
    driver.outcome = () => undefined;
    expect(early + starts(seconds(5))).toBe(200);
  });

  it("counts its very first failure at once", () => {
    const driver = started([realServer(1), realServer(2)], {}, ["1"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.2:80=1"]);
  });

  it("is tried again while the server is up, and fails after the last retry", () => {
    const checks = [tcpCheck(1, {}, { retry: 2, delayBeforeRetry: seconds(3) })];
    const driver = started([realServer(1, { checks }), realServer(2)]);
    fail(driver, ["1"]);
    expect(newsOf(driver.pass(seconds(10)))).toEqual(["failed [10.0.1.1]:tcp:80 left 2"]);
    expect(newsOf(driver.pass(seconds(3)))).toEqual(["failed [10.0.1.1]:tcp:80 left 1"]);
    expect(newsOf(driver.pass(seconds(2)))).toEqual([]);
    expect(newsOf(driver.pass(seconds(1)))).toEqual(["down [10.0.1.1]:tcp:80"]);
    const [down] = eventsOf(driver.actions).filter(({ kind }) => kind === "ServerChanged");
    expect(down).toMatchObject({ cause: [{ kind: "check", times: 3, detail: "connection refused" }] });
  });

  it("forgets failures after a success", () => {
    const driver = started([realServer(1)]);
    fail(driver, ["1"]);
    driver.pass(seconds(10));
    fail(driver, []);
    expect(newsOf(driver.pass(seconds(1)))).toEqual([]);
    fail(driver, ["1"]);
    expect(newsOf(driver.pass(seconds(10)))).toEqual(["failed [10.0.1.1]:tcp:80 left 1"]);
  });

  it("has no retries while the server is down, and one success brings it back", () => {
    const driver = started([realServer(1), realServer(2)], {}, ["1"]);
    const runs = driver.pass(seconds(30)).filter(({ kind }) => kind === "StartCheck");
    expect(runs).toHaveLength(6);
    fail(driver, []);
    expect(newsOf(driver.pass(seconds(10)))).toEqual(["up [10.0.1.1]:tcp:80"]);
  });

  it("waits for delay_loop from its end, a script from its start", () => {
    for (const [check, next] of [
      [tcpCheck(1), 14],
      [miscCheck(), 10],
    ] as const) {
      const driver = new DirectorDriver();
      driver.outcome = () => undefined;
      driver.configure(directorModel([virtualServer([realServer(1, { checks: [check] })])]));
      const begin = driver.now;
      const [start] = driver.pass(0).filter((action) => action.kind === "StartCheck");
      driver.pass(seconds(4));
      if (start?.kind === "StartCheck")
        driver.tell({ kind: "CheckFinished", check: start.check, run: start.run, result: GOOD });
      expect(driver.engine.nextDeadline()).toBe(begin + seconds(next));
    }
  });

  it("that is lost is reported and counts as failed", () => {
    const driver = started([realServer(1), realServer(2)]);
    driver.outcome = (check) => (check.includes("10.0.1.1]") ? undefined : GOOD);
    expect(newsOf(driver.pass(seconds(65)))).toEqual([
      "overdue TCP_CHECK of [10.0.1.1]:80",
      "failed [10.0.1.1]:tcp:80 left 1",
      "overdue TCP_CHECK of [10.0.1.1]:80",
      "down [10.0.1.1]:tcp:80",
    ]);
  });

  it("is not taken for lost while its probe may go on", () => {
    const target = targetAt(80, { timeout: seconds(60) });
    for (const probe of [
      http(target, { urls: [url("/a"), url("/b"), url("/c")] }),
      { kind: "smtp", target, heloName: "x" },
      { kind: "tcp", target },
      { kind: "misc", command: command("/check"), timeout: seconds(60), dynamic: false },
    ] as const) {
      const driver = new DirectorDriver();
      driver.outcome = () => undefined;
      driver.configure(
        directorModel([virtualServer([realServer(1, { checks: [{ ...tcpCheck(1), probe }] })])]),
      );
      const [start] = driver.pass(0).filter((action) => action.kind === "StartCheck");
      const limit = start?.kind === "StartCheck" ? start.limit : 0;
      // Each url connects and is answered; a conversation has more to wait for.
      const waits = probe.kind === "http" ? 6 : probe.kind === "smtp" ? 4 : 1;
      expect(limit).toBeGreaterThan(waits * seconds(60));
      expect(newsOf(driver.pass(limit))).toEqual([]);
      expect(newsOf(driver.pass(seconds(11)))[0]).toMatch(/^overdue/);
    }
  });

  it("that this host cannot run leaves its server as it is, for each reason told once", () => {
    const driver = started([realServer(1), realServer(2), realServer(3)], {}, ["3"]);
    driver.outcome = () => ({ ...BAD, notRun: true, detail: "too many open files on this host" });
    expect(newsOf(driver.pass(seconds(60)))).toEqual([
      "blocked TCP_CHECK of [10.0.1.1]:80: too many open files on this host",
    ]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1 10.0.1.2:80=1"]);
    driver.outcome = (check) =>
      check.includes("10.0.1.2]") ? GOOD : { ...BAD, notRun: true, detail: "no buffers on this host" };
    expect(newsOf(driver.pass(seconds(10)))).toEqual([
      "blocked TCP_CHECK of [10.0.1.1]:80: no buffers on this host",
      "unblocked TCP_CHECK of [10.0.1.3]:80: too many open files on this host",
    ]);
    driver.restore();
    driver.outcome = () => GOOD;
    expect(newsOf(driver.pass(seconds(10)))).toEqual([
      "unblocked TCP_CHECK of [10.0.1.3]:80: no buffers on this host",
      "up [10.0.1.3]:tcp:80",
    ]);
  });

  it("that this host cannot run is no attempt", () => {
    const checks = [tcpCheck(1, {}, { retry: 1 })];
    const driver = started([realServer(1, { checks }), realServer(2)]);
    for (const [result, news] of [
      [BAD, ["failed [10.0.1.1]:tcp:80 left 1"]],
      [{ ...BAD, notRun: true }, ["blocked TCP_CHECK of [10.0.1.1]:80: connection refused"]],
      [BAD, ["unblocked TCP_CHECK of [10.0.1.1]:80: connection refused", "down [10.0.1.1]:tcp:80"]],
    ] as const) {
      let isTold = false;
      driver.outcome = (check) => {
        if (!check.includes("10.0.1.1]")) return GOOD;
        if (isTold) return undefined;
        isTold = true;
        return result;
      };
      expect(newsOf(driver.pass(seconds(10)))).toEqual(news);
    }
  });

  it("that rests is held up by nothing", () => {
    const driver = new DirectorDriver();
    driver.configure(directorModel([virtualServer([realServer(1)], { haSuspend: true })]));
    driver.tell({ kind: "AddressHeld", address: "10.0.0.1", held: true });
    driver.outcome = () => ({ ...BAD, notRun: true, detail: "no buffers" });
    driver.pass(0);
    expect(newsOf(driver.tell({ kind: "AddressHeld", address: "10.0.0.1", held: false }))).toEqual([
      "suspended",
      "unblocked TCP_CHECK of [10.0.1.1]:80: no buffers",
    ]);
  });

  it("that is the same for several services runs once and speaks to all", () => {
    const driver = new DirectorDriver();
    const services = [1, 2, 3].map((host) => virtualServer([realServer(1), realServer(2)], {}, host));
    driver.configure(directorModel(services));
    expect(driver.pass(0).filter(({ kind }) => kind === "StartCheck")).toHaveLength(2);
    fail(driver, ["1"]);
    expect(newsOf(driver.pass(seconds(11))).filter((news) => news.startsWith("down"))).toHaveLength(3);
    expect(driver.kernel.text).toEqual([1, 2, 3].map((host) => `tcp 10.0.0.${host}:80 wlc: 10.0.1.2:80=1`));
  });

  it("is spread by jitter", () => {
    const checks = [tcpCheck(1, {}, { jitter: seconds(5) })];
    const driver = started([realServer(1, { checks })]);
    const waits = new Set<number>();
    let last = driver.now;
    driver.outcome = () => {
      waits.add(driver.now - last);
      last = driver.now;
      return GOOD;
    };
    driver.pass(seconds(300));
    for (const wait of waits) {
      expect(wait).toBeGreaterThanOrEqual(seconds(10));
      expect(wait).toBeLessThan(seconds(15));
    }
    expect(waits.size).toBeGreaterThan(10);
  });
});

describe("a real server", () => {
  it("is up while none of its checks has failed, and without checks for ever", () => {
    const two = realServer(1, { checks: [tcpCheck(1), tcpCheck(3)] });
    const driver = started([two, realServer(2, { checks: [] })], {}, ["1", "3"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.2:80=1"]);
    fail(driver, ["3"]);
    expect(newsOf(driver.pass(seconds(10)))).toEqual([]);
    fail(driver, []);
    expect(newsOf(driver.pass(seconds(10)))).toEqual(["up [10.0.1.1]:tcp:80"]);
  });

  it.each([
    [{ setsWeight: 5 }, 5],
    [{ setsWeight: undefined }, 3],
    [{ setsWeight: 0 }, 0],
    [{ weightChange: 4 }, 7],
    [{ weightChange: -9 }, 0],
    [{ weightChange: 99_999 }, 65_535],
  ])("has the configured weight 3 with what a check says: %o is %d", (says, weight) => {
    const driver = new DirectorDriver();
    driver.outcome = () => ({ ...GOOD, ...says });
    driver.configure(
      directorModel([virtualServer([realServer(1, { weight: 3, checks: [miscCheck()] }), realServer(2)])]),
    );
    driver.pass(0);
    expect(driver.kernel.text[0]).toContain(`10.0.1.1:80=${weight}`);
  });

  it("sums what several checks add", () => {
    const file = (name: string, weight: number, reverse = false) =>
      tcpCheck(0, { key: name, probe: { kind: "file", file: name, weight, reverse } });
    const server = realServer(1, { weight: 10, checks: [file("a", 2), file("b", 1, true), file("c", 0)] });
    const driver = started([server, realServer(2)]);
    expect(driver.kernel.text[0]).toContain("10.0.1.1:80=10");
    driver.tell({ kind: "FileMeasured", file: "a", value: 3 });
    expect(driver.kernel.text[0]).toContain("10.0.1.1:80=16");
    driver.tell({ kind: "FileMeasured", file: "b", value: 4 });
    expect(driver.kernel.text[0]).toContain("10.0.1.1:80=12");
    driver.tell({ kind: "FileMeasured", file: "c", value: 1 });
    expect(driver.kernel.text[0]).not.toContain("10.0.1.1:80");
    driver.tell({ kind: "FileMeasured", file: "c", value: 0 });
    expect(driver.kernel.text[0]).toContain("10.0.1.1:80=12");
    driver.tell({ kind: "FileMeasured", file: "a", value: -(2 ** 31) });
    expect(driver.kernel.text[0]).not.toContain("10.0.1.1:80");
  });

  it("follows a BFD session, and is down before it is known where the check is alpha", () => {
    const bfd = tcpCheck(0, { key: "bfd", alpha: true, probe: { kind: "bfd", session: "peer" } });
    const driver = started([realServer(1, { checks: [bfd] }), realServer(2)]);
    expect(driver.kernel.text[0]).not.toContain("10.0.1.1:80");
    driver.tell({ kind: "BfdChanged", session: "peer", up: true });
    expect(driver.kernel.text[0]).toContain("10.0.1.1:80=1");
    const actions = driver.tell({ kind: "BfdChanged", session: "peer", up: false });
    expect(newsOf(actions)).toEqual(["down [10.0.1.1]:tcp:80"]);
  });

  it("stays with weight 0 where it is inhibited on failure", () => {
    const driver = started([realServer(1, { inhibitOnFailure: true }), realServer(2)], {}, ["1"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=0 10.0.1.2:80=1"]);
  });

  it("runs its scripts and sends its mails", () => {
    const server = realServer(1, { notifyUp: command("/up"), notifyDown: command("/down"), smtpAlert: true });
    const driver = started([server, realServer(2)]);
    fail(driver, ["1"]);
    expect(newsOf(driver.pass(seconds(11)))).toEqual([
      "failed [10.0.1.1]:tcp:80 left 1",
      "down [10.0.1.1]:tcp:80",
      "run DOWN /down",
      "mail Realserver [10.0.1.1]:tcp:80 of virtual server [10.0.0.1]:tcp:80 - DOWN => TCP CHECK failed on service : connection refused <=",
    ]);
    fail(driver, []);
    expect(newsOf(driver.pass(seconds(10)))).toEqual([
      "up [10.0.1.1]:tcp:80",
      "run UP /up",
      "mail Realserver [10.0.1.1]:tcp:80 of virtual server [10.0.0.1]:tcp:80 - UP => TCP CHECK succeed on service <=",
    ]);
  });
});

describe("a server with several checks", () => {
  it("mails of a check that changes while the server stays down, unless no_checker_emails", () => {
    for (const noCheckMail of [false, true]) {
      const checks = [tcpCheck(1), tcpCheck(2)];
      const driver = new DirectorDriver();
      driver.configure(
        directorModel([virtualServer([realServer(1, { smtpAlert: true, checks }), realServer(3)])], {
          noCheckMail,
        }),
      );
      driver.pass(0);
      fail(driver, ["1"]);
      driver.pass(seconds(11));
      fail(driver, ["1", "2"]);
      const mails = newsOf(driver.pass(seconds(20))).filter((news) => news.startsWith("mail"));
      expect(mails).toHaveLength(noCheckMail ? 0 : 1);
    }
  });

  it("keeps the weight of the last good run while the check fails", () => {
    const driver = new DirectorDriver();
    driver.outcome = (check) => (check.startsWith("MISC") ? { ...GOOD, setsWeight: 7 } : GOOD);
    driver.configure(
      directorModel([virtualServer([realServer(1, { checks: [miscCheck()] }), realServer(2)])]),
    );
    driver.pass(0);
    driver.outcome = (check) => (check.startsWith("MISC") ? BAD : GOOD);
    expect(newsOf(driver.pass(seconds(10)))).toEqual(["down [10.0.1.1]:tcp:80"]);
    expect(driver.engine.snapshot(driver.now).services[0]?.servers[0]?.weight).toBe(7);
  });
});

describe("what comes at the wrong time", () => {
  it("is left alone: a result of a run before", () => {
    const driver = started([realServer(1), realServer(2)]);
    driver.outcome = () => undefined;
    const begun = driver.pass(seconds(10)).find((action) => action.kind === "StartCheck");
    if (begun?.kind !== "StartCheck") throw new Error("no check began");
    const { check, run } = begun;
    driver.tell({ kind: "CheckFinished", check, run: run - 1, result: BAD });
    expect(driver.engine.snapshot(driver.now).checks.find(({ memory }) => memory.id === check)).toMatchObject(
      {
        memory: { run, failures: 0, startedAt: driver.now },
      },
    );
  });

  it("is caught up with: a file that changes while the checks rest", () => {
    const file = tcpCheck(0, { key: "file", probe: { kind: "file", file: "f", weight: 0, reverse: false } });
    const driver = new DirectorDriver();
    driver.tell({ kind: "FileMeasured", file: "f", value: 0 });
    driver.configure(
      directorModel([virtualServer([realServer(1, { checks: [file] }), realServer(2)], { haSuspend: true })]),
    );
    expect(newsOf(driver.tell({ kind: "FileMeasured", file: "f", value: 1 }))).toEqual([]);
    expect(newsOf(driver.tell({ kind: "AddressHeld", address: "10.0.0.1", held: true }))).toEqual([
      "resumed",
      "down [10.0.1.1]:tcp:80",
    ]);
  });

  it("is not mailed: the state at the start, whose scripts run", () => {
    const server = realServer(1, { notifyUp: command("/up"), smtpAlert: true });
    const driver = new DirectorDriver();
    const actions = driver.configure(directorModel([virtualServer([server])], { notifyAtStart: true }));
    expect(newsOf(actions).filter((news) => /^(run|mail)/.test(news))).toEqual(["run UP /up"]);
  });
});

describe("the quorum", () => {
  const SCRIPTS = { quorumUp: command("/gained"), quorumDown: command("/lost"), smtpAlert: true };

  it("only notifies where there is no sorry server: servers stay", () => {
    const driver = started([realServer(1), realServer(2)], { quorum: 2, ...SCRIPTS });
    fail(driver, ["1"]);
    expect(newsOf(driver.pass(seconds(11)))).toEqual([
      "failed [10.0.1.1]:tcp:80 left 1",
      "down [10.0.1.1]:tcp:80",
      "quorum lost 1",
      "run DOWN /lost",
      "mail Virtualserver [10.0.0.1]:tcp:80 - DOWN => Lost quorum 2-0=2 > 1 <=",
    ]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.2:80=1"]);
  });

  it("puts the sorry server in the place of live servers, and those back when it is gained again", () => {
    const driver = started([realServer(1), realServer(2)], { quorum: 2, sorryServer: SORRY });
    fail(driver, ["1"]);
    expect(newsOf(driver.pass(seconds(11))).slice(-2)).toEqual(["quorum lost 1", "sorry in use"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.9.9:80=1"]);
    fail(driver, []);
    expect(newsOf(driver.pass(seconds(10))).slice(-2)).toEqual(["quorum gained 2", "sorry out of use"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1 10.0.1.2:80=1"]);
  });

  it("only keeps book of servers while the sorry server is in use", () => {
    const driver = started(
      [1, 2, 3].map((host) => realServer(host)),
      { quorum: 3, sorryServer: SORRY },
      ["1"],
    );
    fail(driver, ["1", "2"]);
    const actions = driver.pass(seconds(11));
    expect(newsOf(actions)).toContain("down [10.0.1.2]:tcp:80");
    expect(actions.filter(({ kind }) => kind === "ChangeTable")).toEqual([]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.9.9:80=1"]);
  });

  it("keeps a sorry server that is inhibited with weight 0", () => {
    const driver = started([realServer(1)], { sorryServer: { ...SORRY, inhibit: true } });
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1 10.0.9.9:80=0"]);
    fail(driver, ["1"]);
    driver.pass(seconds(11));
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.9.9:80=1"]);
  });

  it("starts with the sorry server where nothing is up yet", () => {
    const alpha = realServer(1, { checks: [tcpCheck(1, { alpha: true })] });
    const driver = new DirectorDriver();
    driver.outcome = () => undefined;
    const actions = driver.configure(
      directorModel([virtualServer([alpha], { sorryServer: SORRY, ...SCRIPTS })]),
    );
    expect(newsOf(actions)).toEqual([
      "quorum lost 0",
      "run DOWN /lost",
      "mail Virtualserver [10.0.0.1]:tcp:80 - DOWN => Starting with quorum down 1-0=1 > 0 <=",
      "sorry in use",
    ]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.9.9:80=1"]);
  });

  it("is gained at its upper bound, and lost below its lower one", () => {
    const servers = [1, 2, 3, 4].map((host) => realServer(host));
    const driver = started(servers, { quorum: 2, hysteresis: 1, sorryServer: SORRY });
    const quorum = (hosts: readonly string[]): readonly string[] => {
      fail(driver, hosts);
      return newsOf(driver.pass(seconds(22))).filter((news) => news.startsWith("quorum"));
    };
    expect(quorum(["1", "2", "3"])).toEqual([]);
    expect(quorum(["1", "2", "3", "4"])).toEqual(["quorum lost 0"]);
    expect(quorum(["3", "4"])).toEqual([]);
    expect(quorum(["4"])).toEqual(["quorum gained 3"]);
  });

  it("is lost with the last weight even where hysteresis would keep it", () => {
    const driver = started([realServer(1), realServer(2)], { quorum: 1, hysteresis: 1, sorryServer: SORRY });
    fail(driver, ["1", "2"]);
    driver.pass(seconds(11));
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.9.9:80=1"]);
  });
});

describe("ha_suspend", () => {
  it("keeps servers as they are while the address is elsewhere", () => {
    const driver = new DirectorDriver();
    const model = directorModel([virtualServer([realServer(1)], { haSuspend: true })]);
    expect(newsOf(driver.configure(model))).toEqual(["suspended", "quorum gained 1"]);
    fail(driver, ["1"]);
    expect(driver.pass(seconds(30)).filter(({ kind }) => kind === "StartCheck")).toEqual([]);
    driver.tell({ kind: "AddressHeld", address: "10.0.0.1", held: true });
    expect(newsOf(driver.pass(0))).toEqual(["down [10.0.1.1]:tcp:80", "quorum lost 0"]);
    fail(driver, []);
    driver.tell({ kind: "AddressHeld", address: "10.0.0.1", held: false });
    expect(driver.pass(seconds(30)).filter(({ kind }) => kind === "StartCheck")).toEqual([]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc:"]);
  });
});

describe("the stop", () => {
  it("takes ours out one by one and tells nobody", () => {
    const driver = started([realServer(1, { notifyDown: command("/down") })]);
    const actions = driver.tell({ kind: "StopRequested", release: true, by: "SIGTERM" });
    expect(newsOf(actions)).toEqual([]);
    const steps = actions.flatMap((action) => (action.kind === "ChangeTable" ? action.changes : []));
    expect(steps.map(({ kind }) => kind)).toEqual(["DeleteDestination", "DeleteService"]);
    expect(actions.at(-1)).toEqual({ kind: "Stopped" });
    expect(driver.kernel.text).toEqual([]);
    expect(driver.engine.nextDeadline()).toBeUndefined();
  });

  it("runs the down scripts of what is omega", () => {
    const server = realServer(1, { notifyDown: command("/down"), smtpAlert: true });
    const driver = started([server, realServer(2)], { omega: true, quorumDown: command("/lost") }, ["2"]);
    expect(newsOf(driver.tell({ kind: "StopRequested", release: true, by: "SIGTERM" }))).toEqual([
      "down [10.0.1.1]:tcp:80",
      "run DOWN /down",
      "mail Realserver [10.0.1.1]:tcp:80 of virtual server [10.0.0.1]:tcp:80 - DOWN => Shutting down <=",
      "quorum lost 0",
      "run DOWN /lost",
    ]);
  });

  it.each([
    ["all", ["FlushTable"]],
    ["services", ["DeleteService"]],
  ] as const)("flushes as lvs_flush_on_stop says: %s", (flushAtStop, expected) => {
    const driver = new DirectorDriver();
    driver.configure(directorModel([virtualServer([realServer(1)])], { flushAtStop }));
    const actions = driver.tell({ kind: "StopRequested", release: true, by: "SIGTERM" });
    const steps = actions.flatMap((action) => {
      if (action.kind === "ChangeTable") return action.changes.map(({ kind }) => kind);
      return action.kind === "FlushTable" ? [action.kind] : [];
    });
    expect(steps).toEqual(expected);
    expect(driver.kernel.text).toEqual([]);
  });

  it("leaves the table where it is told to", () => {
    const driver = started([realServer(1)]);
    const actions = driver.tell({ kind: "StopRequested", release: false, by: "SIGTERM" });
    expect(actions).toEqual([{ kind: "Stopped" }]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1"]);
  });

  it("does not wait for a kernel that does not answer", () => {
    const driver = started([realServer(1)]);
    driver.answers = false;
    driver.tell({ kind: "StopRequested", release: true, by: "SIGTERM" });
    expect(driver.pass(seconds(3)).at(-1)).toEqual({ kind: "Stopped" });
  });
});
