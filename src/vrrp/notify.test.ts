import { describe, expect, it } from "vitest";
import {
  command,
  Driver,
  instanceModel,
  link,
  notifyModel,
  vrrpModel,
} from "../../test/support/vrrp-driver.ts";
import { seconds } from "../base/time.ts";
import type { NotifySubject } from "./notify.ts";
import { mailAction, notifyAction } from "./notify.ts";

const NOTIFY = notifyModel({
  master: command("/etc/keepalived/master.sh", "one two"),
  backup: command("/b"),
  fault: command("/f"),
  stop: command("/s"),
  any: command("/etc/keepalived/notify.sh", "-v"),
});

function subjectOf(changes: Partial<NotifySubject> = {}): NotifySubject {
  return {
    kind: "INSTANCE",
    name: "VI_1",
    priority: 100,
    notify: notifyModel(),
    smtpAlert: false,
    ...changes,
  };
}

describe("notifyAction", () => {
  it("tells of a group in a queue of its own, with priority 0", () => {
    const run = notifyAction(subjectOf({ kind: "GROUP", name: "G1", priority: 0, notify: NOTIFY }), "FAULT");
    expect(run?.subject).toBe("GROUP G1");
    expect(run?.commands.map(({ argv }) => argv.join(" "))).toEqual([
      "/f",
      "/etc/keepalived/notify.sh -v GROUP G1 FAULT 0",
    ]);
  });

  it("gives a state's own script nothing, and `notify` four words", () => {
    expect(notifyAction(subjectOf({ notify: NOTIFY }), "MASTER")).toEqual({
      kind: "RunNotify",
      subject: "INSTANCE VI_1",
      state: "MASTER",
      timeout: seconds(60),
      commands: [
        command("/etc/keepalived/master.sh", "one two"),
        command("/etc/keepalived/notify.sh", "-v", "INSTANCE", "VI_1", "MASTER", "100"),
      ],
    });
  });

  it("is nothing where nothing is configured", () => {
    expect(notifyAction(subjectOf(), "MASTER")).toBeUndefined();
    const rx = notifyAction(subjectOf({ notify: NOTIFY }), "MASTER_RX_LOWER_PRI");
    expect(rx).toBeUndefined();
  });
});

describe("mailAction", () => {
  it("names a group as one", () => {
    const mail = mailAction(subjectOf({ kind: "GROUP", name: "G1", smtpAlert: true }), "MASTER");
    expect(mail?.subject).toBe("VRRP Group G1 - Entering MASTER state");
  });

  it("has keepalived's subjects and bodies", () => {
    const model = subjectOf({ smtpAlert: true });
    const subjects = (["MASTER", "BACKUP", "FAULT", "STOP", "DELETED"] as const).map(
      (state) => mailAction(model, state)?.subject,
    );
    expect(subjects).toEqual([
      "VRRP Instance VI_1 - Entering MASTER state",
      "VRRP Instance VI_1 - Entering BACKUP state",
      "VRRP Instance VI_1 - Entering FAULT state",
      "VRRP Instance VI_1 - Stopping",
      "VRRP Instance VI_1 - Deleted",
    ]);
    expect(mailAction(model, "MASTER")?.body).toBe("=> VRRP Instance is now owning VRRP VIPs <=");
    expect(mailAction(model, "BACKUP")?.body).toBe("=> VRRP Instance is no longer owning VRRP VIPs <=");
    expect(mailAction(subjectOf(), "MASTER")).toBeUndefined();
  });
});

describe("the life of an instance", () => {
  it("is told state by state, from the first real one on", () => {
    const driver = new Driver();
    const model = vrrpModel([instanceModel({ notify: NOTIFY, smtpAlert: true })]);
    const told: string[] = [];
    const mails: string[] = [];
    const note = (): void => {
      for (const { state, commands } of driver.actionsOf("RunNotify")) {
        told.push(`${state} ${commands.map(({ path }) => path.at(-1)).join("")}`);
      }
      mails.push(...driver.actionsOf("SendMail").map(({ subject }) => subject.slice(21)));
    };
    driver.feed({ kind: "LinkChanged", link: link() });
    const address = {
      interface: "eth0",
      address: "10.9.0.1",
      prefixLength: 24,
      family: "ipv4",
      scope: 0,
      secondary: false,
      tentative: false,
      dadFailed: false,
    } as const;
    driver.feed({ kind: "AddressAdded", address, origin: "other" });
    driver.feed({ kind: "ConfigChanged", model });
    note();
    driver.run(seconds(4));
    note();
    driver.feed({ kind: "LinkChanged", link: link({ up: false }) });
    note();
    driver.feed({ kind: "LinkChanged", link: link() });
    note();
    driver.feed({ kind: "StopRequested", release: true, by: "SIGTERM" });
    note();
    expect(told).toEqual(["BACKUP bh", "MASTER hh", "FAULT fh", "BACKUP bh", "STOP sh"]);
    expect(mails).toEqual([
      "Entering BACKUP state",
      "Entering MASTER state",
      "Entering FAULT state",
      "Entering BACKUP state",
      "Stopping",
    ]);
  });
});
