import { describe, expect, it } from "vitest";
import { advertFrom, Driver, instanceModel, OWN_ADDRESS } from "../../test/support/vrrp-driver.ts";
import { millis, seconds } from "../base/time.ts";

const OWNER = instanceModel({ priority: 255, wantedState: "MASTER" });
const HIGHER = "10.9.0.200";
const LOWER = "10.9.0.0";

function rival(driver: Driver, source: string): void {
  driver.feed(advertFrom(OWNER, { priority: 255, source }));
}

describe("two address owners", () => {
  it("the lower address gives way at once", () => {
    const driver = Driver.start(OWNER);
    expect(driver.state).toBe("MASTER");
    rival(driver, HIGHER);
    expect(driver.state).toBe("BACKUP");
    expect(driver.instance().effectivePriority).toBe(255);
    expect(driver.eventsOf("OwnerConflict")).toMatchObject([{ source: HIGHER }]);
  });

  it("the higher one stays, and gives way when the other does not after its patience", () => {
    const driver = Driver.start(OWNER);
    expect(OWN_ADDRESS > LOWER).toBe(true);
    for (let second = 0; second <= 3; second++) {
      rival(driver, LOWER);
      expect(driver.state, `after ${second} s`).toBe("MASTER");
      driver.run(seconds(1));
    }
    rival(driver, LOWER);
    expect(driver.eventsOf("OwnerConflict")).toMatchObject([
      { source: LOWER, reaction: "it did not give way: we do" },
    ]);
    expect(driver.state).toBe("BACKUP");
    expect(driver.instance().effectivePriority).toBe(254);
  });

  it("has 255 again when it is master again", () => {
    const driver = Driver.start(OWNER);
    for (let second = 0; second <= 4; second++) {
      rival(driver, LOWER);
      driver.run(seconds(1));
    }
    expect(driver.state).toBe("BACKUP");
    driver.run(seconds(4));
    expect(driver.state).toBe("MASTER");
    expect(driver.instance().effectivePriority).toBe(255);
    expect(driver.adverts[0]).toBe(255);
  });

  it("patience begins anew when the other was silent for long", () => {
    const driver = Driver.start(OWNER);
    rival(driver, LOWER);
    driver.run(seconds(10));
    rival(driver, LOWER);
    driver.run(millis(500));
    rival(driver, LOWER);
    expect(driver.state).toBe("MASTER");
  });
});
