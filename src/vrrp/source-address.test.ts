import { describe, expect, it } from "vitest";
import {
  Driver,
  instanceModel,
  interfaceAddress,
  link,
  OWN_ADDRESS,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import type { IpAddress } from "../base/ip.ts";
import type { VirtualInterfaceModel, VrrpInstanceModel } from "../model/model.ts";
import type { InterfaceAddress } from "./input.ts";
import * as source from "./source-address.ts";
import { emptySurroundings, noteAddress } from "./surroundings.ts";

const NONE = new Set<string>();

function sourceAddressFor(
  model: VrrpInstanceModel,
  addresses: readonly InterfaceAddress[],
  virtual: ReadonlySet<IpAddress>,
): IpAddress | undefined {
  const surroundings = emptySurroundings(new Map());
  surroundings.links.set("eth0", link());
  for (const address of addresses) noteAddress(surroundings, address);
  return source.sourceAddressFor(model, surroundings, virtual);
}

describe("sourceAddressFor", () => {
  it("is the first IPv4 address that is neither secondary nor virtual nor of this host only", () => {
    const addresses = [
      interfaceAddress("127.0.0.5", { scope: 254 }),
      interfaceAddress("10.9.0.100"),
      interfaceAddress("10.9.0.7", { secondary: true }),
      interfaceAddress("fe80::1"),
      interfaceAddress("10.9.0.3"),
      interfaceAddress("10.9.0.2"),
    ];
    expect(sourceAddressFor(instanceModel(), addresses, new Set(["10.9.0.100"]))).toBe("10.9.0.3");
  });

  it("is a usable link-local address for IPv6", () => {
    const model = instanceModel({ family: "ipv6", version: 3 });
    const addresses = [
      interfaceAddress("2001:db8::1"),
      interfaceAddress("fe80::51"),
      interfaceAddress("fe80::3", { tentative: true }),
      interfaceAddress("fe80::4", { dadFailed: true }),
      interfaceAddress("fe80::5"),
    ];
    expect(sourceAddressFor(model, addresses, new Set(["fe80::51"]))).toBe("fe80::5");
  });

  it("is the configured one, there or not, unless it is tracked", () => {
    const configured = { sourceAddress: "10.9.0.8" };
    expect(sourceAddressFor(instanceModel(configured), [], NONE)).toBe("10.9.0.8");
    const tracked = instanceModel({ ...configured, trackSourceAddress: true });
    expect(sourceAddressFor(tracked, [], NONE)).toBeUndefined();
    expect(sourceAddressFor(tracked, [interfaceAddress("10.9.0.8")], NONE)).toBe("10.9.0.8");
  });

  it("may be virtual for the owner, which may have no other", () => {
    const virtual = new Set(["10.9.0.100"]);
    const addresses = [interfaceAddress("10.9.0.100")];
    expect(sourceAddressFor(instanceModel(), addresses, virtual)).toBeUndefined();
    expect(sourceAddressFor(instanceModel({ priority: 255 }), addresses, virtual)).toBe("10.9.0.100");
  });
});

describe("sourceAddressFor an interface of its own", () => {
  const vmac: VirtualInterfaceModel = {
    kind: "macvlan",
    name: "vrrp.51",
    base: "eth0",
    family: "ipv6",
    mode: "private",
    mac: "00:00:5e:00:02:33",
    address: undefined,
    group: undefined,
  };
  const six = { family: "ipv6", version: 3, interface: "vrrp.51", virtualInterface: vmac } as const;

  it("is the base's for a VMAC", () => {
    const four = instanceModel({ interface: "vrrp.51", virtualInterface: { ...vmac, family: "ipv4" } });
    const addresses = [
      interfaceAddress("10.9.0.100", { interface: "vrrp.51" }),
      interfaceAddress("10.9.0.3"),
      interfaceAddress("fe80::3"),
    ];
    expect(sourceAddressFor(four, addresses, NONE)).toBe("10.9.0.3");
    expect(sourceAddressFor(instanceModel(six), addresses, NONE)).toBe("fe80::3");
  });

  it("is derived from the base's MAC for an IPv6 VMAC whose base has none, and not while one is being checked", () => {
    const [a, b, c, d, e, f] = (link().mac ?? "").split(":").map((octet) => Number.parseInt(octet, 16));
    const groups = [(((a ?? 0) ^ 2) << 8) | (b ?? 0), ((c ?? 0) << 8) | 0xff, 0xfe00 | (d ?? 0)];
    const last = ((e ?? 0) << 8) | (f ?? 0);
    const derived = `fe80::${[...groups, last].map((group) => group.toString(16)).join(":")}`;
    expect(sourceAddressFor(instanceModel(six), [interfaceAddress("2001:db8::1")], NONE)).toBe(derived);
    const tentative = [interfaceAddress("fe80::3", { tentative: true })];
    expect(sourceAddressFor(instanceModel(six), tentative, NONE)).toBeUndefined();
    expect(sourceAddressFor(instanceModel({ family: "ipv6", version: 3 }), [], NONE)).toBeUndefined();
  });

  it("is the ipvlan's own", () => {
    const virtualInterface: VirtualInterfaceModel = {
      ...vmac,
      kind: "ipvlan",
      family: "ipv4",
      mac: undefined,
    };
    const model = instanceModel({ interface: "vrrp.51", virtualInterface });
    const addresses = [interfaceAddress("10.9.0.3"), interfaceAddress("10.9.0.7", { interface: "vrrp.51" })];
    expect(sourceAddressFor(model, addresses, NONE)).toBe("10.9.0.7");
  });
});

describe("an interface without address", () => {
  it("is FAULT until it has one, and again once it has lost it", () => {
    const driver = new Driver();
    driver.feed({ kind: "LinkChanged", link: link() });
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([instanceModel()]) });
    expect(driver.state).toBe("FAULT");
    expect(driver.instance().faults).toEqual(["no-source-address"]);
    const address = interfaceAddress(OWN_ADDRESS);
    driver.feed({ kind: "AddressAdded", address, origin: "other" });
    expect(driver.state).toBe("BACKUP");
    expect(driver.instance().cause).toMatchObject([{ kind: "address-added", address: OWN_ADDRESS }]);
    driver.feed({ kind: "AddressRemoved", address, origin: "other" });
    expect(driver.state).toBe("FAULT");
  });

  it("speaks from the next address when the first goes", () => {
    const driver = Driver.start(instanceModel());
    driver.feed({ kind: "AddressAdded", address: interfaceAddress("10.9.0.8"), origin: "other" });
    driver.run(4_000_000);
    driver.feed({ kind: "AddressRemoved", address: interfaceAddress(OWN_ADDRESS), origin: "other" });
    expect(driver.state).toBe("MASTER");
    driver.run(1_000_000);
    expect(driver.actionsOf("SendAdvertisement").map(({ from }) => from)).toEqual(["10.9.0.8"]);
  });
});
