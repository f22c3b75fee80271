import { describe, expect, it } from "vitest";
import { ADDRESSES, BfdLink, bfdModel } from "../../test/support/bfd-link.ts";
import { millis, seconds } from "../base/time.ts";
import type { BfdState } from "../wire/bfd.ts";
import { BFD_STATES, encodeBfd } from "../wire/bfd.ts";
import type { BfdAction } from "./action.ts";
import { createBfdEngine } from "./engine.ts";
import type { BfdPacketReceived } from "./input.ts";
import { nextState } from "./session.ts";

function linkUp(changes: Parameters<typeof bfdModel>[0] = {}): BfdLink {
  const link = new BfdLink();
  link.configure(0, changes);
  link.configure(1, changes);
  expect(link.runUntil(seconds(3), () => link.state(0) === "Up" && link.state(1) === "Up")).toBe(true);
  return link;
}

/** A packet of the neighbour at {@link ADDRESSES}[1]. */
function packet(
  changes: Partial<Parameters<typeof encodeBfd>[0]> = {},
  around: Partial<BfdPacketReceived> = {},
): BfdPacketReceived {
  const payload = encodeBfd({
    diagnostic: 0,
    state: "Down",
    poll: false,
    final: false,
    controlPlaneIndependent: false,
    demand: false,
    multiplier: 3,
    myDiscriminator: 77,
    yourDiscriminator: 0,
    desiredMinTx: millis(50),
    requiredMinRx: millis(50),
    requiredMinEchoRx: 0,
    ...changes,
  });
  return {
    kind: "PacketReceived",
    multihop: false,
    interface: "eth0",
    source: ADDRESSES[1],
    destination: ADDRESSES[0],
    hopLimit: 255,
    payload,
    ...around,
  };
}

function dropReason(actions: readonly BfdAction[]): string | undefined {
  for (const action of actions) {
    if (action.kind === "Emit" && action.event.kind === "PacketDropped") return action.event.reason;
  }
  return undefined;
}

describe("the automaton", () => {
  it("moves as RFC 5880 sections 6.2 and 6.8.6 say", () => {
    const table = Object.fromEntries(
      BFD_STATES.map((own) => [own, BFD_STATES.map((remote) => nextState(own, remote))]),
    ) as Record<BfdState, BfdState[]>;
    // Columns: the neighbour is AdminDown, Down, Init, Up.
    expect(table).toEqual({
      AdminDown: ["AdminDown", "AdminDown", "AdminDown", "AdminDown"],
      Down: ["Down", "Init", "Up", "Down"],
      Init: ["Down", "Init", "Up", "Up"],
      Up: ["Down", "Down", "Up", "Up"],
    });
  });

  it("comes up with slow packets and then agrees on fast ones by Poll and Final", () => {
    const link = linkUp();
    link.runFor(seconds(1));
    const before = link.packets.filter(({ packet }) => packet.state !== "Up");
    expect(before.length).toBeGreaterThan(0);
    for (const { packet } of before) expect(packet.desiredMinTx).toBe(seconds(1));
    for (const end of [0, 1] as const) {
      const own = link.packets.filter(({ from, packet }) => from === end && packet.state === "Up");
      expect(own[0]?.packet.desiredMinTx).toBe(millis(50));
      expect(own.some(({ packet }) => packet.poll)).toBe(true);
      expect(own.some(({ packet }) => packet.final)).toBe(true);
      expect(link.ends[end].session(link.now).polling).toBe(false);
      expect(link.ends[end].events.at(-1)).toMatchObject({
        kind: "TimersAgreed",
        transmitInterval: millis(50),
        detectionTime: millis(150),
      });
    }
  });

  it("takes 10 to 25 % off its interval", () => {
    const link = linkUp();
    const since = link.now + seconds(1);
    link.runFor(seconds(5));
    const times = link.packets.filter(({ at, from }) => from === 0 && at > since).map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(millis(37.5));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(millis(45));
    expect(new Set(gaps).size).toBeGreaterThan(10);
  });

  it("notices silence after the neighbour's multiplier times the agreed interval", () => {
    const link = new BfdLink();
    link.configure(0, { requiredMinRx: millis(80), multiplier: 7 });
    link.configure(1, { desiredMinTx: millis(30), multiplier: 4 });
    link.runFor(seconds(3));
    expect(link.state(0)).toBe("Up");
    link.loss[1] = 1;
    const { lastHeard } = link.ends[0].session(link.now);
    link.runFor(seconds(1));
    const down = link.ends[0].events.find((event) => event.kind === "StateChanged" && event.from === "Up");
    expect(down).toMatchObject({
      to: "Down",
      diagnostic: 1,
      reason: { kind: "detection-time", interval: millis(320), lastHeard },
    });
    expect((down?.at ?? 0) - (lastHeard ?? 0)).toBe(millis(320));
    expect(link.ends[0].told.map(({ up }) => up)).toEqual([true, false]);
  });

  it("goes down when the neighbour says so, with another discriminator", () => {
    const link = linkUp();
    const { localDiscriminator } = link.ends[1].session(link.now);
    link.loss[0] = 1;
    link.runFor(millis(400));
    const event = link.ends[0].events.find((one) => one.kind === "StateChanged" && one.from === "Up");
    expect(event).toMatchObject({
      to: "Down",
      diagnostic: 3,
      remoteDiagnostic: 1,
      reason: { kind: "packet" },
    });
    expect(link.ends[1].session(link.now).localDiscriminator).not.toBe(localDiscriminator);
    link.loss[0] = 0;
    link.runFor(seconds(3));
    expect([link.state(0), link.state(1)]).toEqual(["Up", "Up"]);
  });

  it("says AdminDown on a stop, and the neighbour's followers are told of no failure", () => {
    const link = linkUp();
    link.packets.length = 0;
    link.feed(0, { kind: "StopRequested", by: "test" });
    expect(link.packets.map(({ packet }) => [packet.state, packet.diagnostic])).toEqual(
      Array.from({ length: 3 }, () => ["AdminDown", 7]),
    );
    expect(link.ends[0].engine.nextDeadline()).toBeUndefined();
    link.runFor(seconds(30));
    expect(link.state(1)).toBe("Down");
    expect(link.ends[1].session(link.now)).toMatchObject({ diagnostic: 3, reportedUp: true });
    expect(link.ends[1].told.map(({ up }) => up)).toEqual([true]);
  });

  it("is silent as passive until the neighbour has spoken", () => {
    const link = new BfdLink();
    link.configure(0, { passive: true });
    link.runFor(seconds(10));
    expect(link.packets).toEqual([]);
    link.configure(1);
    link.runFor(seconds(3));
    expect(link.state(0)).toBe("Up");
    link.loss[1] = 1;
    link.runFor(seconds(10));
    const silentSince = link.packets.filter(({ from }) => from === 0).at(-1)?.at ?? 0;
    expect(link.now - silentSince).toBeGreaterThan(seconds(5));
  });

  it("sends nothing periodic to a neighbour that wants nothing", () => {
    const engine = createBfdEngine({ seed: 1 });
    engine.handle(0, { kind: "ConfigChanged", sessions: [bfdModel()] });
    engine.handle(10, packet({ requiredMinRx: 0 }));
    const [session] = engine.snapshot(10).sessions;
    expect(session?.transmitInterval).toBeUndefined();
    expect(session?.memory.transmitAt).toBeUndefined();
  });

  it("survives a stall longer than the detection time, for packets wait", () => {
    const link = new BfdLink();
    link.configure(0, { multiplier: 20 });
    link.configure(1);
    link.runFor(seconds(3));
    link.ends[0].pausedUntil = link.now + millis(400);
    link.runFor(seconds(1));
    expect(link.ends.map(({ told }) => told.length)).toEqual([1, 1]);
  });
});

describe("a reload", () => {
  it("keeps a session of the same name with its timers", () => {
    const link = linkUp();
    const before = link.ends[0].session(link.now);
    link.packets.length = 0;
    link.configure(0, { weight: 5 });
    expect(link.ends[0].session(link.now)).toEqual(before);
    expect(link.packets).toEqual([]);
  });

  it("sends slower only when the neighbour has confirmed it, and no session goes down", () => {
    const link = linkUp();
    link.runFor(seconds(1));
    link.loss[1] = 0;
    link.configure(0, { desiredMinTx: millis(400), requiredMinRx: millis(20) });
    expect(link.ends[0].session(link.now)).toMatchObject({
      polling: true,
      desiredMinTx: millis(400),
      effectiveMinTx: millis(50),
      requiredMinRx: millis(20),
      effectiveMinRx: millis(50),
    });
    link.runFor(seconds(3));
    expect(link.ends[0].session(link.now)).toMatchObject({
      polling: false,
      effectiveMinTx: millis(400),
      effectiveMinRx: millis(20),
    });
    expect(link.ends[1].events.at(-1)).toMatchObject({ kind: "TimersAgreed", detectionTime: millis(1200) });
    expect([link.ends[0].told.length, link.ends[1].told.length]).toEqual([1, 1]);
  });

  it("ends a session that is gone or leads elsewhere", () => {
    const link = linkUp();
    link.packets.length = 0;
    link.feed(0, { kind: "ConfigChanged", sessions: [bfdModel({ neighbour: "10.9.0.77" })] });
    expect(link.packets.slice(0, 3).map(({ packet }) => packet.state)).toEqual([
      "AdminDown",
      "AdminDown",
      "AdminDown",
    ]);
    expect(link.ends[0].told.map(({ up }) => up)).toEqual([true, false]);
    expect(link.state(0)).toBe("Down");
    link.feed(0, { kind: "ConfigChanged", sessions: [] });
    expect(link.ends[0].engine.nextDeadline()).toBeUndefined();
  });
});

describe("a packet", () => {
  function receiveWith(
    changes: Parameters<typeof bfdModel>[0],
    received: BfdPacketReceived,
  ): string | undefined {
    const engine = createBfdEngine({ seed: 1 });
    engine.handle(0, { kind: "ConfigChanged", sessions: [bfdModel(changes)] });
    return dropReason(engine.handle(1, received));
  }

  it.each([
    [255, 0, 255, undefined],
    [255, 0, 254, "hop-limit"],
    [255, 1, 254, undefined],
    [255, 1, 253, "hop-limit"],
    [64, 0, 255, undefined],
    [64, 0, 63, "hop-limit"],
    [255, -1, 1, undefined],
  ])("with ttl %i and max_hops %i, arriving with %i: %s", (hopLimit, maxHops, arriving, reason) => {
    expect(receiveWith({ hopLimit, maxHops }, packet({}, { hopLimit: arriving }))).toBe(reason);
  });

  it("belongs to a session by its addresses, port and interface", () => {
    expect(receiveWith({}, packet())).toBeUndefined();
    expect(receiveWith({}, packet({}, { source: "10.9.0.3" }))).toBe("unknown-neighbour");
    expect(receiveWith({ multihop: true }, packet())).toBe("unknown-neighbour");
    expect(receiveWith({ multihop: true }, packet({}, { multihop: true }))).toBeUndefined();
    expect(receiveWith({ source: "10.9.0.9" }, packet())).toBe("unknown-neighbour");
    expect(receiveWith({ interface: "eth1" }, packet())).toBe("unknown-neighbour");
    expect(receiveWith({}, packet({ yourDiscriminator: 12345 }))).toBe("unknown-discriminator");
    expect(receiveWith({}, { ...packet(), payload: new Uint8Array(3) })).toBe("too-short");
  });

  it("that is dropped again and again is told of once a minute", () => {
    const engine = createBfdEngine({ seed: 1 });
    const stranger = packet({}, { source: "10.9.0.3" });
    engine.handle(0, { kind: "ConfigChanged", sessions: [bfdModel()] });
    expect(dropReason(engine.handle(1, stranger))).toBe("unknown-neighbour");
    for (let count = 0; count < 5; count++) expect(engine.handle(2, stranger)).toEqual([]);
    const [again] = engine.handle(seconds(61), stranger);
    expect(again).toMatchObject({ event: { kind: "PacketDropped", suppressed: 5 } });
    expect(engine.snapshot(0).engine.dropped).toEqual({ "unknown-neighbour": 7 });
  });

  it("with Poll is answered at once with Final", () => {
    const engine = createBfdEngine({ seed: 1 });
    engine.handle(0, { kind: "ConfigChanged", sessions: [bfdModel()] });
    const answers = engine.handle(5, packet({ poll: true })).filter(({ kind }) => kind === "SendControl");
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatchObject({ payload: expect.objectContaining({ 1: 0x90 }) });
  });
});
