/** What needs ipvlan and VRF: an instance with an ipvlan, and one with a VMAC in a VRF. */
import assert from "node:assert/strict";
import type { Host, Lan } from "../../support/lan.ts";
import { waitFor } from "../../support/wait.ts";
import type { MachineCase } from "../case.ts";
import { type MachinePair, withPair } from "./pair.ts";

/** The other one may still be starting: programs run slowly here. */
const PATIENCE_MS = 90_000;

interface DetailedLink {
  readonly link?: string;
  readonly master?: string;
  readonly address: string;
  readonly linkinfo?: {
    readonly info_kind: string;
    readonly info_data?: { readonly flags?: readonly string[]; readonly mode?: string };
  };
}

function detailsOf(host: Host, name: string): DetailedLink {
  const [link] = JSON.parse(host.run("ip", "-d", "-j", "link", "show", "dev", name)) as [DetailedLink];
  return link;
}

function addAddress(_lan: Lan, host: Host, number: 1 | 2): void {
  host.run("ip", "addr", "add", `10.9.0.${number}/24`, "dev", "eth0");
}

/** The first hands over by a clean stop, which leaves nothing. */
async function handsOver(pair: MachinePair, own: string): Promise<void> {
  const { one, two } = pair;
  await one.stop();
  await waitFor("the other one to hold the address", () => pair.holds(two), {
    within: PATIENCE_MS,
    every: 200,
  });
  assert.ok(!one.host.run("ip", "-br", "link").includes(own), "the interface goes with the daemon");
}

async function ipvlanHandsOver(pair: MachinePair): Promise<void> {
  const { one } = pair;
  const link = detailsOf(one.host, "iv0");
  assert.equal(link.linkinfo?.info_kind, "ipvlan");
  assert.equal(link.linkinfo?.info_data?.mode, "l2");
  assert.equal(link.link, "eth0");
  assert.equal(link.address, one.host.mac());
  assert.ok(one.host.holds("10.9.0.11", "iv0"), "its own address");
  await handsOver(pair, "iv0");
}

function buildVrf(lan: Lan, host: Host, number: 1 | 2): void {
  host.run("ip", "link", "add", "blue", "type", "vrf", "table", "10");
  host.run("ip", "link", "set", "blue", "up");
  host.run("ip", "link", "set", "eth0", "master", "blue");
  addAddress(lan, host, number);
}

/** The second one's VMAC is looked at: that it is in the VRF is what lets the address answer there. */
async function vmacInVrf(pair: MachinePair): Promise<void> {
  const { host } = pair.two;
  const isThere = (): boolean => host.run("ip", "-o", "link").includes(" gate@");
  await waitFor("the backup to make its VMAC", isThere, { within: PATIENCE_MS, every: 200 });
  const link = detailsOf(host, "gate");
  assert.equal(link.linkinfo?.info_kind, "macvlan");
  assert.equal(link.master, "blue", "the VMAC is in its base's VRF");
  assert.equal(link.address, "00:00:5e:00:01:33");
  await handsOver(pair, "gate");
}

export const ipvlanCases: readonly MachineCase[] = [
  {
    name: "an ipvlan: buoy hands over to keepalived",
    run: () =>
      withPair(
        {
          kinds: ["buoy", "keepalived"],
          prepare: addAddress,
          interface: "eth0",
          extra: (number) => `use_ipvlan iv0 10.9.0.1${number}/24 bridge`,
        },
        ipvlanHandsOver,
      ),
  },
  {
    name: "a VMAC in a VRF: keepalived hands over to buoy",
    run: () =>
      withPair(
        {
          kinds: ["keepalived", "buoy"],
          prepare: buildVrf,
          interface: "eth0",
          holder: "gate",
          extra: () => "use_vmac gate",
        },
        vmacInVrf,
      ),
  },
];
