/** Hundreds of virtual routers on two hosts of two cores: nobody moves who need not. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Director } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { A_SEGMENT, addSegments, manyInstances } from "../support/many.ts";
import { pause, waitFor } from "../support/wait.ts";
import { BUOY, runtimeFiles } from "./daemon.ts";

const LONG = process.env.BUOY_LONG === "1";
/** Seconds of watching once all is settled. */
const WATCH = LONG ? 600 : 15;

interface Instance {
  readonly state: string;
  readonly statistics: { readonly becameMaster: number; readonly releasedMaster: number };
}

/** The instances as `buoy status` tells of them, through a file: there is more of it than a pipe's reader expects. */
function instancesOf(director: Director): readonly Instance[] {
  if (!runtimeFiles(director).includes("control.sock")) return [];
  const file = director.host.path("status.json");
  const command = `exec "$0" "$1" status --json --runtime-dir "$2" > "$3"`;
  director.host.run("sh", "-c", command, process.execPath, BUOY, director.runtimeDir, file);
  const { vrrp } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly vrrp?: { readonly instances: readonly Instance[] };
  };
  return vrrp?.instances ?? [];
}

function countIn(director: Director, state: string): number {
  return instancesOf(director).filter((instance) => instance.state === state).length;
}

/** Times that any instance became master, or ceased to be it. */
function changesOf(director: Director): number {
  return instancesOf(director).reduce(
    (sum, { statistics }) => sum + statistics.becameMaster + statistics.releasedMaster,
    0,
  );
}

async function watch(count: number): Promise<void> {
  const lan = new Lan();
  try {
    const hosts = ["one", "two"].map((name): Host => lan.addHost(name));
    addSegments(lan, hosts, Math.ceil(count / A_SEGMENT));
    const [one, two] = hosts.map((host) => new Director("buoy", host)) as [Director, Director];
    one.start(manyInstances({ count, priority: 150 }));
    two.start(manyInstances({ count, priority: 100 }));
    await waitFor(
      "all to settle",
      () => countIn(one, "MASTER") === count && countIn(two, "BACKUP") === count,
      {
        within: 60_000,
        every: 1_000,
        detail: () => `${one.output.slice(-2_000)}\n${two.output.slice(-2_000)}`,
      },
    );
    const before = changesOf(one) + changesOf(two);
    await pause(WATCH * 1_000);
    expect(changesOf(one) + changesOf(two) - before).toBe(0);
    expect(countIn(one, "MASTER")).toBe(count);
    expect(await one.stop()).toBe(0);
    await waitFor("the other to take all", () => countIn(two, "MASTER") === count, {
      within: 20_000,
      every: 500,
    });
    expect(one.host.run("ip", "-o", "-4", "addr").includes(" 10.30.")).toBe(false);
    console.log(`${count} instances watched for ${WATCH} s: no change of state`);
  } finally {
    lan.destroy();
  }
}

test(`250 instances on one segment for ${WATCH} s`, () => watch(250), (WATCH + 120) * 1_000);

test(`1,000 instances over four segments for ${WATCH} s`, () => watch(1_000), (WATCH + 180) * 1_000);
