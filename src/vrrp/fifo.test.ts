import { describe, expect, it } from "vitest";
import {
  advertFrom,
  command,
  Driver,
  groupModel,
  instanceModel,
  notifyModel,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";
import type { VrrpInstanceModel } from "../model/model.ts";
import type { VrrpAction } from "./action.ts";
import { restoreVrrpEngine } from "./engine.ts";
import type { VrrpInput } from "./input.ts";

function withFifo(changes: Partial<VrrpInstanceModel> = {}, fifo = true) {
  const trackFiles = [{ name: "load", weight: 1, reverse: false }];
  return vrrpModel([instanceModel({ trackFiles, ...changes })], { trackFiles: ["load"], fifo });
}

const holds = (value: number): VrrpInput => ({
  kind: "TrackerMeasured",
  tracker: "file",
  name: "load",
  value,
});

function lines(actions: readonly VrrpAction[]): readonly string[] {
  return actions.flatMap((action) => (action.kind === "WriteFifo" ? [action.line] : []));
}

describe("lines for the FIFOs", () => {
  it("tell of every state, in keepalived's form", () => {
    const driver = Driver.start(withFifo());
    driver.run(seconds(4));
    driver.feed(holds(-254));
    driver.feed(holds(0));
    driver.feed({ kind: "StopRequested", release: true, by: "test" });
    expect(lines(driver.allActions)).toEqual([
      'INSTANCE "VI_1" BACKUP 100\n',
      'INSTANCE "VI_1" MASTER 100\n',
      'INSTANCE "VI_1" FAULT 100\n',
      'INSTANCE "VI_1" BACKUP 100\n',
      'INSTANCE "VI_1" STOP 100\n',
    ]);
  });

  it("are not written where there is no FIFO", () => {
    const driver = Driver.start(withFifo({}, false));
    driver.run(seconds(4));
    expect(lines(driver.allActions)).toEqual([]);
  });

  it("tell of priorities where that is asked for, as master and as backup only", () => {
    const driver = Driver.start(withFifo({ notifyPriorityChanges: true }));
    driver.feed(holds(-10));
    driver.run(seconds(4));
    driver.feed(holds(-20));
    driver.feed(holds(-254));
    expect(lines(driver.allActions)).toEqual([
      'INSTANCE "VI_1" BACKUP 100\n',
      'INSTANCE "VI_1" BACKUP_PRIORITY 90\n',
      'INSTANCE "VI_1" MASTER 90\n',
      'INSTANCE "VI_1" MASTER_PRIORITY 80\n',
      'INSTANCE "VI_1" FAULT 80\n',
    ]);
  });

  it("tell of a master's advertisement of lower priority", () => {
    const driver = Driver.start(withFifo());
    driver.run(seconds(4));
    driver.feed(advertFrom(instanceModel(), { priority: 50 }));
    expect(lines(driver.actions)).toEqual(['INSTANCE "VI_1" MASTER_RX_LOWER_PRI 100\n']);
  });

  it.each([
    [notifyModel(), "FAULT"],
    [notifyModel({ saysDeleted: true }), "DELETED"],
    [notifyModel({ deleted: command("/bin/true") }), "DELETED"],
  ])("call a removal by reload by its name %#", (notify, state) => {
    const driver = Driver.start(withFifo({ notify }));
    driver.feed({ kind: "ConfigChanged", model: vrrpModel([], { fifo: true }) });
    expect(lines(driver.actions)).toEqual([`INSTANCE "VI_1" ${state} 100\n`]);
  });

  it("tell all states again when they are asked for, and so they do after a restart", () => {
    const driver = Driver.start(withFifo());
    driver.feed({ kind: "StatesWanted" });
    expect(lines(driver.actions)).toEqual(['INSTANCE "VI_1" BACKUP 100\n']);
    const twin = restoreVrrpEngine(driver.engine.snapshot(driver.now), driver.now);
    expect(lines(twin.handle(driver.now, { kind: "StatesWanted" }))).toEqual([
      'INSTANCE "VI_1" BACKUP 100\n',
    ]);
  });
});

describe("mails about FAULT", () => {
  it.each([
    [false, ["Entering BACKUP state", "Entering FAULT state"]],
    [true, ["Entering BACKUP state"]],
  ])("are left out with no_email_faults %s", (noMailOnFault, expected) => {
    const driver = Driver.start({ ...withFifo({ smtpAlert: true }), noMailOnFault });
    driver.feed(holds(-254));
    const subjects = driver.allActions.flatMap((one) => (one.kind === "SendMail" ? [one.subject] : []));
    expect(subjects.map((subject) => subject.replace("VRRP Instance VI_1 - ", ""))).toEqual(expected);
  });
});

describe("lines of sync groups", () => {
  const members = ["VI_1", "VI_2"];
  const instances = [
    instanceModel({ trackFiles: [{ name: "load", weight: 1, reverse: false }] }),
    instanceModel({ name: "VI_2", virtualRouterId: 52 }),
  ];
  const grouped = (changes = {}) =>
    vrrpModel(instances, { trackFiles: ["load"], fifo: true, syncGroups: [groupModel(members, changes)] });

  it("follow those of their members, with priority 0", () => {
    const driver = Driver.start(grouped());
    driver.run(seconds(4));
    expect(lines(driver.actions)).toEqual([
      'INSTANCE "VI_1" MASTER 100\n',
      'INSTANCE "VI_2" MASTER 100\n',
      'GROUP "G1" MASTER 0\n',
    ]);
    driver.feed({ kind: "StatesWanted" });
    expect(lines(driver.actions)).toEqual([
      'INSTANCE "VI_1" MASTER 100\n',
      'INSTANCE "VI_2" MASTER 100\n',
      'GROUP "G1" MASTER 0\n',
    ]);
  });

  it("tell of its members' priorities where the group asks for it", () => {
    const driver = Driver.start(grouped({ notifyPriorityChanges: true }));
    driver.feed(holds(-10));
    expect(lines(driver.actions)).toEqual(['INSTANCE "VI_1" BACKUP_PRIORITY 90\n']);
  });
});
