import { describe, expect, it } from "vitest";
import { advertFrom, Driver, instanceModel } from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";
import { restoreVrrpEngine } from "./engine.ts";
import type { VrrpSnapshot } from "./snapshot.ts";

const DOWN_100 = 3_609_375;
const MODEL = instanceModel();

/** The same driver with another life of the engine, `away` later. */
function restart(driver: Driver, away: number): void {
  const text = JSON.stringify(driver.engine.snapshot(driver.now));
  driver.sleep(away);
  driver.engine = restoreVrrpEngine(JSON.parse(text) as VrrpSnapshot, driver.now);
}

describe("an engine restored after a while", () => {
  it("says numbers of an Authentication Header that its former life cannot have said since the snapshot", () => {
    const driver = Driver.start(instanceModel({ authentication: { kind: "ah", password: "secret" } }));
    driver.run(seconds(4));
    const { engine, now } = driver;
    const text = JSON.stringify(engine.snapshot(now));
    // Quiet for an hour: no event, and no newer snapshot. The supervisor knows how long it lived.
    driver.run(seconds(3_600));
    const said = driver.actionsOf("SendAdvertisement").map(({ payload }) => ahNumberOf(payload));
    const snapshot = { ...(JSON.parse(text) as VrrpSnapshot), at: driver.now };
    driver.run(seconds(0.5));
    driver.engine = restoreVrrpEngine(snapshot, driver.now);
    driver.feed({ kind: "ClockReached" });
    const [first] = driver.actionsOf("SendAdvertisement");
    expect(driver.state).toBe("MASTER");
    expect(ahNumberOf(first?.payload ?? new Uint8Array(32))).toBeGreaterThan(Math.max(...said));
  });

  it("speaks first as a master, makes sure of its addresses, and stays master", () => {
    const driver = Driver.start(MODEL);
    driver.run(DOWN_100);
    driver.run(seconds(20));
    restart(driver, seconds(1));
    driver.run(0);
    expect(driver.kinds.slice(0, 3)).toEqual(["SendAdvertisement", "AddAddresses", "SendFrames"]);
    expect(driver.adverts).toEqual([100]);
    expect(driver.state).toBe("MASTER");
    expect(driver.eventsOf("StateChanged")).toEqual([]);
    driver.run(seconds(5));
    expect(driver.adverts).toHaveLength(5);
  });

  it("is BACKUP if it was away so long that another is about to take over", () => {
    const driver = Driver.start(MODEL);
    driver.run(DOWN_100);
    restart(driver, seconds(1.9));
    driver.run(0);
    expect(driver.state).toBe("BACKUP");
    expect(driver.adverts).toEqual([]);
    expect(driver.actionsOf("RemoveAddresses")).toHaveLength(1);
    expect(driver.instance().cause).toMatchObject([{ kind: "restored", downFor: seconds(1.9) }]);
  });

  it("listens for a whole Master_Down_Interval as a backup", () => {
    const driver = Driver.start(MODEL);
    driver.feed(advertFrom(MODEL));
    restart(driver, seconds(30));
    driver.run(DOWN_100 - 1);
    expect(driver.state).toBe("BACKUP");
    driver.run(1);
    expect(driver.state).toBe("MASTER");
  });

  it("asks anew for removals that were under way", () => {
    const driver = Driver.start(MODEL);
    driver.run(DOWN_100);
    driver.answer = () => "lost";
    driver.feed(advertFrom(MODEL));
    driver.answer = () => "done";
    restart(driver, seconds(1));
    driver.run(0);
    expect(driver.actionsOf("RemoveAddresses")).toHaveLength(1);
    expect(driver.instance().addresses).toMatchObject([{ state: "absent" }]);
  });
});

describe("a snapshot", () => {
  it("shares nothing with the engine", () => {
    const driver = Driver.start(MODEL);
    const before = driver.engine.snapshot(driver.now);
    const text = JSON.stringify(before);
    driver.run(seconds(10));
    expect(JSON.stringify(before)).toBe(text);
  });
});

/** Behind the IP header, at offset 8 of the Authentication Header. */
function ahNumberOf(packet: Uint8Array): number {
  return new DataView(packet.slice().buffer).getUint32(28);
}
