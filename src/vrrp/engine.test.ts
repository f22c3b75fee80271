import { describe, expect, it } from "vitest";
import { advertFrom, Driver, instanceModel } from "../../test/support/vrrp-driver.ts";
import { toHex } from "../base/bytes.ts";
import { seconds } from "../base/time.ts";

const DOWN_100 = 3_609_375;

describe("start", () => {
  it("waits a whole Master_Down_Interval in BACKUP, even where the wanted state is MASTER", () => {
    for (const wantedState of ["BACKUP", "MASTER"] as const) {
      const driver = Driver.start(instanceModel({ wantedState }));
      expect(driver.state).toBe("BACKUP");
      driver.run(DOWN_100 - 1);
      expect(driver.state).toBe("BACKUP");
      expect(driver.adverts).toEqual([]);
      driver.run(1);
      expect(driver.state).toBe("MASTER");
    }
  });

  it("makes the address owner master at once", () => {
    const driver = Driver.start(instanceModel({ priority: 255 }));
    expect(driver.state).toBe("MASTER");
    expect(driver.adverts).toEqual([255]);
  });
});

describe("becoming master", () => {
  it("advertises first, then adds, then announces, then tells", () => {
    const driver = Driver.start(instanceModel({ priority: 150 }));
    driver.answer = () => "lost";
    driver.run(seconds(3.5));
    expect(driver.kinds).toEqual(["SendAdvertisement", "AddAddresses", "SendFrames", "Emit", "Emit"]);
    expect(toHex(driver.actionsOf("SendAdvertisement")[0]?.payload ?? new Uint8Array())).toBe(
      "2133960100013e5d0a0900640000000000000000",
    );
    expect(driver.frames.map(toHex)).toEqual(
      Array(5).fill("ffffffffffffbe78e45f7ab308060001080006040001be78e45f7ab30a090064ffffffffffff0a090064"),
    );
  });

  it("advertises every interval from then on", () => {
    const driver = Driver.start(instanceModel());
    driver.run(DOWN_100);
    driver.run(seconds(10));
    expect(driver.adverts).toEqual(Array(10).fill(100));
  });
});

describe("as master", () => {
  it("yields to a higher priority without a word", () => {
    const model = instanceModel();
    const driver = Driver.start(model);
    driver.run(DOWN_100);
    driver.feed(advertFrom(model, { priority: 101 }));
    expect(driver.state).toBe("BACKUP");
    expect(driver.adverts).toEqual([]);
    expect(driver.actionsOf("RemoveAddresses")).toHaveLength(1);
  });

  it("resigns when it is stopped, and ends when the addresses are gone", () => {
    const driver = Driver.start(instanceModel());
    driver.run(DOWN_100);
    driver.feed({ kind: "StopRequested", release: true, by: "SIGTERM" });
    expect(driver.adverts).toEqual([0]);
    expect(driver.kinds).toEqual(["SendAdvertisement", "RemoveAddresses", "Emit", "Stopped"]);
    expect(driver.state).toBe("STOP");
    expect(driver.engine.nextDeadline()).toBeUndefined();
  });
});
