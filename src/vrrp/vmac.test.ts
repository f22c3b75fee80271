import { describe, expect, it } from "vitest";
import {
  advertFrom,
  Driver,
  instanceModel,
  interfaceAddress,
  link,
  OWN_ADDRESS,
  virtualAddress,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";
import type { VirtualInterfaceModel, VrrpInstanceModel } from "../model/model.ts";

const MAC = "00:00:5e:00:01:33";
const VMAC: VirtualInterfaceModel = {
  kind: "macvlan",
  name: "vrrp.51",
  base: "eth0",
  family: "ipv4",
  mode: "private",
  mac: MAC,
  address: undefined,
  group: undefined,
};
const MODEL = instanceModel({
  interface: "vrrp.51",
  virtualInterface: VMAC,
  virtualAddresses: [virtualAddress("10.9.0.100", { interface: "vrrp.51" })],
});
const VMAC_LINK = link({ index: 3, name: "vrrp.51", mac: MAC });

function start(model: VrrpInstanceModel = MODEL): Driver {
  const driver = new Driver();
  driver.feed({ kind: "LinkChanged", link: link() });
  driver.feed({ kind: "LinkChanged", link: VMAC_LINK });
  driver.feed({ kind: "AddressAdded", address: interfaceAddress(OWN_ADDRESS), origin: "other" });
  driver.feed({ kind: "ConfigChanged", model: vrrpModel([model]) });
  return driver;
}

describe("an instance with a VMAC", () => {
  it("speaks from it with its base's address, and announces with the virtual MAC", () => {
    const driver = start();
    const actions = driver.run(seconds(4));
    const advert = actions.find(({ kind }) => kind === "SendAdvertisement");
    expect(advert).toMatchObject({ interface: "vrrp.51", from: OWN_ADDRESS });
    const frames = actions.find(({ kind }) => kind === "SendFrames");
    expect(frames).toMatchObject({ interface: "vrrp.51" });
    const source = frames?.kind === "SendFrames" ? frames.frames[0]?.slice(6, 12) : undefined;
    expect(source).toEqual(Uint8Array.of(0, 0, 0x5e, 0, 1, 0x33));
  });

  it("speaks from its base where that is asked for", () => {
    const actions = start({ ...MODEL, transmitBase: true }).run(seconds(4));
    expect(actions.find(({ kind }) => kind === "SendAdvertisement")).toMatchObject({ interface: "eth0" });
    expect(actions.find(({ kind }) => kind === "SendFrames")).toMatchObject({ interface: "vrrp.51" });
  });

  it("hears what comes in at the base", () => {
    const driver = start();
    driver.feed(advertFrom({ ...MODEL, interface: "eth0" }, { priority: 150 }));
    expect(driver.instance().masterPriority).toBe(150);
  });

  it("fails with its base, and with itself, and names the base first", () => {
    const driver = start();
    driver.run(seconds(4));
    driver.feed({ kind: "LinkChanged", link: link({ running: false }) });
    expect(driver.state).toBe("FAULT");
    expect(driver.instance().cause[0]).toMatchObject({
      kind: "interface",
      name: "eth0",
      reason: "no carrier",
    });
    driver.feed({ kind: "LinkChanged", link: { ...VMAC_LINK, running: false } });
    driver.feed({ kind: "LinkChanged", link: link() });
    expect(driver.state).toBe("FAULT");
    driver.feed({ kind: "LinkChanged", link: VMAC_LINK });
    expect(driver.state).toBe("BACKUP");
    driver.feed({ kind: "LinkRemoved", name: "vrrp.51" });
    expect(driver.state).toBe("FAULT");
  });

  it("fails when its base has lost its address", () => {
    const driver = start();
    driver.feed({ kind: "AddressRemoved", address: interfaceAddress(OWN_ADDRESS), origin: "other" });
    expect(driver.state).toBe("FAULT");
    expect(driver.instance().cause[0]).toMatchObject({ kind: "no-source-address", interface: "eth0" });
  });
});

describe("announcements of VMACs", () => {
  it("keep their spacing on the base that carries them all", () => {
    const garp = { ...instanceModel().garp, garpInterval: seconds(0.1), masterDelay: 0, masterRepeat: 1 };
    const second = { ...VMAC, name: "vrrp.52" };
    const model = (name: string, own: VirtualInterfaceModel, virtualRouterId: number): VrrpInstanceModel =>
      instanceModel({
        name,
        virtualRouterId,
        garp,
        interface: own.name,
        virtualInterface: own,
        virtualAddresses: [virtualAddress(`10.9.0.${virtualRouterId}`, { interface: own.name })],
      });
    const driver = new Driver();
    for (const name of ["eth0", "vrrp.51", "vrrp.52"])
      driver.feed({ kind: "LinkChanged", link: link({ name }) });
    driver.feed({ kind: "AddressAdded", address: interfaceAddress(OWN_ADDRESS), origin: "other" });
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([model("A", VMAC, 51), model("B", second, 52)]) });
    const times: number[] = [];
    for (let moment = 0; moment < 80; moment++) {
      const frames = driver.run(seconds(0.05)).filter(({ kind }) => kind === "SendFrames");
      for (const _ of frames) times.push(moment);
    }
    expect(times).toHaveLength(2);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(2);
  });
});

describe("announcements where no advertisement goes", () => {
  const other = { ...VMAC, name: "vrrp1.51", base: "eth1" };
  const model = instanceModel({
    addressInterfaces: [other],
    virtualAddresses: [
      virtualAddress("10.9.0.100"),
      virtualAddress("10.8.0.1", { interface: "vrrp1.51" }),
      virtualAddress("10.8.0.2", { interface: "vrrp1.51" }),
      virtualAddress("10.7.0.1", { interface: "eth2" }),
    ],
    garp: { ...instanceModel().garp, masterDelay: 0, extra: { interval: seconds(20), everywhere: false } },
  });

  function announcedAfter(garp: VrrpInstanceModel["garp"]): readonly unknown[] {
    const driver = new Driver();
    for (const name of ["eth0", "eth1", "eth2", "vrrp1.51"])
      driver.feed({ kind: "LinkChanged", link: link({ name }) });
    driver.feed({ kind: "AddressAdded", address: interfaceAddress(OWN_ADDRESS), origin: "other" });
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([{ ...model, garp }]) });
    driver.run(seconds(4));
    driver.run(seconds(10));
    return driver
      .run(seconds(11))
      .flatMap((action) => (action.kind === "SendFrames" ? [[action.interface, action.frames.length]] : []));
  }

  it("are one for each VMAC", () => {
    expect(announcedAfter(model.garp)).toEqual([["vrrp1.51", 1]]);
  });

  it("are one for each interface where that is asked for, and none where they are off", () => {
    const everywhere = { ...model.garp, extra: { interval: seconds(20), everywhere: true } };
    expect(announcedAfter(everywhere)).toEqual([
      ["vrrp1.51", 1],
      ["eth2", 1],
    ]);
    expect(announcedAfter({ ...model.garp, extra: undefined })).toEqual([]);
  });
});
