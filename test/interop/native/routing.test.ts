import { spawnSync } from "node:child_process";
import { afterAll, beforeEach, expect, it } from "vitest";
import { routeModel, ruleModel } from "../../../sim/routing.ts";
import type { OsError } from "../../../src/base/result.ts";
import { createLoop } from "../../../src/host/loop.ts";
import type { Netlink, NetlinkOptions } from "../../../src/host/netlink.ts";
import { openNetlink } from "../../../src/host/netlink.ts";
import type { RoutingModel } from "../../../src/model/model.ts";
import { pause, waitFor } from "../../support/wait.ts";
import { enterNewNamespace } from "./namespace.ts";

const namespace = enterNewNamespace("routing");
afterAll(() => namespace.remove());
const loop = createLoop();
let removed: string[] = [];

const ROUTE = routeModel("10.1.0.0/16", { interface: "eth0", metric: 7 });
const SIX = routeModel("2001:db8:1::/48", { interface: "eth0" });
const RULE = ruleModel(100, { source: { address: "10.1.0.0", length: 16 } });
const ALL = [ROUTE, SIX, RULE];

beforeEach(() => {
  removed = [];
  for (const command of ["-4 route flush proto 18", "-6 route flush proto 18", "rule flush protocol 18"])
    spawnSync("ip", ["netns", "exec", namespace.name, "ip", ...command.split(" ")]);
});

async function opened(options?: NetlinkOptions): Promise<Netlink> {
  const netlink = openNetlink(
    loop,
    (event) => {
      if (event.kind === "RoutingRemoved") removed.push(event.item);
    },
    options,
  );
  await waitFor("the first dump", () => netlink.synchronised, { within: 5000 });
  return netlink;
}

function change(
  netlink: Netlink,
  operation: "add" | "remove",
  item: RoutingModel,
): Promise<OsError | undefined> {
  return new Promise((resolve) => netlink.changeRouting(operation, item, resolve));
}

/** Adds and deletes this many routes of other people, without anybody reading meanwhile. */
function flood(count: number, protocol: number): void {
  const routes = Array.from(
    { length: count },
    (_, i) => `10.9.${i >> 8}.${i & 255} dev eth0 proto ${protocol}`,
  );
  const batch = [...routes.map((text) => `route add ${text}`), ...routes.map((text) => `route del ${text}`)];
  spawnSync("ip", ["netns", "exec", namespace.name, "ip", "-batch", "-"], { input: batch.join("\n") });
}

it("adds and removes, and takes what is so already for done", async () => {
  const netlink = await opened();
  for (const item of ALL) {
    expect(await change(netlink, "add", item)).toBeUndefined();
    expect(await change(netlink, "add", item)).toBeUndefined();
  }
  expect(namespace.run("ip", "route")).toContain("10.1.0.0/16 dev eth0 proto keepalived metric 7");
  expect(namespace.run("ip", "-6", "route")).toContain("2001:db8:1::/48 dev eth0 proto keepalived");
  expect(namespace.run("ip", "rule")).toContain("from 10.1.0.0/16 lookup 100 proto keepalived");
  for (const item of ALL) {
    expect(await change(netlink, "remove", item)).toBeUndefined();
    expect(await change(netlink, "remove", item)).toBeUndefined();
  }
  expect(namespace.run("ip", "route")).not.toContain("keepalived");
  expect(await change(netlink, "add", routeModel("10.2.0.0/16", { interface: "none" }))).toMatchObject({
    errno: "ENODEV",
  });
  netlink.close();
});

it("tells what others delete, and neither our own deletions nor other routes", async () => {
  const netlink = await opened();
  netlink.watchRouting(ALL);
  for (const item of ALL) await change(netlink, "add", item);
  namespace.run("ip", "route", "add", "10.1.0.0/16", "dev", "eth0", "metric", "8");
  namespace.run("ip", "route", "del", "10.1.0.0/16", "metric", "8");
  namespace.run("ip", "rule", "add", "pref", "100", "table", "200");
  namespace.run("ip", "rule", "del", "pref", "100", "table", "200");
  for (const item of ALL) await change(netlink, "remove", item);
  for (const item of ALL) await change(netlink, "add", item);
  await pause(50);
  expect(removed).toEqual([]);
  namespace.run("ip", "route", "del", "10.1.0.0/16", "metric", "7");
  namespace.run("ip", "-6", "route", "del", "2001:db8:1::/48");
  namespace.run("ip", "rule", "del", "pref", "100");
  await waitFor("all three", () => removed.length === 3, { within: 5000 });
  expect(removed).toEqual(ALL.map(({ key }) => key));
  netlink.watchRouting([]);
  netlink.close();
});

it("is not disturbed by a flood of other routes, and looks again after one of routes like ours", async () => {
  const netlink = await opened({ receiveBuffer: 2304 });
  // Only a look at the whole tables finds that this one is not there.
  const missing = routeModel("10.3.0.0/16", { interface: "eth0" });
  netlink.watchRouting([...ALL, missing]);
  for (const item of ALL) await change(netlink, "add", item);
  flood(500, 4);
  await pause(100);
  expect(removed).toEqual([]);
  flood(500, 18);
  await waitFor("the dump", () => removed.length > 0, { within: 5000 });
  expect(removed).toEqual([missing.key]);
  netlink.close();
});
