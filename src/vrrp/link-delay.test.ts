import { describe, expect, it } from "vitest";
import { Driver, instanceModel, link, vrrpModel } from "../../test/support/vrrp-driver.ts";
import { millis, seconds } from "../base/time.ts";
import { restoreVrrpEngine } from "./engine.ts";

const DELAY = { interface: "eth0", down: millis(500), up: seconds(2) };
const MODEL = vrrpModel([instanceModel()], { linkDelays: [DELAY] });

function running(): Driver {
  const driver = Driver.start(MODEL);
  driver.run(seconds(4));
  expect(driver.state).toBe("MASTER");
  return driver;
}

function carrier(driver: Driver, on: boolean): void {
  driver.feed({ kind: "LinkChanged", link: link({ running: on }) });
}

describe("interface_up_down_delays", () => {
  it("passes over a link that is down for a moment", () => {
    const driver = running();
    carrier(driver, false);
    driver.run(millis(499));
    carrier(driver, true);
    driver.run(seconds(5));
    expect(driver.eventsOf("StateChanged")).toEqual([]);
    expect(driver.state).toBe("MASTER");
  });

  it("counts one that stays down, after the delay", () => {
    const driver = running();
    carrier(driver, false);
    driver.run(millis(500) - 1);
    expect(driver.state).toBe("MASTER");
    driver.run(1);
    expect(driver.state).toBe("FAULT");
  });

  it("waits for a link that comes up to stay so", () => {
    const driver = running();
    carrier(driver, false);
    driver.run(seconds(1));
    carrier(driver, true);
    driver.run(seconds(2) - 1);
    expect(driver.state).toBe("FAULT");
    driver.run(1);
    expect(driver.state).toBe("BACKUP");
  });

  it("lets a MAC address count at once", () => {
    const driver = running();
    driver.feed({ kind: "LinkChanged", link: link({ running: false, mac: "02:00:00:00:00:09" }) });
    expect(driver.engine.snapshot(driver.now).links).toMatchObject([
      { running: true, mac: "02:00:00:00:00:09" },
    ]);
  });

  it("does not hold up a link that is deleted", () => {
    const driver = running();
    driver.feed({ kind: "LinkRemoved", name: "eth0" });
    expect(driver.state).toBe("FAULT");
  });

  it("goes on counting through a snapshot", () => {
    const driver = running();
    carrier(driver, false);
    const snapshot = JSON.parse(JSON.stringify(driver.engine.snapshot(driver.now)));
    driver.engine = restoreVrrpEngine(snapshot, driver.now);
    driver.run(millis(500));
    expect(driver.state).toBe("FAULT");
  });
});
