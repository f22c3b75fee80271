import { describe, expect, it } from "vitest";
import type { PacketChanges } from "../../test/support/vrrp-driver.ts";
import {
  advertFrom,
  Driver,
  instanceModel,
  link,
  OWN_ADDRESS,
  PEER,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";
import type { UnicastModel, UnicastPeerModel } from "../model/advertising.ts";
import type { VrrpInstanceModel } from "../model/model.ts";
import { verifyVrrpChecksum } from "../wire/vrrp.ts";
import { restoreVrrpEngine } from "./engine.ts";
import type { DropReason } from "./event.ts";

const THIRD = "10.9.0.3";

function peer(host: string, changes: Partial<UnicastPeerModel> = {}): UnicastPeerModel {
  return { host, address: host, minTtl: undefined, maxTtl: undefined, ...changes };
}

function unicast(peers: readonly UnicastPeerModel[], changes: Partial<UnicastModel> = {}): UnicastModel {
  return { peers, hopLimit: 255, checkSource: false, oldChecksum: "auto", ...changes };
}

function model(
  changes: Partial<UnicastModel> = {},
  more: Partial<VrrpInstanceModel> = {},
): VrrpInstanceModel {
  return instanceModel({ version: 3, unicast: unicast([peer(PEER), peer(THIRD)], changes), ...more });
}

/** An advertisement as a peer would send it to us. */
function fromPeer(instance: VrrpInstanceModel, changes: PacketChanges = {}): ReturnType<typeof advertFrom> {
  return advertFrom(instance, { destination: OWN_ADDRESS, ...changes });
}

describe("a unicast master", () => {
  it("sends one advertisement to each peer, each with its own checksum", () => {
    const driver = Driver.start(model({ hopLimit: 64 }));
    driver.run(seconds(4));
    const sent = driver.actionsOf("SendAdvertisement").slice(0, 2);
    expect(sent.map(({ to, hopLimit }) => [to, hopLimit])).toEqual([
      [PEER, 64],
      [THIRD, 64],
    ]);
    for (const { payload, to } of sent) {
      expect(verifyVrrpChecksum(payload, payload.length, OWN_ADDRESS, to, "ipv4")).toBe("pseudo-header");
    }
    expect(sent[0]?.payload).not.toEqual(sent[1]?.payload);
    expect(driver.instance().statistics.advertisementsSent).toBe(1);
  });

  it("gives up to each peer", () => {
    const driver = Driver.start(model());
    driver.run(seconds(4));
    driver.feed({ kind: "StopRequested", release: true, by: "test" });
    expect(driver.adverts).toEqual([0, 0]);
    expect(driver.instance().statistics.priorityZeroSent).toBe(1);
  });

  it("goes on with another peer after a reload", () => {
    const driver = Driver.start(model({ peers: [peer(PEER)] }));
    driver.run(seconds(4));
    expect(driver.state).toBe("MASTER");
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([model()]) });
    expect(driver.kinds, "says so to both, and nothing else").toEqual([
      "SendAdvertisement",
      "SendAdvertisement",
    ]);
    expect(driver.actionsOf("SendAdvertisement").map(({ to }) => to)).toEqual([PEER, THIRD]);
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([model()]) });
    expect(driver.actions, "an equal one changes nothing").toEqual([]);
  });

  it("does not write to itself", () => {
    const driver = Driver.start(instanceModel({ unicast: unicast([peer(PEER), peer(OWN_ADDRESS)]) }));
    driver.run(seconds(4));
    expect(new Set(driver.actionsOf("SendAdvertisement").map(({ to }) => to))).toEqual(new Set([PEER]));
  });

  it("announces its source address when its interface comes up", () => {
    const driver = Driver.start(model());
    driver.feed({ kind: "LinkChanged", link: link({ running: false }) });
    expect(driver.frames).toEqual([]);
    driver.feed({ kind: "LinkChanged", link: link() });
    expect(driver.frames).toHaveLength(1);
    const multicast = Driver.start(instanceModel());
    multicast.feed({ kind: "LinkChanged", link: link({ running: false }) });
    multicast.feed({ kind: "LinkChanged", link: link() });
    expect(multicast.frames).toEqual([]);
  });
});

const WINDOW = { peers: [peer(PEER, { minTtl: 60, maxTtl: 64 })] };
const REFUSED: readonly [string, DropReason, Partial<UnicastModel>, PacketChanges][] = [
  ["a TTL below the window", "ttl-window", WINDOW, { hopLimit: 59 }],
  ["a TTL above the window", "ttl-window", WINDOW, { hopLimit: 65 }],
  ["a multicast packet", "destination", {}, { destination: "224.0.0.18" }],
  ["a stranger", "unicast-source", { checkSource: true }, { source: "10.9.0.77" }],
  ["the old checksum where it never counts", "checksum", { oldChecksum: "never" }, { payload: oldSum() }],
];

/** A message summed with the multicast group for its destination. */
function oldSum(): Uint8Array {
  return advertFrom(instanceModel({ version: 3 })).payload;
}

describe("a unicast instance", () => {
  it.each(REFUSED)("drops %s: %s", (_, reason, changes, packet) => {
    const instance = model(changes);
    const driver = Driver.start(instance);
    driver.feed(fromPeer(instance, packet));
    expect(driver.instance().statistics.dropped).toEqual({ [reason]: 1 });
    expect(driver.eventsOf("PacketDropped")).toMatchObject([{ reason }]);
  });

  it("takes any TTL where there is no window, and strangers where nobody checks", () => {
    const instance = model();
    const driver = Driver.start(instance);
    driver.feed(fromPeer(instance, { hopLimit: 3, source: "10.9.0.77" }));
    expect(driver.instance().statistics.dropped).toEqual({});
    expect(driver.eventsOf("MasterHeard")).toHaveLength(1);
  });

  it("sums the old way once a peer does", () => {
    const instance = model();
    const driver = Driver.start(instance);
    driver.feed(fromPeer(instance, { payload: oldSum() }));
    expect(driver.eventsOf("OldChecksum")).toMatchObject([{ source: PEER }]);
    driver.run(seconds(5));
    const [first] = driver.actionsOf("SendAdvertisement");
    const payload = first?.payload ?? new Uint8Array(0);
    expect(verifyVrrpChecksum(payload, payload.length, OWN_ADDRESS, "224.0.0.18", "ipv4")).toBe(
      "pseudo-header",
    );
  });

  it("shares its virtual router id with a multicast one on the same interface", () => {
    const one = model({}, { name: "U", key: "U" });
    const two = instanceModel({ name: "M", key: "M", version: 3 });
    const driver = Driver.start(vrrpModel([two, one]));
    driver.feed(fromPeer(one));
    expect(driver.instance("U").masterAddress).toBe(PEER);
    expect(driver.instance("M").masterAddress).toBeUndefined();
    driver.feed(advertFrom(two, { source: THIRD }));
    expect(driver.instance("M").masterAddress).toBe(THIRD);
    expect(driver.instance("U").masterAddress).toBe(PEER);
  });

  it("stays in FAULT without peers", () => {
    const driver = Driver.start(model({ peers: [] }));
    expect(driver.state).toBe("FAULT");
    expect(driver.instance().cause).toMatchObject([{ kind: "no-peers" }, { kind: "started" }]);
  });

  it("of no interface speaks from its source address, whatever the links do", () => {
    const instance = model({}, { interface: "", sourceAddress: OWN_ADDRESS, trackSourceAddress: true });
    const driver = Driver.start(instance);
    driver.run(seconds(4));
    expect(driver.actionsOf("SendAdvertisement")[0]).toMatchObject({ interface: "", from: OWN_ADDRESS });
    expect(driver.state).toBe("MASTER");
  });
});

describe("a peer that is a host name", () => {
  const named = model({ peers: [peer("two.example.com", { address: undefined, minTtl: 200 })] });
  const resolved = (address: string) =>
    ({ kind: "HostsResolved", hosts: [{ name: "two.example.com", family: "ipv4", address }] }) as const;

  it("keeps the instance in FAULT until it has an address", () => {
    const driver = Driver.start(named);
    expect(driver.state).toBe("FAULT");
    expect(driver.instance().cause).toMatchObject([{ kind: "peer-unresolved", host: "two.example.com" }, {}]);
    driver.feed({
      kind: "HostsResolved",
      hosts: [{ name: "two.example.com", family: "ipv6", address: "fe80::2" }],
    });
    expect(driver.state).toBe("FAULT");
    driver.feed(resolved(PEER));
    expect(driver.eventsOf("PeerResolved")).toMatchObject([{ host: "two.example.com", address: PEER }]);
    expect(driver.state).toBe("BACKUP");
  });

  it("is followed to another address without a change of state", () => {
    const driver = Driver.start(named);
    driver.feed(resolved(PEER));
    driver.run(seconds(4));
    expect(driver.state).toBe("MASTER");
    driver.feed(resolved(PEER));
    expect(driver.actions, "the same answer").toEqual([]);
    driver.feed(resolved(THIRD));
    expect(driver.kinds, "told, and nothing else").toEqual(["Emit"]);
    driver.run(seconds(1));
    expect(driver.actionsOf("SendAdvertisement").map(({ to }) => to)).toEqual([THIRD]);
    driver.feed(fromPeer(named, { source: THIRD, hopLimit: 199 }));
    expect(driver.instance().statistics.dropped).toEqual({ "ttl-window": 1 });
  });

  it("is remembered in a snapshot", () => {
    const driver = Driver.start(named);
    driver.feed(resolved(PEER));
    driver.engine = restoreVrrpEngine(driver.engine.snapshot(driver.now), driver.now);
    driver.run(seconds(4));
    expect(driver.actionsOf("SendAdvertisement")[0]?.to).toBe(PEER);
  });
});

describe("another virtual router with our id", () => {
  it("is told once, with its address", () => {
    const instance = instanceModel();
    const driver = Driver.start(instance);
    const strange = { addresses: ["10.9.0.200"], interval: seconds(3), source: "10.9.0.66" };
    driver.feed(advertFrom(instance, strange));
    expect(driver.eventsOf("VirtualRouterIdClash")).toMatchObject([
      { source: "10.9.0.66", virtualRouterId: 51, addresses: ["10.9.0.200"] },
    ]);
    driver.feed(advertFrom(instance, strange));
    expect(driver.events).toEqual([]);
  });

  it("is not suspected where it shares an address with us", () => {
    const instance = instanceModel();
    const driver = Driver.start(instance);
    driver.feed(advertFrom(instance, { interval: seconds(3), addresses: ["10.9.0.100", "10.9.0.101"] }));
    expect(driver.eventsOf("VirtualRouterIdClash")).toEqual([]);
  });
});
