import { describe, expect, it } from "vitest";
import {
  Driver,
  instanceModel,
  OWN_ADDRESS,
  OWN_MAC,
  virtualAddress,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { BROADCAST_MAC } from "../base/mac.ts";
import { millis, seconds } from "../base/time.ts";
import type { VrrpInstanceModel } from "../model/model.ts";
import type { ArpPacket } from "../wire/arp.ts";
import { decodeArp } from "../wire/arp.ts";
import { decodeEthernet, ETHERTYPE_ARP } from "../wire/ethernet.ts";
import { decodeIpv6 } from "../wire/ipv6.ts";
import { decodeNeighbour } from "../wire/ndisc.ts";
import type { VrrpInput } from "./input.ts";

const VIP = "10.9.0.100";
const GATEWAY = "10.9.0.254";
const GATEWAY_MAC = "02:00:00:00:00:fe";
const OTHER = "10.9.0.9";
const STOP: VrrpInput = { kind: "StopRequested", release: true, by: "test" };
/** The way from BACKUP to MASTER takes so long. */
const DOWN = 3_609_375;

function driverOf(changes: Partial<VrrpInstanceModel> = {}): Driver {
  const driver = Driver.start(vrrpModel([]));
  driver.feed({ kind: "GatewaysChanged", gateways: [{ interface: "eth0", address: GATEWAY }] });
  const model = instanceModel({ announceOnly: false, ...changes });
  driver.feed({ kind: "ConfigChanged", model: vrrpModel([model]) });
  return driver;
}

function masterOf(changes: Partial<VrrpInstanceModel> = {}): Driver {
  const driver = driverOf(changes);
  driver.run(DOWN);
  expect(driver.state).toBe("MASTER");
  return driver;
}

interface Asked {
  readonly to: string;
  /** `echo`, or what the ARP request says. */
  readonly what: "echo" | Pick<ArpPacket, "senderAddress" | "targetAddress">;
}

function questions(driver: Driver): Asked[] {
  return driver.actionsOf("AskNeighbours").flatMap(({ frames }) =>
    frames.map((bytes): Asked => {
      const frame = decodeEthernet(bytes);
      if (!frame.ok) throw new Error("no frame");
      const { destination, etherType, payload, source } = frame.value;
      expect(source).toBe(OWN_MAC);
      if (etherType !== ETHERTYPE_ARP) return { to: destination, what: "echo" };
      const arp = decodeArp(payload);
      if (!arp.ok) throw new Error("no ARP");
      const { operation, senderMac, senderAddress, targetAddress } = arp.value;
      expect([operation, senderMac]).toEqual([1, OWN_MAC]);
      return { to: destination, what: { senderAddress, targetAddress } };
    }),
  );
}

function reply(sender: string, target: string, changes: object = {}): VrrpInput {
  return {
    kind: "NeighbourSeen",
    interface: "eth0",
    operation: "answer",
    sender,
    mac: GATEWAY_MAC,
    target,
    to: OWN_MAC,
    ...changes,
  };
}

const echo = (from: string): VrrpInput => ({ kind: "EchoAnswered", from, to: VIP });
const asks = (target: string, senderAddress: string = VIP): Asked["what"] => ({
  senderAddress,
  targetAddress: target,
});

function ipv6MasterOf(vip: string, gateway: string): Driver {
  const driver = Driver.start(vrrpModel([]));
  driver.feed({ kind: "GatewaysChanged", gateways: [{ interface: "eth0", address: gateway }] });
  const model = instanceModel({
    announceOnly: false,
    family: "ipv6",
    version: 3,
    virtualAddresses: [virtualAddress(vip)],
  });
  driver.feed({ kind: "ConfigChanged", model: vrrpModel([model]) });
  driver.run(DOWN);
  expect(driver.state).toBe("MASTER");
  return driver;
}

/** Frame's destination, source, destination, target and link-layer option of each. */
function solicitationsOf(driver: Driver): unknown[] {
  return driver.actionsOf("AskNeighbours").flatMap(({ frames }) =>
    frames.map((bytes) => {
      const frame = decodeEthernet(bytes);
      const packet = frame.ok ? decodeIpv6(frame.value.payload) : frame;
      const message = packet.ok ? decodeNeighbour(packet.value) : packet;
      if (!frame.ok || !packet.ok || !message.ok) throw new Error("no solicitation");
      const { source, destination } = packet.value;
      return [frame.value.destination, source, destination, message.value.target, message.value.linkLayer];
    }),
  );
}

describe("verified takeover", () => {
  it("looks for the gateway's station, in its own name, behind the first announcement", () => {
    const driver = masterOf();
    expect(questions(driver)).toEqual([{ to: BROADCAST_MAC, what: asks(GATEWAY, OWN_ADDRESS) }]);
    const lanes = driver.kinds.filter((kind) => kind === "SendFrames" || kind === "AskNeighbours");
    expect(lanes).toEqual(["SendFrames", "AskNeighbours"]);
  });

  it("knows by an echo who has learned from the announcement, and asks him nothing", () => {
    const driver = masterOf();
    driver.sleep(400);
    driver.feed(reply(GATEWAY, OWN_ADDRESS));
    expect(questions(driver)).toEqual([{ to: GATEWAY_MAC, what: "echo" }]);
    driver.sleep(300);
    driver.feed(echo(GATEWAY));
    expect(questions(driver)).toEqual([]);
    expect(driver.eventsOf("NeighbourVerified")).toMatchObject([
      { neighbour: GATEWAY, why: "gateway", outcome: "learned", took: 700, proved: 1, unproved: [] },
    ]);
    expect(driver.instance().verification).toMatchObject({ proved: 1, pending: 0, hadToBeAsked: 0 });
  });

  it("asks who did not learn, and names him when an echo shows that the question taught him", () => {
    const driver = masterOf();
    driver.feed(reply(GATEWAY, OWN_ADDRESS));
    driver.run(millis(5));
    expect(questions(driver)).toEqual([{ to: GATEWAY_MAC, what: asks(GATEWAY) }]);
    driver.sleep(millis(1));
    driver.feed(reply(GATEWAY, VIP));
    expect(questions(driver)).toEqual([{ to: GATEWAY_MAC, what: "echo" }]);
    driver.feed(echo(GATEWAY));
    expect(driver.eventsOf("NeighbourVerified")).toMatchObject([{ outcome: "asked", took: millis(6) }]);
    expect(driver.instance().verification).toMatchObject({ proved: 1, hadToBeAsked: 1, slowest: millis(6) });
  });

  it("takes two addresses of one station for one neighbour: a question to either teaches both", () => {
    const driver = driverOf();
    driver.feed(reply(OTHER, VIP, { operation: "ask", to: BROADCAST_MAC }));
    driver.run(DOWN);
    driver.run(millis(5));
    driver.feed(reply(OTHER, VIP));
    driver.feed(reply(GATEWAY, OWN_ADDRESS));
    driver.feed(echo(GATEWAY));
    expect(driver.eventsOf("NeighbourVerified")).toMatchObject([{ neighbour: GATEWAY, outcome: "learned" }]);
    driver.feed(echo(OTHER));
    expect(driver.eventsOf("NeighbourVerified")).toMatchObject([
      { neighbour: GATEWAY, outcome: "asked" },
      { neighbour: OTHER, outcome: "asked" },
    ]);
    expect(driver.instance().verification).toMatchObject({ proved: 2, hadToBeAsked: 2 });
  });

  it("does not say who had to be asked where no probe is ever answered", () => {
    const driver = masterOf();
    driver.feed(reply(GATEWAY, OWN_ADDRESS));
    driver.run(millis(5));
    driver.feed(reply(GATEWAY, VIP));
    // It has learned: how is told without haste, by an echo that a busy host may be late with.
    driver.run(millis(99));
    expect(driver.eventsOf("NeighbourVerified")).toEqual([]);
    driver.run(millis(1));
    expect(driver.eventsOf("NeighbourVerified")).toMatchObject([{ outcome: "answered", took: millis(5) }]);
  });

  it("repeats a question ever more slowly, to everybody, and never takes silence for consent", () => {
    const driver = masterOf({ verifyTimeout: millis(200) });
    driver.feed(reply(GATEWAY, OWN_ADDRESS));
    driver.run(millis(5));
    driver.run(millis(10));
    expect(questions(driver)).toEqual([{ to: BROADCAST_MAC, what: asks(GATEWAY) }]);
    driver.run(millis(19));
    expect(questions(driver)).toEqual([]);
    driver.run(millis(1));
    expect(questions(driver)).toHaveLength(1);
    driver.run(seconds(0.5));
    expect(driver.eventsOf("NeighbourVerified")).toMatchObject([
      { outcome: "unproved", proved: 0, unproved: [VIP] },
    ]);
    expect(driver.instance().verification).toMatchObject({ proved: 0, unproved: 1 });
    driver.run(seconds(60));
    expect(questions(driver).filter(({ what }) => what !== "echo" && what.targetAddress === GATEWAY)).toEqual(
      [],
    );
  });

  it("asks at once where it has no address of its own to look for a station with", () => {
    const driver = Driver.start(vrrpModel([]));
    const own = { interface: "eth0", address: OWN_ADDRESS, prefixLength: 24, family: "ipv4" } as const;
    const rest = { scope: 0, secondary: false, tentative: false, dadFailed: false };
    driver.feed({ kind: "AddressRemoved", address: { ...own, ...rest }, origin: "other" });
    const model = instanceModel({
      announceOnly: false,
      verifyNeighbours: [OTHER],
      sourceAddress: "10.9.0.77",
    });
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([model]) });
    driver.run(DOWN);
    expect(questions(driver)).toEqual([{ to: BROADCAST_MAC, what: asks(OTHER) }]);
  });

  it("asks those of the configuration, and those lately seen asking for the address", () => {
    const driver = driverOf({ verifyNeighbours: ["10.9.0.8", OWN_ADDRESS, "2001:db8::8"] });
    driver.feed(reply(OTHER, VIP, { operation: "ask", to: BROADCAST_MAC, mac: "02:00:00:00:00:09" }));
    driver.run(DOWN);
    expect(questions(driver)).toEqual([
      { to: BROADCAST_MAC, what: asks(GATEWAY, OWN_ADDRESS) },
      { to: BROADCAST_MAC, what: asks("10.9.0.8", OWN_ADDRESS) },
      { to: "02:00:00:00:00:09", what: "echo" },
    ]);
    expect(driver.instance().verification?.neighbours.map(({ why }) => why)).toEqual([
      "gateway",
      "configured",
      "seen",
    ]);
  });

  it("believes only what came back to our own station", () => {
    const driver = masterOf();
    driver.feed(reply(GATEWAY, OWN_ADDRESS));
    driver.run(millis(5));
    driver.feed(reply(GATEWAY, VIP, { to: "02:00:00:00:00:77" }));
    expect(driver.instance().verification).toMatchObject({ proved: 0, pending: 1 });
  });

  it("probes over IPv6 by a solicitation without our station, and teaches by one with it", () => {
    const vip = "2001:db8::100";
    const gateway = "fe80::fe";
    const run = ipv6MasterOf(vip, gateway);
    run.feed(reply(gateway, "fe80::1"));
    expect(solicitationsOf(run)).toEqual([[GATEWAY_MAC, vip, gateway, gateway, undefined]]);
    run.run(millis(5));
    expect(solicitationsOf(run)).toEqual([[GATEWAY_MAC, vip, gateway, gateway, OWN_MAC]]);
    run.feed(reply(gateway, vip));
    expect(run.eventsOf("NeighbourVerified")).toMatchObject([{ outcome: "asked" }]);
  });

  it("asks nobody where it is off, when it is no master any more, and after a stop", () => {
    const off = masterOf({ announceOnly: true });
    off.run(seconds(10));
    expect(questions(off)).toEqual([]);
    expect(off.instance().verification).toBeUndefined();
    const stopped = masterOf();
    stopped.feed(STOP);
    stopped.run(seconds(10));
    expect(questions(stopped)).toEqual([]);
  });

  it("sends no more questions at once than its share, whatever there is to ask", () => {
    const addresses = Array.from({ length: 200 }, (_, index) => virtualAddress(`10.9.1.${index}`));
    const driver = driverOf({ virtualAddresses: addresses, verifyNeighbours: [OTHER, "10.9.0.8"] });
    driver.run(DOWN);
    let most = 0;
    let sent = 0;
    for (let turn = 0; turn < 2_000; turn++) {
      const actions = driver.run(100);
      const frames = actions.flatMap((action) => (action.kind === "AskNeighbours" ? action.frames : []));
      most = Math.max(most, frames.length);
      sent += frames.length;
    }
    expect(most).toBe(32);
    expect(sent).toBeGreaterThan(600);
    expect(driver.state).toBe("MASTER");
  });

  it("verifies an address that a reload brings, and keeps silent about the others", () => {
    const driver = masterOf();
    driver.feed(reply(GATEWAY, OWN_ADDRESS));
    driver.feed(echo(GATEWAY));
    driver.run(seconds(2));
    const model = instanceModel({
      announceOnly: false,
      virtualAddresses: [virtualAddress(VIP), virtualAddress("10.9.0.101")],
    });
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([model]) });
    driver.run(millis(100));
    const about = questions(driver).flatMap(({ what }) => (what === "echo" ? [] : [what.senderAddress]));
    expect(new Set(about)).toEqual(new Set(["10.9.0.101"]));
  });
});
