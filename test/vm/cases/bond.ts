/** A VRRP pair on a VLAN over a bond, as most servers in racks are wired. */
import assert from "node:assert/strict";
import type { DirectorKind } from "../../support/director.ts";
import type { Host, Lan } from "../../support/lan.ts";
import { pause, waitFor } from "../../support/wait.ts";
import type { MachineCase } from "../case.ts";
import { type MachinePair, withPair } from "./pair.ts";

const VLAN = "bond0.100";
const PATIENCE_MS = 90_000;

/** A second cable to the same switch, both under an active-backup bond, and VLAN 100 on it. */
function buildBond(lan: Lan, host: Host, number: 1 | 2): void {
  const port = secondPort(host);
  lan.switch("ip", "link", "add", port, "type", "veth", "peer", "name", "eth1", "netns", host.namespace);
  lan.switch("ip", "link", "set", port, "master", "br0", "up");
  addBond(host);
  addVlan(host, number);
}

function addBond(host: Host): void {
  host.run("ip", "link", "add", "bond0", "type", "bond", "mode", "active-backup", "miimon", "50");
  for (const slave of ["eth0", "eth1"]) {
    host.run("ip", "link", "set", slave, "down");
    host.run("ip", "link", "set", slave, "master", "bond0");
  }
  host.run("ip", "link", "set", "bond0", "up");
}

function addVlan(host: Host, number: 1 | 2): void {
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
  await waitFor("it to log the fault", () => one.output.includes("(VI_1) Entering FAULT STATE"), {
    within: 10_000,
    detail: () => pair.story(),
  });
  setSecondCable(pair, true);
  await pair.waitForMaster(one);
}

/** The interface is taken away and made anew, alone and with the bond below it, and is not there yet at a start. */
async function interfaceComesAndGoes(pair: MachinePair): Promise<void> {
  const { one, two } = pair;
  const { host } = one;
  host.run("ip", "link", "del", VLAN);
  await pair.waitForMaster(two);
  addVlan(host, 1);
  await pair.waitForMaster(one);

  host.run("ip", "link", "del", "bond0");
  await pair.waitForMaster(two);
  await pause(1_000);
  addBond(host);
  addVlan(host, 1);
  await pair.waitForMaster(one);

  await one.stop();
  await pair.waitForMaster(two);
  host.run("ip", "link", "del", VLAN);
  const before = one.output.length;
  one.start(pair.config(150, 1));
  const waits = (): boolean => one.output.slice(before).includes("Entering FAULT STATE");
  await waitFor("it to wait for its interface", waits, { within: PATIENCE_MS, detail: () => pair.story() });
  addVlan(host, 1);
  await pair.waitForMaster(one);
}

const KINDS: readonly (readonly [DirectorKind, DirectorKind])[] = [
  ["buoy", "keepalived"],
  ["keepalived", "buoy"],
];

const cableCases = KINDS.map((kinds) => ({
  name: `VLAN over a bond: ${kinds[0]} is master, ${kinds[1]} backup, cables fail one by one`,
  run: () => withPair({ kinds, prepare: buildBond, interface: VLAN }, slavesFail),
}));

export const bondCases: readonly MachineCase[] = [
  ...cableCases,
  {
    name: "VLAN over a bond, dynamic: it goes and comes back, with its bond too, and comes after the start",
    run: () =>
      withPair(
        {
          kinds: ["buoy", "keepalived"],
          prepare: buildBond,
          interface: VLAN,
          holder: VLAN,
          globals: "dynamic_interfaces",
        },
        interfaceComesAndGoes,
      ),
  },
];
