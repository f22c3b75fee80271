import { describe, expect, it } from "vitest";
import { Prng } from "../src/base/prng.ts";
import type { VirtualAddressModel } from "../src/model/model.ts";
import type { VrrpInput } from "../src/vrrp/input.ts";
import { VirtualClock } from "./clock.ts";
import { FakeKernel, WILLING } from "./kernel.ts";

const LINK = { index: 2, name: "eth0", up: true, running: true, mtu: 1500, mac: "02:00:00:00:00:01" };

function address(text: string): VirtualAddressModel {
  const none = undefined;
  const rest = { broadcast: none, label: none, peer: none, peerPrefixLength: none, preferredLifetime: none };
  return {
    address: text,
    prefixLength: 24,
    family: "ipv4",
    interface: "eth0",
    scope: 0,
    flags: [],
    noTrack: false,
    ...rest,
  };
}

function world(promotes = false): {
  clock: VirtualClock;
  kernel: FakeKernel;
  told: VrrpInput[];
  ask: (kind: "AddAddresses" | "RemoveAddresses", ...texts: string[]) => void;
} {
  const clock = new VirtualClock();
  const told: VrrpInput[] = [];
  const kernel = new FakeKernel(clock, new Prng(1), promotes, (input) => told.push(input));
  kernel.setLink(LINK);
  let id = 1;
  const ask = (kind: "AddAddresses" | "RemoveAddresses", ...texts: string[]): void => {
    kernel.submit({ kind, id: id++, epoch: 1, instance: "VI_1", addresses: texts.map(address) });
    clock.runUntil(clock.now + 10_000);
  };
  return { clock, kernel, told, ask };
}

const held = (kernel: FakeKernel): string[] => kernel.addresses.map((entry) => entry.address);

describe("the fake kernel", () => {
  it("answers once for each address, and tells of the change", () => {
    const { kernel, told, ask } = world();
    ask("AddAddresses", "10.1.0.1", "10.1.0.2");
    expect(held(kernel)).toEqual(["10.1.0.1", "10.1.0.2"]);
    expect(told.filter(({ kind }) => kind === "ActionDone")).toHaveLength(2);
    expect(told.filter((input) => input.kind === "AddressAdded" && input.origin === "self")).toHaveLength(2);
  });

  it("takes secondaries along with their primary, unless it promotes them", () => {
    const plain = world();
    plain.ask("AddAddresses", "10.1.0.1", "10.1.0.2");
    plain.ask("RemoveAddresses", "10.1.0.1");
    expect(held(plain.kernel)).toEqual([]);
    expect(plain.told.at(-1)).toBeDefined();
    expect(plain.told).toContainEqual(
      expect.objectContaining({
        kind: "AddressRemoved",
        origin: "along",
        address: expect.objectContaining({ address: "10.1.0.2" }),
      }),
    );
    const promoting = world(true);
    promoting.ask("AddAddresses", "10.1.0.1", "10.1.0.2", "10.1.0.3");
    promoting.ask("RemoveAddresses", "10.1.0.1");
    expect(promoting.kernel.addresses.map(({ address: text, secondary }) => [text, secondary])).toEqual([
      ["10.1.0.2", false],
      ["10.1.0.3", true],
    ]);
  });

  it("refuses when it is told to, and what is not there", () => {
    const { kernel, told, ask } = world();
    kernel.mood = { ...WILLING, addErrno: "EPERM", onlyAddress: "10.1.0.1" };
    ask("AddAddresses", "10.1.0.1", "10.1.0.2");
    ask("RemoveAddresses", "10.1.0.9");
    const errors = told.flatMap((input) => (input.kind === "ActionFailed" ? [input.error.errno] : []));
    expect(errors).toEqual(["EPERM", "EADDRNOTAVAIL"]);
    expect(held(kernel)).toEqual(["10.1.0.2"]);
  });

  it("works one change after the other, and forgets the rest when the process dies", () => {
    const { clock, kernel } = world();
    kernel.mood = { ...WILLING, latencyMin: 1_000, latencyMax: 1_000 };
    kernel.submit({
      kind: "AddAddresses",
      id: 9,
      epoch: 1,
      instance: "VI_1",
      addresses: ["10.1.0.1", "10.1.0.2", "10.1.0.3"].map(address),
    });
    expect(kernel.busyUntil).toBe(3_000);
    clock.runUntil(1_500);
    expect(held(kernel)).toEqual(["10.1.0.1"]);
    kernel.abandon();
    clock.runUntil(10_000);
    expect(held(kernel).length).toBeLessThan(3);
    expect(kernel.isPending("10.1.0.3")).toBe(false);
  });
});
