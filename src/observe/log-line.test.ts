import { expect, test } from "vitest";
import type { CauseDetail } from "../vrrp/cause.ts";
import type { VrrpEvent, VrrpEventDetail, VrrpState } from "../vrrp/event.ts";
import type { JournalEvent } from "./journal-entry.ts";
import { logLine } from "./log-line.ts";
import { LOG_ERROR, LOG_INFO, LOG_WARNING } from "./log-severity.ts";

/** Lines as keepalived prints them; detail lines begin with `+`; our reasons are left out. */
function lines(event: JournalEvent): readonly string[] {
  return logLine({ time: "2026-11-23T12:00:00Z", at: 0, event })
    .filter(({ text }) => !text.includes("reason: "))
    .map(({ text, detail }) => (detail ? `+${text}` : text));
}

function vrrp(detail: VrrpEventDetail): readonly string[] {
  return lines({ source: "vrrp", event: { at: 0, instance: "VI_1", ...detail } as VrrpEvent });
}

function change(from: VrrpState, to: VrrpState, ...details: CauseDetail[]): readonly string[] {
  return vrrp({
    kind: "StateChanged",
    from,
    to,
    priority: 100,
    cause: details.map((fact) => ({ at: 0, ...fact })),
  });
}

const timer = {
  kind: "master-down-timer",
  interval: 1,
  lastHeard: 0,
  lastFrom: "10.9.0.1",
  dropped: {},
} as const;
const heard = { kind: "advertisement", from: "10.9.0.2", ourAddress: "10.9.0.1" } as const;
const script = { kind: "script", name: "chk", signal: undefined, timedOut: false } as const;

test("keepalived's sentences of state changes, in its order (seen from 2.2.7)", () => {
  expect(change("INIT", "BACKUP", { kind: "started" })).toEqual(["(VI_1) Entering BACKUP STATE (init)"]);
  expect(change("BACKUP", "MASTER", timer)).toEqual([
    "+(VI_1) Receive advertisement timeout",
    "(VI_1) Entering MASTER STATE",
  ]);
  expect(change("BACKUP", "MASTER", { ...heard, priority: 0, ourPriority: 100 })).toEqual([
    "+(VI_1) Backup received priority 0 advertisement",
    "+(VI_1) Receive advertisement timeout",
    "(VI_1) Entering MASTER STATE",
  ]);
  expect(change("MASTER", "BACKUP", { ...heard, priority: 150, ourPriority: 100 })).toEqual([
    "(VI_1) Master received advert from 10.9.0.2 with higher priority 150, ours 100",
    "(VI_1) Entering BACKUP STATE",
  ]);
  expect(change("MASTER", "BACKUP", { ...heard, priority: 100, ourPriority: 100 })).toEqual([
    "(VI_1) Master received advert from 10.9.0.2 with same priority 100 but higher IP address than ours",
    "(VI_1) Entering BACKUP STATE",
  ]);
  expect(change("MASTER", "FAULT", { kind: "interface", name: "eth0", up: false, reason: "" })).toEqual([
    "Netlink reports eth0 down",
    "(VI_1) Entering FAULT STATE",
    "+(VI_1) sent 0 priority",
    "+(VI_1) removing VIPs.",
  ]);
  expect(change("FAULT", "BACKUP", { kind: "interface", name: "eth0", up: true, reason: "" })).toEqual([
    "Netlink reports eth0 up",
    "(VI_1) Entering BACKUP STATE",
  ]);
  expect(change("MASTER", "STOP", { kind: "stop-requested", by: "SIGTERM" })).toEqual([
    "+(VI_1) sent 0 priority",
    "+(VI_1) removing VIPs.",
  ]);
  expect(change("BACKUP", "STOP", { kind: "stop-requested", by: "SIGTERM" })).toEqual([]);
});

test("priority, scripts and lower adverts", () => {
  const failed = { at: 0, ...script, ok: false, exitCode: 1 };
  expect(vrrp({ kind: "TrackerChanged", tracker: "chk", ok: false, cause: [failed] })).toEqual([
    "VRRP_Script(chk) failed (exited with status 1)",
  ]);
  // The script was told of before: once is enough.
  expect(vrrp({ kind: "PriorityChanged", from: 150, to: 90, cause: [failed] })).toEqual([
    "(VI_1) Changing effective priority from 150 to 90",
  ]);
  expect(change("MASTER", "FAULT", { ...script, ok: false, exitCode: 1 })[0]).toBe(
    "(VI_1) Entering FAULT STATE",
  );
  const good = { at: 0, ...script, ok: true, exitCode: 0 };
  expect(vrrp({ kind: "TrackerChanged", tracker: "chk", ok: true, cause: [good] })).toEqual([
    "VRRP_Script(chk) succeeded",
  ]);
  expect(vrrp({ kind: "LowerPriorityAdvert", source: "10.9.0.2", priority: 99 })).toEqual([
    "(VI_1) received lower priority (99) advert from 10.9.0.2 - discarding",
  ]);
});

test("a state change says our reason, in one line", () => {
  const cause = [{ at: 0, ...timer }];
  const event = {
    at: 0,
    instance: "VI_1",
    kind: "StateChanged",
    from: "BACKUP",
    to: "MASTER",
    priority: 1,
    cause,
  } as const;
  const texts = logLine({ time: "2026-11-23T12:00:00Z", at: 0, event: { source: "vrrp", event } }).map(
    ({ text }) => text,
  );
  expect(texts.at(-1)).toMatch(
    /^\(VI_1\) reason: no advertisement accepted from 10\.9\.0\.1 for 1 us \(last heard /,
  );
});

test("a dropped packet names its sender and reason; what is ignored by design is not logged", () => {
  const drop = {
    kind: "PacketDropped",
    source: "10.9.0.2",
    detail: "mine 1 s, theirs 2 s",
    suppressed: 0,
  } as const;
  expect(vrrp({ ...drop, reason: "advertisement-interval" })).toEqual([
    "(VI_1) advertisement interval mismatch from 10.9.0.2 (mine 1 s, theirs 2 s) - packet dropped",
    "+(VI_1) hint: give every router of this VRID the same advert_int",
  ]);
  expect(vrrp({ ...drop, reason: "own-packet" })).toEqual([]);
});

test("levels and processes", () => {
  const of = (event: JournalEvent): readonly (readonly [number, string])[] =>
    logLine({ time: "2026-11-23T12:00:00Z", at: 0, event }).map(
      ({ priority, ident }) => [priority, ident] as const,
    );
  const error = { call: "RTM_NEWADDR", errno: "EPERM", subject: "x" };
  const failed = {
    kind: "AddressFailed",
    address: "10.9.0.100",
    interface: "eth0",
    error,
    retryAt: undefined,
  } as const;
  expect(of({ source: "vrrp", event: { at: 0, instance: "VI_1", ...failed } })).toEqual([
    [LOG_ERROR, "Keepalived_vrrp"],
  ]);
  expect(of({ source: "supervisor", event: { kind: "DaemonStopping", by: "SIGTERM" } })).toContainEqual([
    LOG_INFO,
    "Keepalived",
  ]);
  expect(
    of({ source: "supervisor", event: { kind: "EventsDropped", count: 1, between: "a and b" } }),
  ).toEqual([[LOG_WARNING, "Keepalived"]]);
});

test("a sync group: the line after its members, who leave out what one of them has said", () => {
  const down = { kind: "interface", name: "eth1", up: false, reason: "" } as const;
  const follows = { kind: "group", group: "G1", member: "VI_2" } as const;
  expect(change("MASTER", "FAULT", follows, down)[0]).toBe("(VI_1) Entering FAULT STATE");
  expect(change("BACKUP", "MASTER", { kind: "group-agreed", group: "G1", last: "VI_2" }, timer)).toEqual([
    "(VI_1) Entering MASTER STATE",
  ]);
  const group = (to: VrrpState): readonly string[] =>
    lines({
      source: "group",
      event: { at: 0, group: "G1", kind: "StateChanged", from: "MASTER", to, cause: [] },
    });
  expect(group("FAULT")).toEqual(["VRRP_Group(G1) Syncing instances to FAULT state"]);
  expect(group("STOP")).toEqual([]);
  const cause = [{ at: 0, ...timer }];
  expect(vrrp({ kind: "AwaitsGroup", group: "G1", members: ["VI_2"], cause })).toEqual([
    "+(VI_1) Receive advertisement timeout",
    "(VI_1) waits for VI_2 of sync group G1",
  ]);
});
