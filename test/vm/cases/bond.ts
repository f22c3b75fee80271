/** A VRRP pair on a VLAN over a bond, as most servers in racks are wired. */
import assert from "node:assert/strict";
import type { DirectorKind } from "../../support/director.ts";
import type { Host, Lan } from "../../support/lan.ts";
import { pause } from "../../support/wait.ts";
import type { MachineCase } from "../case.ts";
import { type MachinePair, withPair } from "./pair.ts";

const VLAN = "bond0.100";

/** A second cable to the same switch, both under an active-backup bond, and VLAN 100 on it. */
function buildBond(lan: Lan, host: Host, number: 1 | 2): void {
  const port = secondPort(host);
  lan.switch("ip", "link", "add", port, "type", "veth", "peer", "name", "eth1", "netns", host.namespace);
  lan.switch("ip", "link", "set", port, "master", "br0", "up");
  host.run("ip", "link", "add", "bond0", "type", "bond", "mode", "active-backup", "miimon", "50");
  for (const slave of ["eth0", "eth1"]) {
    host.run("ip", "link", "set", slave, "down");
    host.run("ip", "link", "set", slave, "master", "bond0");
  }
  host.run("ip", "link", "set", "bond0", "up");
  host.run("ip", "link", "add", "link", "bond0", "name", VLAN, "type", "vlan", "id", "100");
  host.run("ip", "addr", "add", `10.9.0.${number}/24`, "dev", VLAN);
  host.run("ip", "link", "set", VLAN, "up");
}

function secondPort(host: Host): string {
  return `q-${host.name}`;
}

function setSecondCable(pair: MachinePair, plugged: boolean): void {
  pair.lan.switch("ip", "link", "set", secondPort(pair.one.host), plugged ? "up" : "down");
}

/** One of two cables may fail without anybody noticing; with both, the other director takes over. */
async function slavesFail(pair: MachinePair): Promise<void> {
  const { one, two, lan } = pair;
  lan.setCable(one.host, false);
  for (let moment = 0; moment < 3; moment++) {
    await pause(1_000);
    assert.ok(pair.holds(one), "the master keeps the address with one cable left");
    assert.ok(!pair.holds(two), "the backup stays backup");
  }
  setSecondCable(pair, false);
  await pair.waitForMaster(two);
  assert.ok(!pair.holds(one), "without a cable it holds nothing");
  setSecondCable(pair, true);
  await pair.waitForMaster(one);
}

const KINDS: readonly (readonly [DirectorKind, DirectorKind])[] = [
  ["buoy", "keepalived"],
  ["keepalived", "buoy"],
];

export const bondCases: readonly MachineCase[] = KINDS.map((kinds) => ({
  name: `VLAN over a bond: ${kinds[0]} is master, ${kinds[1]} backup, cables fail one by one`,
  run: () => withPair({ kinds, prepare: buildBond, interface: VLAN }, slavesFail),
}));
