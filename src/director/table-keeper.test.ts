import { describe, expect, it } from "vitest";
import { directorModel, realServer, virtualServer } from "../../sim/director/models.ts";
import { BAD, DirectorDriver, eventsOf, GOOD, newsOf } from "../../test/support/director-driver.ts";
import { seconds } from "../base/time.ts";
import type { PoolOrder } from "./pool-order.ts";

function started(): DirectorDriver {
  const driver = new DirectorDriver();
  driver.configure(directorModel([virtualServer([realServer(1), realServer(2)])]));
  driver.pass(0);
  return driver;
}

function order(kind: PoolOrder["kind"], host: number, over: Partial<PoolOrder> = {}): PoolOrder {
  return {
    id: host,
    kind,
    virtualServer: "10.0.0.1 tcp 80",
    realServer: `10.0.1.${host} 80`,
    weight: undefined,
    since: 0,
    by: "alice",
    why: undefined,
    ...over,
  };
}

describe("the kernel's table", () => {
  it("that somebody else changed is put right, and told of", () => {
    const driver = started();
    const [first] = driver.kernel.read();
    if (first === undefined) throw new Error("no service");
    const { endpoint, destinations } = first;
    const [one, two] = destinations;
    if (one === undefined || two === undefined) throw new Error("no servers");
    driver.kernel.change([
      { kind: "DeleteDestination", endpoint, destination: one },
      { kind: "EditDestination", endpoint, destination: { ...two, weight: 99 } },
    ]);
    expect(newsOf(driver.pass(seconds(61)))).toEqual(["differed 2"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1 10.0.1.2:80=1"]);
    driver.kernel.flush();
    expect(newsOf(driver.pass(seconds(60)))).toEqual(["differed 3"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1 10.0.1.2:80=1"]);
    expect(newsOf(driver.pass(seconds(120)))).toEqual([]);
  });

  it("that refuses a server gets the others, and the refused one ever more seldom", () => {
    const driver = new DirectorDriver();
    driver.kernel.refuse = (step) =>
      "destination" in step && step.destination.address === "10.0.1.1" ? "EINVAL" : undefined;
    const actions = driver.configure(directorModel([virtualServer([realServer(1), realServer(2)])]));
    expect(newsOf(actions)).toEqual([
      "quorum gained 2",
      "refused adding [10.0.1.1]:80 to [10.0.0.1]:tcp:80 EINVAL",
    ]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.2:80=1"]);
    const later = driver.pass(seconds(60));
    expect(later.filter(({ kind }) => kind === "ChangeTable")).toHaveLength(5);
    expect(newsOf(later)).toEqual([]);
    driver.kernel.refuse = () => undefined;
    driver.pass(seconds(64));
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1 10.0.1.2:80=1"]);
  });

  it("that refuses a service is told of once, not for each server", () => {
    const driver = new DirectorDriver();
    driver.kernel.refuse = ({ kind }) => (kind === "AddService" ? "ENOENT" : undefined);
    const actions = driver.configure(directorModel([virtualServer([realServer(1), realServer(2)])]));
    expect(newsOf(actions)).toEqual(["quorum gained 2", "refused adding service [10.0.0.1]:tcp:80 ENOENT"]);
    driver.kernel.refuse = () => undefined;
    driver.pass(seconds(1));
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1 10.0.1.2:80=1"]);
  });

  it("has one request at a time, and what changes meanwhile follows it", () => {
    const driver = started();
    driver.answers = false;
    driver.tell({ kind: "PoolOrdersChanged", orders: [order("disable", 1)] });
    driver.tell({ kind: "PoolOrdersChanged", orders: [] });
    const actions = driver.tell({ kind: "PoolOrdersChanged", orders: [order("disable", 2)] });
    expect(actions.filter(({ kind }) => kind === "ChangeTable")).toEqual([]);
    const [request] = driver.actions.filter((action) => action.kind === "ChangeTable").slice(-1);
    if (request?.kind !== "ChangeTable") throw new Error("no request");
    driver.answers = true;
    driver.kernel.change(request.changes);
    driver.tell({ kind: "ActionDone", id: request.id });
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1"]);
  });

  it("is looked at when it refuses, since somebody may have changed it", () => {
    const driver = started();
    driver.kernel.flush();
    const actions = driver.tell({ kind: "PoolOrdersChanged", orders: [order("weight", 1, { weight: 5 })] });
    expect(newsOf(actions)).toEqual([
      "weight [10.0.1.1]:tcp:80 1 to 5",
      "refused changing [10.0.1.1]:80 of [10.0.0.1]:tcp:80 ESRCH",
      "differed 3",
    ]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=5 10.0.1.2:80=1"]);
  });

  it("loses a server that is disabled while it stays with weight 0", () => {
    const driver = new DirectorDriver();
    driver.outcome = (check) => (check.includes("10.0.1.1]") ? BAD : GOOD);
    driver.configure(
      directorModel([virtualServer([realServer(1, { inhibitOnFailure: true }), realServer(2)])]),
    );
    driver.pass(0);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=0 10.0.1.2:80=1"]);
    driver.tell({ kind: "PoolOrdersChanged", orders: [order("disable", 1)] });
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.2:80=1"]);
  });

  it("is looked at again after an answer that never came", () => {
    const driver = started();
    driver.answers = false;
    driver.tell({ kind: "PoolOrdersChanged", orders: [order("disable", 1)] });
    driver.pass(seconds(29));
    driver.answers = true;
    expect(newsOf(driver.pass(seconds(1)))).toEqual(["refused no answer from the kernel ETIMEDOUT"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.2:80=1"]);
  });

  it("keeps nothing of a request without an answer that a reload has made void", () => {
    const driver = started();
    driver.answers = false;
    const both = [virtualServer([realServer(1), realServer(2)]), virtualServer([realServer(3)], {}, 2)];
    const asked = driver.configure(directorModel(both)).find(({ kind }) => kind === "ChangeTable");
    // The kernel does it, and nobody hears of that.
    if (asked?.kind === "ChangeTable") driver.kernel.change(asked.changes);
    expect(driver.kernel.text).toHaveLength(2);
    driver.configure(directorModel(both.slice(0, 1)));
    // The first look at the table is lost as well.
    driver.pass(seconds(61));
    driver.answers = true;
    driver.pass(seconds(120));
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1 10.0.1.2:80=1"]);
  });

  it("that cannot be read is written all the same", () => {
    const driver = new DirectorDriver();
    driver.answers = false;
    driver.configure(directorModel([virtualServer([realServer(1)])]));
    driver.answers = true;
    const error = { call: "ipvs", errno: "EIO", subject: "table" };
    expect(newsOf(driver.tell({ kind: "TableReadFailed", error }))).toEqual([
      "refused reading the table EIO",
    ]);
    driver.answers = false;
    expect(newsOf(driver.pass(seconds(1)))).toEqual([]);
    expect(newsOf(driver.tell({ kind: "TableReadFailed", error }))).toEqual([]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1"]);
  });

  it("that refuses a long list is told of once", () => {
    const driver = new DirectorDriver();
    driver.kernel.refuse = () => "ENOSYS";
    const services = Array.from({ length: 20 }, (_, host) => virtualServer([realServer(1)], {}, host));
    const actions = driver.configure(directorModel(services));
    expect(newsOf(actions).filter((news) => news.startsWith("refused"))).toEqual([
      "refused adding service [10.0.0.0]:tcp:80 and 19 more ENOSYS",
    ]);
  });

  it("is written in parts, so that a change need not wait for all of a long list", () => {
    const driver = new DirectorDriver({ batch: 10 });
    const services = Array.from({ length: 20 }, (_, host) =>
      virtualServer([realServer(1), realServer(2)], {}, host),
    );
    const actions = driver.configure(directorModel(services));
    const sizes = actions.flatMap((action) => (action.kind === "ChangeTable" ? [action.changes.length] : []));
    expect(sizes).toEqual([12, 12, 12, 12, 12]);
    expect(driver.kernel.text).toHaveLength(20);
  });
});

describe("an operator's order", () => {
  it("gives a server another weight", () => {
    const driver = started();
    expect(
      newsOf(driver.tell({ kind: "PoolOrdersChanged", orders: [order("weight", 1, { weight: 9 })] })),
    ).toEqual(["weight [10.0.1.1]:tcp:80 1 to 9"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=9 10.0.1.2:80=1"]);
    driver.tell({ kind: "PoolOrdersChanged", orders: [] });
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1 10.0.1.2:80=1"]);
  });

  it("disables a server at once, whatever its checks say", () => {
    const driver = started();
    expect(newsOf(driver.tell({ kind: "PoolOrdersChanged", orders: [order("disable", 1)] }))).toEqual([
      "down [10.0.1.1]:tcp:80",
    ]);
    driver.pass(seconds(30));
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.2:80=1"]);
    driver.outcome = (check) => (check.includes("10.0.1.1]") ? BAD : GOOD);
    driver.pass(seconds(30));
    expect(newsOf(driver.tell({ kind: "PoolOrdersChanged", orders: [] }))).toEqual([]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.2:80=1"]);
  });

  it("is the reason of what follows from it", () => {
    const driver = started();
    driver.tell({ kind: "PoolOrdersChanged", orders: [order("drain", 1)] });
    const actions = driver.tell({
      kind: "PoolOrdersChanged",
      orders: [order("drain", 1), order("drain", 2)],
    });
    const [lost] = eventsOf(actions).filter(({ kind }) => kind === "QuorumChanged");
    expect(lost).toMatchObject({
      up: false,
      cause: [
        { kind: "quorum" },
        { kind: "weight", realServer: "[10.0.1.2]:tcp:80", from: 1, to: 0 },
        { kind: "order", order: "drain" },
      ],
    });
  });

  it("drains a server: weight 0 until the last connection has ended, then out", () => {
    const driver = started();
    driver.kernel.connections.set("10.0.1.1:80", 2);
    driver.tell({ kind: "PoolOrdersChanged", orders: [order("drain", 1)] });
    driver.pass(seconds(10));
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=0 10.0.1.2:80=1"]);
    expect(driver.engine.snapshot(driver.now).services[0]?.servers[0]?.connections).toBe(2);
    driver.kernel.connections.clear();
    driver.kernel.persistent.set("10.0.1.1:80", 1);
    driver.pass(seconds(4));
    expect(driver.engine.snapshot(driver.now).services[0]?.servers[0]).toMatchObject({
      connections: 1,
      drained: false,
    });
    driver.kernel.persistent.clear();
    expect(newsOf(driver.pass(seconds(2)))).toEqual(["drained [10.0.1.1]:tcp:80"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.2:80=1"]);
    driver.tell({ kind: "PoolOrdersChanged", orders: [] });
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1 10.0.1.2:80=1"]);
  });

  it("keeps a drained server with weight 0 where it is inhibited", () => {
    const driver = new DirectorDriver();
    driver.configure(
      directorModel([virtualServer([realServer(1, { inhibitOnFailure: true }), realServer(2)])]),
    );
    driver.tell({ kind: "PoolOrdersChanged", orders: [order("drain", 1)] });
    expect(newsOf(driver.pass(seconds(10)))).toEqual(["drained [10.0.1.1]:tcp:80"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=0 10.0.1.2:80=1"]);
  });

  it("counts for the quorum, and waits for a server that is not there yet", () => {
    const driver = new DirectorDriver();
    driver.tell({ kind: "PoolOrdersChanged", orders: [order("drain", 1)] });
    expect(newsOf(driver.configure(directorModel([virtualServer([realServer(1)])])))).toEqual([
      "drained [10.0.1.1]:tcp:80",
    ]);
    expect(newsOf(driver.tell({ kind: "PoolOrdersChanged", orders: [] }))).toEqual([
      "weight [10.0.1.1]:tcp:80 0 to 1",
      "quorum gained 1",
    ]);
  });
});

describe("a restored engine", () => {
  it("that comes back later looks at the table and does not count lost runs as failed", () => {
    const driver = started();
    driver.outcome = () => undefined;
    driver.pass(seconds(10));
    driver.outcome = () => GOOD;
    driver.kernel.flush();
    driver.restore(seconds(40));
    expect(newsOf(driver.pass(seconds(1)))).toEqual(["differed 3"]);
    expect(driver.kernel.text).toEqual(["tcp 10.0.0.1:80 wlc: 10.0.1.1:80=1 10.0.1.2:80=1"]);
    expect(newsOf(driver.pass(seconds(60)))).toEqual([]);
  });
});
