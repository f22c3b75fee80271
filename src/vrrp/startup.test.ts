import { describe, expect, it } from "vitest";
import { advertFrom, Driver, instanceModel, link, vrrpModel } from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";
import type { VrrpModel } from "../model/model.ts";

const MODEL = instanceModel();

/** Started this long after the machine's boot. */
function started(uptime: number, changes: Partial<VrrpModel>): Driver {
  const driver = new Driver();
  driver.feed({ kind: "BootTimeKnown", at: driver.now - uptime });
  driver.feed({ kind: "LinkChanged", link: link() });
  driver.feed({
    kind: "AddressAdded",
    address: {
      interface: "eth0",
      address: "10.9.0.1",
      prefixLength: 24,
      family: "ipv4",
      scope: 0,
      secondary: false,
      tentative: false,
      dadFailed: false,
    },
    origin: "other",
  });
  driver.feed({ kind: "ConfigChanged", model: vrrpModel([MODEL], changes) });
  return driver;
}

function reload(driver: Driver, changes: Partial<VrrpModel>): void {
  driver.feed({ kind: "ConfigChanged", model: vrrpModel([MODEL], changes) });
}

describe("the silence after a start", () => {
  it("lasts until the machine has been up for long enough", () => {
    const driver = started(seconds(20), { delayAfterBoot: seconds(60) });
    driver.run(seconds(40) - 1);
    expect(driver.state).toBe("INIT");
    driver.feed(advertFrom(MODEL, { priority: 200 }));
    expect(driver.instance().statistics.advertisementsReceived).toBe(0);
    driver.run(1);
    expect(driver.state).toBe("BACKUP");
  });

  it("is nothing where the machine has been up for long", () => {
    expect(started(seconds(70), { delayAfterBoot: seconds(60) }).state).toBe("BACKUP");
  });

  it.each([
    ["the start's", seconds(50), 50],
    ["the boot's", seconds(10), 40],
  ])("is the longer one of both: %s", (_what, startupDelay, length) => {
    const driver = started(seconds(20), { delayAfterBoot: seconds(60), startupDelay });
    driver.run(seconds(length) - 1);
    expect(driver.state).toBe("INIT");
    driver.run(1);
    expect(driver.state).toBe("BACKUP");
  });

  it("becomes shorter or longer by a reload, counted from the start", () => {
    const driver = started(seconds(9), { startupDelay: seconds(10) });
    driver.run(seconds(4));
    reload(driver, { startupDelay: seconds(6) });
    driver.run(seconds(2) - 1);
    expect(driver.state).toBe("INIT");
    reload(driver, { startupDelay: seconds(20) });
    driver.run(seconds(10));
    expect(driver.state).toBe("INIT");
    reload(driver, {});
    expect(driver.state).toBe("BACKUP");
  });

  it("is not begun by a reload", () => {
    const driver = started(seconds(9), {});
    reload(driver, { startupDelay: seconds(10), delayAfterBoot: seconds(500) });
    expect(driver.state).toBe("BACKUP");
  });
});
