/** A dummy interface as the tracked one: what operators use as a switch of their own. */
import type { Host, Lan } from "../../support/lan.ts";
import type { MachineCase } from "../case.ts";
import { type MachinePair, withPair } from "./pair.ts";

function buildDummy(_lan: Lan, host: Host, number: 1 | 2): void {
  host.run("ip", "addr", "add", `10.9.0.${number}/24`, "dev", "eth0");
  addDummy(host);
}

function addDummy(host: Host): void {
  host.run("ip", "link", "add", "dummy0", "type", "dummy");
  host.run("ip", "link", "set", "dummy0", "up");
}

/** Down, up, gone, and made again. */
async function dummyComesAndGoes(pair: MachinePair): Promise<void> {
  const { one, two } = pair;
  one.host.run("ip", "link", "set", "dummy0", "down");
  await pair.waitForMaster(two);
  one.host.run("ip", "link", "set", "dummy0", "up");
  await pair.waitForMaster(one);
  one.host.run("ip", "link", "del", "dummy0");
  await pair.waitForMaster(two);
  addDummy(one.host);
  await pair.waitForMaster(one);
}

export const dummyCases: readonly MachineCase[] = [
  {
    name: "a tracked dummy interface goes down, up, away and comes back",
    run: () =>
      withPair(
        {
          kinds: ["buoy", "keepalived"],
          prepare: buildDummy,
          interface: "eth0",
          extra: () => "track_interface {\n    dummy0\n  }",
        },
        dummyComesAndGoes,
      ),
  },
];
