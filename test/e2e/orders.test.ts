/** What operators order beside the configuration, with keepalived as the other router. */
import { expect, test } from "vitest";
import { instanceConfig, withPair } from "../interop/pair.ts";
import { watchStalls } from "../support/stall-watch.ts";
import { pause, waitFor } from "../support/wait.ts";
import { buoy, Client, journalOf, runtimeFiles, wallClock } from "./daemon.ts";

const OURS = instanceConfig("v2", { priority: 150 });
const THEIRS = instanceConfig("v2", { priority: 100 });

const stalls = watchStalls();

test("a failover hands over without a gap, stands until it is taken back, and says who and why", async () => {
  await withPair("v2", ["buoy", "keepalived"], async (pair) => {
    const { one, two, lan, address } = pair;
    one.start(OURS);
    two.start(THEIRS);
    await pair.waitForMaster(one);
    const witness = lan.addHost("client", { ipv4: "10.9.0.9/24" });
    const client = new Client(witness, address, 10);
    await client.settle();
    const at = wallClock();
    const said = buoy(one, "failover", "VI_1", "--why", "kernel update");
    expect(said).toContain("VI_1: handed over, 10.9.0.2 is master");
    await pair.waitForMaster(two, 2_000);
    await pause(500);
    const outage = client.outage(at) - 1_000 * (await stalls.lost(at / 1_000, wallClock() / 1_000));
    console.log(`failover by order: the client waited ${outage.toFixed(0)} ms`);
    // The master-down timer alone would be 3.4 s; the addresses are held until the other announces them.
    expect(outage).toBeLessThan(300);
    client.stop();

    // Our priority is higher, and we stay aside nevertheless.
    await pause(5_000);
    expect(two.host.holds(address)).toBe(true);
    const status = buoy(one, "status");
    expect(status).toContain("FAILOVER VI_1 ordered by");
    expect(status).toContain("kernel update");
    expect(buoy(one, "why", "VI_1", "-n", "1")).toMatch(/ordered a failover \(kernel update\)/);
    expect(() => buoy(one, "failover", "VI_1")).toThrow(/nothing to hand over: VI_1 is BACKUP here/);

    expect(buoy(one, "failover", "VI_1", "--back")).toContain("failover: ended");
    await pair.waitForMaster(one, 6_000);
    const orders = journalOf(one).filter((entry) => entry.event.event.kind === "Order");
    expect(orders).toHaveLength(2);
  });
});

test.concurrent("a failover of a sync group moves all of it, and none of it where one member has no other router", async () => {
  const group = (config: string): string => {
    const other = config
      .slice(config.indexOf("vrrp_instance"))
      .replace("VI_1", "VI_2")
      .replace("virtual_router_id 51", "virtual_router_id 52")
      .replace("10.9.0.100", "10.9.0.101");
    return `${config}\n${other}\nvrrp_sync_group G1 {\n group {\n VI_1\n VI_2\n }\n}\n`;
  };
  await withPair("v2", ["buoy", "keepalived"], async (pair) => {
    const { one, two } = pair;
    const both = (director: typeof one): boolean =>
      director.host.holds("10.9.0.100") && director.host.holds("10.9.0.101");
    one.start(group(OURS));
    await waitFor("mastery of both", () => both(one), { within: 10_000 });
    two.start(THEIRS);
    await waitFor("the other", () => two.output.includes("Entering BACKUP STATE"), { within: 5_000 });
    await pause(1_200);
    expect(() => buoy(one, "failover", "G1")).toThrow(/STILL MASTER/);
    expect(both(one)).toBe(true);
    await two.stop();
    two.start(group(THEIRS));
    await pause(2_000);
    expect(buoy(one, "failover", "G1", "--back")).toContain("ended");
    expect(buoy(one, "failover", "G1")).toMatch(
      /VI_1: handed over, 10.9.0.2[\s\S]*VI_2: handed over, 10.9.0.2/,
    );
    await waitFor("both to move", () => both(two) && !one.host.holds("10.9.0.101"), { within: 3_000 });
    buoy(one, "failover", "G1", "--back");
    await waitFor("both to come back", () => both(one), { within: 8_000 });
  });
});

test.concurrent("maintenance keeps the host out over a restart of the daemon, and is refused where nobody takes over", async () => {
  await withPair("v2", ["buoy", "keepalived"], async (pair) => {
    const { one, two, address } = pair;
    one.start(OURS);
    await waitFor("mastery", () => one.host.holds(address), { within: 10_000 });
    expect(() => buoy(one, "maintenance", "on")).toThrow(/STILL MASTER/);
    expect(one.host.holds(address)).toBe(true);
    buoy(one, "maintenance", "off");

    two.start(THEIRS);
    await pause(1_500);
    expect(buoy(one, "maintenance", "on", "--why", "disks")).toContain("VI_1: handed over");
    await pair.waitForMaster(two, 2_000);
    expect(buoy(one, "status")).toContain("FAULT");
    await one.stop();
    one.start(OURS);
    await waitFor("the daemon", () => runtimeFiles(one).includes("control.sock"), { within: 5_000 });
    expect(buoy(one, "status")).toContain("MAINTENANCE ordered by");
    await pause(4_500);
    expect(two.host.holds(address)).toBe(true);
    buoy(one, "maintenance", "off");
    await pair.waitForMaster(one, 6_000);
  });
});

test.concurrent("a freeze refuses reloads and orders, and ends by its time", async () => {
  await withPair("v2", ["buoy", "keepalived"], async (pair) => {
    const { one, address } = pair;
    one.start(OURS);
    await waitFor("mastery", () => one.host.holds(address), { within: 10_000 });
    expect(buoy(one, "freeze", "--ttl", "4s", "--why", "sale")).toContain("freeze: in force");
    expect(() => buoy(one, "reload")).toThrow(/has frozen this daemon \(sale\)/);
    expect(() => buoy(one, "failover", "VI_1")).toThrow(/buoy freeze off/);
    await waitFor("the end", () => !buoy(one, "status").includes("FREEZE"), { within: 8_000, every: 500 });
    expect(buoy(one, "reload")).toContain("nothing changed");
  });
});
