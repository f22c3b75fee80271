import { describe, expect, it } from "vitest";
import { advertFrom, Driver, instanceModel, OWN_ADDRESS, PEER } from "../../test/support/vrrp-driver.ts";
import { concatBytes, fromHex } from "../base/bytes.ts";
import { seconds } from "../base/time.ts";
import type { AuthHmacModel } from "../model/advertising.ts";
import { encodeAhPacket } from "../wire/ah.ts";
import { AUTH_TRAILER_LENGTH, decodeAuthTrailer, signMessage, verifyTrailer } from "../wire/auth-hmac.ts";
import { passwordToAuthData } from "../wire/vrrp-auth.ts";
import { restoreVrrpEngine } from "./engine.ts";
import type { DropReason } from "./event.ts";
import type { PacketReceived } from "./input.ts";

const KEY = "ab".repeat(32);
/** 2026-01-01, give or take. */
const CLOCK = 1_767_225_600;

function hmacModel(changes: Partial<AuthHmacModel> = {}) {
  const authHmac: AuthHmacModel = {
    keys: [{ id: 1, secret: KEY }],
    activeKey: 1,
    timeWindow: 5,
    antiReplay: "time",
    mode: "enforce",
    ...changes,
  };
  return instanceModel({ version: 3, authHmac });
}

/** The engine's clock begins at 1000 s; the wall clock shows CLOCK then. */
function start(changes: Partial<AuthHmacModel> = {}): Driver {
  const driver = Driver.start(hmacModel(changes));
  setClock(driver, CLOCK);
  return driver;
}

function setClock(driver: Driver, now: number): void {
  driver.feed({ kind: "WallClockSet", offset: seconds(now) - driver.now });
}

interface Signing {
  readonly at?: number;
  readonly fine?: number;
  readonly keyId?: number;
  readonly key?: string;
  readonly source?: string;
  readonly spoil?: number;
}

function signed(driver: Driver, signing: Signing = {}): PacketReceived {
  const source = signing.source ?? PEER;
  const packet = advertFrom(hmacModel(), { source });
  const subject = { family: "ipv4", version: 3, virtualRouterId: 51, source } as const;
  const at = signing.at ?? CLOCK + (driver.now - seconds(1000)) / seconds(1);
  const sequence = { seconds: Math.floor(at), fine: signing.fine ?? 0 };
  const key = fromHex(signing.key ?? KEY);
  const trailer = signMessage(packet.payload, subject, signing.keyId ?? 1, key, sequence);
  if (signing.spoil !== undefined) trailer[signing.spoil] = 0xff;
  return { ...packet, payload: concatBytes(packet.payload, trailer) };
}

function droppedOf(driver: Driver): Partial<Record<DropReason, number>> {
  return driver.instance().statistics.dropped;
}

describe("signed advertisements that arrive", () => {
  const REFUSED: readonly [string, DropReason, Signing][] = [
    ["of another kind", "auth-ext-malformed", { spoil: 0 }],
    ["signed too long ago", "auth-ext-stale", { at: CLOCK - 6 }],
    ["signed too far ahead", "auth-ext-stale", { at: CLOCK + 6 }],
    ["with a key we do not have", "auth-ext-unknown-key", { keyId: 2 }],
    ["with another key of that id", "auth-ext-invalid", { key: "cd".repeat(32) }],
    ["changed on the way", "auth-ext-invalid", { spoil: 20 }],
  ];

  it.each(REFUSED)("%s are dropped: %s", (_, reason, signing) => {
    const driver = start();
    driver.feed(signed(driver, signing));
    expect(droppedOf(driver)).toEqual({ [reason]: 1 });
  });

  it("are good once, and replayed afterwards", () => {
    const driver = start();
    driver.feed(signed(driver, { fine: 7 }));
    expect(driver.eventsOf("MasterHeard")).toHaveLength(1);
    driver.feed(signed(driver, { fine: 7 }));
    driver.feed(signed(driver, { fine: 6 }));
    driver.feed(signed(driver, { fine: 8 }));
    expect(droppedOf(driver)).toEqual({ "auth-ext-replay": 2 });
    expect(driver.instance().statistics.signedReceived).toBe(2);
  });

  it("of a sender whose clock was set back are good again when the clock has passed its last one", () => {
    const driver = start();
    driver.feed(signed(driver, { at: CLOCK + 4 }));
    driver.feed(signed(driver, { at: CLOCK }));
    expect(droppedOf(driver)).toEqual({ "auth-ext-replay": 1 });
    driver.sleep(seconds(10));
    driver.feed(signed(driver));
    driver.feed(signed(driver, { at: CLOCK + 9, fine: 9 }));
    expect(droppedOf(driver), "CLOCK + 10 is later than CLOCK + 4, and counts from now on").toEqual({
      "auth-ext-replay": 2,
    });
  });

  it("are good at once when all clocks were set back: a mark out of the window has expired", () => {
    const driver = start();
    driver.feed(signed(driver, { at: CLOCK }));
    setClock(driver, CLOCK - 3600);
    driver.feed(signed(driver, { at: CLOCK - 3600 }));
    driver.feed(signed(driver, { at: CLOCK - 3600 }));
    expect(droppedOf(driver)).toEqual({ "auth-ext-replay": 1 });
    expect(driver.instance().statistics.signedReceived).toBe(2);
  });

  it("only have to grow in monotonic mode", () => {
    const driver = start({ antiReplay: "monotonic" });
    driver.feed(signed(driver, { at: 1000 }));
    driver.feed(signed(driver, { at: 900 }));
    expect(droppedOf(driver)).toEqual({ "auth-ext-replay": 1 });
  });

  it("are remembered for the four strangers heard last", () => {
    const driver = start();
    for (const last of [2, 3, 4, 5, 6]) driver.feed(signed(driver, { source: `10.9.0.${last}`, fine: 5 }));
    driver.feed(signed(driver, { source: "10.9.0.3", fine: 5 }));
    expect(droppedOf(driver)).toEqual({ "auth-ext-replay": 1 });
    driver.feed(signed(driver, { source: "10.9.0.2", fine: 5 }));
    expect(droppedOf(driver), "the first one was forgotten").toEqual({ "auth-ext-replay": 1 });
  });

  it("tell of a clock that is off by more than half of the window", () => {
    const driver = start();
    driver.feed(signed(driver, { at: CLOCK - 3 }));
    expect(driver.eventsOf("ClockSkew")).toMatchObject([{ source: PEER, ahead: -seconds(3) }]);
    driver.feed(signed(driver, { at: CLOCK - 2 }));
    expect(driver.eventsOf("ClockSkew")).toEqual([]);
  });

  it("are demanded, unless the mode is another", () => {
    const bare = advertFrom(hmacModel());
    const strict = start();
    strict.feed(bare);
    expect(droppedOf(strict)).toEqual({ "auth-ext-missing": 1 });
    for (const mode of ["permissive", "receive-only"] as const) {
      const driver = start({ mode });
      driver.feed(bare);
      driver.feed(signed(driver));
      expect(droppedOf(driver), mode).toEqual({});
      expect(driver.instance().statistics).toMatchObject({ unsignedReceived: 1, signedReceived: 1 });
      driver.feed(signed(driver, { keyId: 9 }));
      expect(droppedOf(driver), mode).toEqual({ "auth-ext-unknown-key": 1 });
    }
  });

  it("are too long for an instance without auth_hmac", () => {
    const driver = Driver.start(instanceModel({ version: 3 }));
    driver.feed(signed(driver));
    expect(droppedOf(driver)).toEqual({ length: 1 });
  });
});

describe("advertisements of ours", () => {
  const sequencesOf = (driver: Driver) =>
    driver.actionsOf("SendAdvertisement").map(({ payload }) => {
      const at = payload.length - AUTH_TRAILER_LENGTH;
      const trailer = payload.subarray(at);
      const subject = { family: "ipv4", version: 3, virtualRouterId: 51, source: OWN_ADDRESS } as const;
      expect(verifyTrailer(payload.subarray(0, at), trailer, subject, fromHex(KEY))).toBe(true);
      return decodeAuthTrailer(trailer)?.sequence ?? { seconds: 0, fine: 0 };
    });

  it("are signed with the time of day", () => {
    const driver = start();
    driver.run(seconds(5));
    const [first, second] = sequencesOf(driver);
    expect(first?.seconds).toBe(CLOCK + 3);
    expect(second?.seconds).toBe(CLOCK + 4);
  });

  it("go on counting after a small step back of the clock, and begin anew after a large one", () => {
    const driver = start();
    driver.run(seconds(4));
    const [first] = sequencesOf(driver);
    setClock(driver, (first?.seconds ?? 0) - 4);
    driver.run(seconds(1));
    expect(sequencesOf(driver)).toEqual([{ seconds: first?.seconds, fine: (first?.fine ?? 0) + 1 }]);
    setClock(driver, CLOCK - 1000);
    driver.run(seconds(1));
    expect(sequencesOf(driver)[0]?.seconds).toBe(CLOCK - 1000);
  });

  it("never go back in monotonic mode", () => {
    const driver = start({ antiReplay: "monotonic" });
    driver.run(seconds(4));
    const [first] = sequencesOf(driver);
    setClock(driver, CLOCK - 1000);
    driver.run(seconds(1));
    expect(sequencesOf(driver)[0]).toEqual({ seconds: first?.seconds, fine: (first?.fine ?? 0) + 1 });
  });

  it("repeat no number after a restart from a snapshot", () => {
    const driver = start({ antiReplay: "monotonic" });
    driver.run(seconds(4));
    const [first] = sequencesOf(driver);
    setClock(driver, CLOCK - 1000);
    driver.engine = restoreVrrpEngine(driver.engine.snapshot(driver.now), driver.now);
    driver.run(seconds(1));
    expect(sequencesOf(driver)[0]?.fine).toBe((first?.fine ?? 0) + 1);
  });

  it("are unsigned in receive-only mode", () => {
    const driver = start({ mode: "receive-only" });
    driver.run(seconds(4));
    expect(driver.actionsOf("SendAdvertisement")[0]?.payload).toHaveLength(12);
  });
});

describe("the Authentication Header", () => {
  const AH = instanceModel({ authentication: { kind: "ah", password: "secret" } });

  function wrapped(sequence: number, password = "secret", priority = 150): PacketReceived {
    const packet = advertFrom(AH, { authType: 2, priority });
    const whole = encodeAhPacket(packet.payload, {
      source: PEER,
      destination: "224.0.0.18",
      ttl: 255,
      identification: 1,
      sequence,
      key: passwordToAuthData(password),
    });
    return { ...packet, ipHeader: whole.slice(0, 20), payload: whole.slice(20) };
  }

  const sequenceOf = (payload: Uint8Array): number => new DataView(payload.slice().buffer).getUint32(28);

  it("is checked before all else", () => {
    const driver = Driver.start(AH);
    driver.feed(advertFrom(AH, { authType: 2, hopLimit: 1 }));
    driver.feed({ ...wrapped(1, "other"), hopLimit: 1 });
    const malformed = wrapped(1);
    malformed.payload.set([6], 0);
    driver.feed(malformed);
    driver.feed(wrapped(5));
    driver.feed(wrapped(5));
    driver.feed(wrapped(4));
    driver.feed(wrapped(6));
    expect(droppedOf(driver)).toEqual({
      "ah-missing": 1,
      "ah-invalid": 1,
      "ah-malformed": 1,
      "ah-replay": 2,
    });
    expect(driver.instance().statistics.advertisementsReceived).toBe(2);
  });

  it("is unexpected where the instance has none", () => {
    const driver = Driver.start(instanceModel());
    driver.feed(wrapped(1));
    expect(droppedOf(driver)).toEqual({ "authentication-type": 1 });
  });

  it("continues the count of the master before", () => {
    const driver = Driver.start(AH);
    driver.feed(wrapped(70));
    driver.run(seconds(5));
    const [first, second] = driver.actionsOf("SendAdvertisement");
    expect(first?.ah).toBe(true);
    expect([first, second].map((one) => sequenceOf(one?.payload ?? new Uint8Array(40)))).toEqual([71, 72]);
    driver.feed(wrapped(200, "secret", 50));
    const [answer] = driver.actionsOf("SendAdvertisement");
    expect(sequenceOf(answer?.payload ?? new Uint8Array(40)), "past a lower one's").toBe(202);
  });

  it("does not keep two masters apart that speak at once, and say one number", () => {
    const driver = Driver.start(AH);
    driver.run(seconds(4));
    const spoken = driver.actionsOf("SendAdvertisement").at(-1)?.payload ?? new Uint8Array(40);
    driver.feed(wrapped(sequenceOf(spoken)));
    expect(driver.state).toBe("BACKUP");
    // It counts once: what is sent again is old.
    driver.feed(wrapped(sequenceOf(spoken) - 1));
    driver.feed(wrapped(sequenceOf(spoken) + 1));
    driver.feed(wrapped(sequenceOf(spoken) + 1));
    expect(droppedOf(driver)).toEqual({ "ah-replay": 2 });
  });
});
