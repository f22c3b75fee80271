import { describe, expect, it } from "vitest";
import type { PacketChanges } from "../../test/support/vrrp-driver.ts";
import {
  advertFrom,
  Driver,
  instanceModel,
  OWN_ADDRESS,
  PEER,
  virtualAddress,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { millis, seconds } from "../base/time.ts";
import { authenticationData } from "./auth-fields.ts";
import type { DropReason } from "./event.ts";

const V2 = instanceModel();
const V3 = instanceModel({ version: 3 });
const V3_IPV6 = instanceModel({
  version: 3,
  family: "ipv6",
  virtualAddresses: [virtualAddress("fe80::51"), virtualAddress("2001:db8::100")],
});
const PASS = instanceModel({ authentication: { kind: "pass", password: "secret" } });

function payloadOf(model: typeof V2, changes: PacketChanges = {}): Uint8Array {
  return advertFrom(model, changes).payload;
}

/** A good message with one byte changed. */
function spoiled(model: typeof V2, offset: number, value: number): Uint8Array {
  const payload = payloadOf(model).slice();
  payload.set([value], offset);
  return payload;
}

const REFUSED: readonly [string, DropReason, typeof V2, PacketChanges][] = [
  ["fewer bytes than the address count says", "truncated", V2, { payload: payloadOf(V2).subarray(0, 19) }],
  ["a packet that crossed a router", "hop-limit", V2, { hopLimit: 254 }],
  ["version 3 for version 2", "version", V2, { payload: payloadOf(V3) }],
  ["version 2 for version 3", "version", V3, { payload: payloadOf(V2) }],
  ["a password where none is expected", "authentication-type", V2, { authType: 1 }],
  ["no password where one is expected", "authentication-type", PASS, {}],
  [
    "another password",
    "authentication",
    PASS,
    { authType: 1, authData: authenticationData({ kind: "pass", password: "secreT" }) },
  ],
  ["another interval in version 2", "advertisement-interval", V2, { interval: seconds(2) }],
  ["the interval 0 in version 3", "advertisement-interval", V3, { interval: 0 }],
  ["another type", "type", V2, { payload: spoiled(V2, 0, 0x22) }],
  ["a bad checksum in version 2", "checksum", V2, { payload: spoiled(V2, 6, 0xaa) }],
  ["a bad checksum in version 3", "checksum", V3, { payload: spoiled(V3, 7, 0xaa) }],
  ["a bad checksum over IPv6", "checksum", V3_IPV6, { payload: spoiled(V3_IPV6, 7, 0xaa) }],
  ["another group", "destination", V2, { destination: "10.9.0.1" }],
  ["our own address", "own-packet", V2, { source: OWN_ADDRESS }],
];

describe("an advertisement is dropped for", () => {
  it.each(REFUSED)("%s: %s", (_, reason, model, changes) => {
    const driver = Driver.start(model);
    driver.sleep(seconds(1));
    const deadline = driver.engine.nextDeadline();
    driver.feed(advertFrom(model, changes));
    expect(driver.eventsOf("PacketDropped")).toMatchObject([{ reason, suppressed: 0 }]);
    expect(driver.instance().statistics.dropped).toEqual({ [reason]: 1 });
    expect(driver.instance().statistics.advertisementsReceived).toBe(0);
    expect(driver.engine.nextDeadline()).toBe(deadline);
  });
});

const ACCEPTED: readonly [string, typeof V2, PacketChanges][] = [
  ["version 2", V2, {}],
  [
    "version 2 with the password",
    PASS,
    { authType: 1, authData: authenticationData({ kind: "pass", password: "secret" }) },
  ],
  ["version 3 with pseudo-header (RFC 5798)", V3, { checksum: "pseudo-header" }],
  ["version 3 without pseudo-header (RFC 9568)", V3, { checksum: "message-only" }],
  ["version 3 over IPv6", V3_IPV6, {}],
  [
    "a checksum that the kernel has verified",
    V3_IPV6,
    { payload: spoiled(V3_IPV6, 7, 0xaa), checksumVerified: true },
  ],
  ["trailing padding", V2, { payload: Uint8Array.of(...payloadOf(V2), 0, 0, 0, 0, 0, 0) }],
];

describe("an advertisement is accepted with", () => {
  it.each(ACCEPTED)("%s", (_, model, changes) => {
    const driver = Driver.start(model);
    driver.sleep(seconds(1));
    driver.feed(advertFrom(model, changes));
    expect(driver.eventsOf("PacketDropped")).toEqual([]);
    expect(driver.eventsOf("MasterHeard")).toMatchObject([{ priority: 150 }]);
    expect(driver.engine.nextDeadline()).toBe(driver.now + driver.instance().masterDownInterval);
  });
});

describe("the order of the checks", () => {
  it("names the first that fails", () => {
    const driver = Driver.start(PASS);
    const bad = { hopLimit: 1, destination: "10.9.0.1", source: OWN_ADDRESS, interval: seconds(7) };
    driver.feed(advertFrom(PASS, bad));
    driver.feed(advertFrom(PASS, { ...bad, hopLimit: 255 }));
    driver.feed(advertFrom(PASS, { ...bad, hopLimit: 255, authType: 1 }));
    expect(driver.instance().statistics.dropped).toEqual({
      "hop-limit": 1,
      "authentication-type": 1,
      authentication: 1,
    });
  });
});

describe("packets of nobody", () => {
  it("are counted and not told", () => {
    const driver = Driver.start(V2);
    expect(driver.feed(advertFrom(V2, { virtualRouterId: 52 }))).toEqual([]);
    expect(driver.feed({ ...advertFrom(V2), interface: "eth9" })).toEqual([]);
    expect(driver.feed(advertFrom(V2, { payload: Uint8Array.of(0x21, 51, 100) }))).toEqual([]);
    expect(driver.engine.snapshot(driver.now).dropped).toEqual({
      "unknown-virtual-router": 2,
      "too-short": 1,
    });
  });

  it("are counted as not ready while in FAULT", () => {
    const driver = Driver.start(V2);
    driver.feed({ kind: "LinkRemoved", name: "eth0" });
    expect(driver.feed(advertFrom(V2))).toEqual([]);
    expect(driver.instance().statistics.dropped).toEqual({ "not-ready": 1 });
  });

  it("go to the instance of their family and id", () => {
    const six = instanceModel({ ...V3_IPV6, name: "VI_6", key: "VI_6", virtualAddresses: [] });
    const driver = Driver.start(vrrpModel([V2, six]));
    driver.feed(advertFrom(six));
    expect(driver.instance("VI_6").statistics.advertisementsReceived).toBe(1);
    expect(driver.instance("VI_1").statistics.advertisementsReceived).toBe(0);
  });
});

describe("the owner with owner_ignore_adverts", () => {
  it("drops what the others say", () => {
    const model = instanceModel({ priority: 255, ownerIgnoreAdverts: true });
    const driver = Driver.start(model);
    driver.feed(advertFrom(model, { priority: 254 }));
    expect(driver.instance().statistics.dropped).toEqual({ "owner-ignores": 1 });
  });
});

describe("telling of drops", () => {
  it("is done once for each reason and source, until another master is heard", () => {
    const driver = Driver.start(V2);
    const told = () => driver.eventsOf("PacketDropped").map(({ source, suppressed }) => [source, suppressed]);
    driver.feed(advertFrom(V2, { hopLimit: 1 }));
    expect(told()).toEqual([[PEER, 0]]);
    for (let i = 0; i < 4; i++) expect(driver.feed(advertFrom(V2, { hopLimit: 1 }))).toEqual([]);
    driver.feed(advertFrom(V2, { hopLimit: 1, source: "10.9.0.3" }));
    expect(told()).toEqual([["10.9.0.3", 0]]);
    driver.feed(advertFrom(V2));
    driver.feed(advertFrom(V2, { hopLimit: 1 }));
    expect(told()).toEqual([[PEER, 4]]);
  });

  it("does not grow with the number of sources", () => {
    const driver = Driver.start(V2);
    let told = 0;
    for (let host = 1; host < 200; host++) {
      told += driver.feed(advertFrom(V2, { hopLimit: 1, source: `10.9.1.${host}` })).length;
    }
    expect(told).toBe(32);
    expect(driver.instance().statistics.dropped).toEqual({ "hop-limit": 199 });
  });

  it("is part of the cause when the backup takes over", () => {
    const driver = Driver.start(V2);
    driver.feed(advertFrom(V2, { priority: 150 }));
    driver.run(seconds(1));
    driver.feed(advertFrom(V2, { interval: seconds(3) }));
    driver.feed(advertFrom(V2, { interval: seconds(3) }));
    driver.run(seconds(3));
    expect(driver.instance().cause).toMatchObject([
      { kind: "master-down-timer", lastFrom: PEER, dropped: { "advertisement-interval": 2 } },
    ]);
  });
});

describe("another list of addresses", () => {
  it("is told once, counted each time, and accepted", () => {
    const driver = Driver.start(V2);
    driver.feed(advertFrom(V2, { addresses: ["10.9.0.101", "10.9.0.102"] }));
    expect(driver.eventsOf("AddressListDiffers")).toMatchObject([
      { source: PEER, missing: ["10.9.0.100"], extra: ["10.9.0.101", "10.9.0.102"] },
    ]);
    driver.feed(advertFrom(V2, { addresses: [] }));
    expect(driver.eventsOf("AddressListDiffers")).toEqual([]);
    expect(driver.instance().statistics).toMatchObject({ addressListErrors: 2, advertisementsReceived: 2 });
  });

  it("may have another order", () => {
    const two = instanceModel({
      virtualAddresses: [...V2.virtualAddresses, ...V2.virtualAddresses].map((address, index) => ({
        ...address,
        address: `10.9.0.10${index}`,
      })),
    });
    const driver = Driver.start(two);
    driver.feed(advertFrom(two, { addresses: ["10.9.0.101", "10.9.0.100"] }));
    expect(driver.instance().statistics.addressListErrors).toBe(0);
  });

  it("is not looked at for the known master with skip_check_adv_addr", () => {
    const model = instanceModel({ skipCheckAdvAddr: true });
    const driver = Driver.start(model);
    driver.feed(advertFrom(model, { addresses: [] }));
    driver.feed(advertFrom(model, { addresses: [] }));
    expect(driver.instance().statistics.addressListErrors).toBe(1);
  });
});

describe("the interval of version 3", () => {
  it("is the master's for a backup, and our own again as master", () => {
    const driver = Driver.start(V3);
    driver.feed(advertFrom(V3, { interval: millis(200) }));
    expect(driver.instance()).toMatchObject({
      masterInterval: 200_000,
      masterDownInterval: 600_000 + 121_875,
    });
    driver.run(721_875);
    expect(driver.state).toBe("MASTER");
    expect(driver.instance().masterInterval).toBe(seconds(1));
    expect(driver.headers[0]?.advertisementInterval).toBe(seconds(1));
    driver.run(seconds(3));
    expect(driver.adverts).toHaveLength(3);
  });
});
