/**
 * A sync group over two LANs, buoy against keepalived in both roles: one failing interface moves both addresses, recovery
 * brings both back, a failing script and a stop hand both over at once. Who says priority 0 is seen by tcpdump on both LANs,
 * and what is told of instances and group, and in which order, is compared.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Director, type DirectorKind } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { watchStalls } from "../support/stall-watch.ts";
import { pause, waitFor } from "../support/wait.ts";
import { WireLog } from "../support/wire-log.ts";

const FIRST = "10.9.0.100";
const SECOND = "10.8.0.100";
const BACKUP_PRIORITY = 100;
/** Skew and Master_Down_Interval of the backup, in seconds. */
const SKEW = (256 - BACKUP_PRIORITY) / 256;
const MASTER_DOWN = 3 + SKEW;
const TOLERANCE = 0.06;

const stalls = watchStalls();

function configuration(priority: number, host: Host, kind: DirectorKind): string {
  const fifo = kind === "keepalived" ? `vrrp_notify_fifo ${host.path("fifo")}` : "";
  return `
global_defs {
  router_id test
  script_user root
  enable_script_security
  ${fifo}
}
vrrp_script healthy {
  script "/usr/bin/test ! -e ${host.path("ill")}"
  interval 1
}
vrrp_sync_group G1 {
  group {
    VI_1
    VI_2
  }
  notify "${host.path("notify.sh")} all"
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority ${priority}
  virtual_ipaddress {
    ${FIRST}/24
  }
  notify "${host.path("notify.sh")} all"
}
vrrp_instance VI_2 {
  interface eth1
  virtual_router_id 52
  priority ${priority}
  track_script {
    healthy
  }
  virtual_ipaddress {
    ${SECOND}/24
  }
  notify "${host.path("notify.sh")} all"
}
`;
}

class TwoLans {
  readonly lan = new Lan();
  readonly one: Director;
  readonly two: Director;
  readonly #witness: Host;
  readonly #logs: WireLog[] = [];

  constructor(kinds: readonly [DirectorKind, DirectorKind]) {
    const hosts = ["one", "two", "witness"].map((name, index) =>
      this.lan.addHost(name, { ipv4: `10.9.0.${index + 1}/24` }),
    );
    this.lan.addSecondLan(new Map(hosts.map((host, index) => [host, `10.8.0.${index + 1}/24`])));
    const [one, two, witness] = hosts as [Host, Host, Host];
    this.one = new Director(kinds[0], one);
    this.two = new Director(kinds[1], two);
    this.#witness = witness;
  }

  async listen(): Promise<void> {
    this.#logs.push(await WireLog.start(this.#witness, "eth0"), await WireLog.start(this.#witness, "eth1"));
  }

  /** The LAN of VI_1, or of VI_2. */
  wire(index: 0 | 1): WireLog {
    const log = this.#logs[index];
    if (log === undefined) throw new Error("nobody listens");
    return log;
  }

  start(director: Director, priority: number): void {
    const { host, kind } = director;
    host.writeFile("notify.sh", `#!/bin/sh\nshift\necho "$@" >>${host.path("told")}\n`, 0o755);
    writeFileSync(host.path("told"), "");
    if (kind === "keepalived") {
      host.run("mkfifo", host.path("fifo"));
      host.spawn(["sh", "-c", `cat ${host.path("fifo")} >${host.path("order")}`]);
    }
    director.start(configuration(priority, host, kind));
  }

  async waitForMaster(director: Director, within: number): Promise<void> {
    const other = director === this.one ? this.two : this.one;
    const holdsBoth = ({ host }: Director): boolean => host.holds(FIRST) && host.holds(SECOND, "eth1");
    const holdsNone = ({ host }: Director): boolean => !host.holds(FIRST) && !host.holds(SECOND, "eth1");
    await waitFor(
      `${director.host.name} (${director.kind}) to be the only master of both`,
      () => holdsBoth(director) && holdsNone(other),
      { within, detail: () => this.story() },
    );
  }

  story(): string {
    return [
      ...[this.one, this.two].flatMap(({ kind, output, host }) => [
        `--- ${host.name} (${kind})`,
        output.slice(-4000),
      ]),
      ...this.#logs.flatMap((log, index) => [`--- wire ${index}`, ...log.packets.slice(-15)]),
    ].join("\n");
  }

  async destroy(): Promise<void> {
    for (const log of this.#logs) await log.stop();
    this.lan.destroy();
  }
}

for (const kinds of [
  ["buoy", "keepalived"],
  ["keepalived", "buoy"],
] as const) {
  test.concurrent(`${kinds[0]} master, ${kinds[1]} backup`, async () => {
    const lans = new TwoLans(kinds);
    try {
      await lans.listen();
      await failures(lans);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${lans.story()}`, { cause: error });
    } finally {
      await lans.destroy();
    }
  });
}

async function failures(lans: TwoLans): Promise<void> {
  const { one, two, lan } = lans;
  lans.start(one, 150);
  await lans.waitForMaster(one, 8_000);
  lans.start(two, BACKUP_PRIORITY);
  await waitFor("the backup to listen", () => two.output.includes("Syncing instances to BACKUP"), {
    within: 5_000,
    detail: () => lans.story(),
  });
  await pause(1_200);
  expect(spokenBy(lans, "2")).toEqual([[], []]);

  // One interface of the master fails: both addresses move, when the timer on the silent LAN has run out.
  const pulled = Date.now() / 1000;
  lan.setCable(one.host, false, "eth1");
  await lans.waitForMaster(two, 6_000);
  await waitForAnswers(lans, pulled);
  expect(zeroes(lans, "1", pulled)[0], "the sound member says priority 0").toBe(1);
  const last = lans.wire(1).advertisementsFrom("10.8.0.1").at(-1)?.at ?? 0;
  for (const wire of [lans.wire(0), lans.wire(1)]) {
    const first = wire.advertisements.find(({ source }) => source.endsWith(".2"))?.at ?? 0;
    expect(first - last).toBeGreaterThan(MASTER_DOWN - TOLERANCE);
    const stalled = await stalls.lost(last, first);
    expect(first - last - stalled).toBeLessThan(MASTER_DOWN + TOLERANCE);
  }

  // It comes back: the group preempts as a whole.
  lan.setCable(one.host, true, "eth1");
  await lans.waitForMaster(one, 8_000);

  // A script of one member fails: both say priority 0, and the backup waits for its skew times only.
  await pause(1_200);
  const ill = Date.now() / 1000;
  writeFileSync(one.host.path("ill"), "");
  await lans.waitForMaster(two, 4_000);
  await handedOver(lans, ill);
  one.host.run("rm", one.host.path("ill"));
  await lans.waitForMaster(one, 8_000);

  // A stop.
  await pause(1_200);
  const stopped = Date.now() / 1000;
  await one.stop();
  await lans.waitForMaster(two, 4_000);
  await handedOver(lans, stopped);

  checkTold(one.host);
  checkOrder(orderOf(one));
}

async function handedOver(lans: TwoLans, since: number): Promise<void> {
  await waitForAnswers(lans, since);
  for (const index of [0, 1] as const) {
    expect(zeroes(lans, "1", since)[index]).toBeGreaterThanOrEqual(1);
    const seen = lans.wire(index).advertisements;
    const zero = seen.find(({ at, priority }) => at > since && priority === 0)?.at ?? 0;
    const next = answer(lans, index, since)?.at ?? 0;
    const stalled = await stalls.lost(zero, next);
    expect(next - zero - stalled, "after the skew time").toBeLessThan(SKEW + TOLERANCE);
  }
}

async function waitForAnswers(lans: TwoLans, since: number): Promise<void> {
  await waitFor(
    "the backup on both wires",
    () => [0, 1].every((index) => answer(lans, index, since) !== undefined),
    { within: 2_000, detail: () => lans.story() },
  );
}

function answer(lans: TwoLans, index: number, since: number): { readonly at: number } | undefined {
  const wire = lans.wire(index === 0 ? 0 : 1);
  return wire.advertisements.find(({ at, source }) => at > since && source.endsWith(".2"));
}

/** Priorities a host's last byte has sent, on each LAN. */
function spokenBy(lans: TwoLans, host: string): number[][] {
  return ([0, 1] as const).map((index) =>
    lans
      .wire(index)
      .advertisements.filter(({ source }) => source.endsWith(`.${host}`))
      .map(({ priority }) => priority),
  );
}

function zeroes(lans: TwoLans, host: string, since: number): number[] {
  return ([0, 1] as const).map(
    (index) =>
      lans
        .wire(index)
        .advertisements.filter(
          ({ at, source, priority }) => at > since && source.endsWith(`.${host}`) && priority === 0,
        ).length,
  );
}

/** Scripts of instances and group get the same words from both daemons. */
function checkTold(host: Host): void {
  const told = readFileSync(host.path("told"), "utf8").trim().split("\n");
  const course = ["BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER", "STOP"];
  for (const subject of ["INSTANCE VI_1", "INSTANCE VI_2", "GROUP G1"]) {
    const priority = subject.startsWith("GROUP") ? 0 : 150;
    const lines = told.filter((line) => line.startsWith(`${subject} `));
    expect([...lines].sort()).toEqual(course.map((state) => `${subject} ${state} ${priority}`).sort());
  }
}

/** `NAME STATE` in the order it was told: by keepalived's FIFO, by buoy's log. */
function orderOf({ kind, host, output }: Director): string[] {
  if (kind === "keepalived") {
    return [...readFileSync(host.path("order"), "utf8").matchAll(/"(\w+)" (BACKUP|MASTER|FAULT) /g)].map(
      ([, name, state]) => `${name} ${state}`,
    );
  }
  const lines = /\((\w+)\) (?:Entering|Syncing instances to) (BACKUP|MASTER|FAULT) state/gi;
  return [...output.matchAll(lines)].map(([, name, state]) => `${name} ${state}`);
}

/** Whoever brought it about, the other member, the group. */
function checkOrder(order: readonly string[]): void {
  expect(order).toHaveLength(3 * 8);
  const steps = Array.from({ length: 8 }, (_, step) => order.slice(3 * step, 3 * step + 3));
  for (const step of steps) expect(step[2], order.join(", ")).toMatch(/^G1 /);
  const after = steps.filter(([, , group]) => group !== "G1 MASTER").map((step) => step.join(", "));
  const fault = "VI_2 FAULT, VI_1 FAULT, G1 FAULT";
  const backup = "VI_2 BACKUP, VI_1 BACKUP, G1 BACKUP";
  expect(after).toEqual([backup, fault, backup, fault, backup]);
}
