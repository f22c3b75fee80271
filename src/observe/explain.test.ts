import { describe, expect, test } from "vitest";
import type { CauseDetail, CauseFact } from "../vrrp/cause.ts";
import type { VrrpEvent, VrrpEventDetail } from "../vrrp/event.ts";
import { explain, explainJson, journalLine } from "./explain.ts";
import { factText } from "./fact-text.ts";
import type { JournalEntry, JournalEvent, StewardEvent, SupervisorEvent } from "./journal-entry.ts";
import { parseWallClock, type Reader } from "./wall-clock.ts";

const NOON = "2026-11-23T12:00:00.000000Z";
const reader: Reader = { now: parseWallClock("2026-11-23T23:00:00Z") ?? 0, zone: "utc" };
/** Instant 0 of these tests is noon. */
const s = (seconds: number): number => Math.round(seconds * 1_000_000);

function entry(event: JournalEvent): JournalEntry {
  return { time: NOON, at: 0, event };
}

function vrrp(detail: VrrpEventDetail, at = s(3.12)): JournalEntry {
  return entry({ source: "vrrp", event: { at, instance: "VI_1", ...detail } as VrrpEvent });
}

function fact(detail: CauseDetail, at = s(3.12)): CauseFact {
  return { at, ...detail };
}

test("a takeover with its reason, what was dropped meanwhile, and what to do", () => {
  const cause = [
    fact({
      kind: "master-down-timer",
      interval: s(3.609),
      lastHeard: s(-0.489),
      lastFrom: "10.9.0.1",
      dropped: { authentication: 4, version: 0 },
    }),
  ];
  expect(
    explain(vrrp({ kind: "StateChanged", from: "BACKUP", to: "MASTER", priority: 100, cause }), reader),
  ).toEqual([
    "VI_1 became MASTER (was BACKUP) at 12:00:03.120: no advertisement accepted from 10.9.0.1 for 3.609 s (last heard 11:59:59.511); meanwhile 4 packets were dropped: authentication (4)",
    "    hint (authentication): give every router of this VRID the same auth_pass (only its first 8 characters count)",
  ]);
});

test("a chain of facts: each line is the reason of the line before", () => {
  const cause = [
    fact({ kind: "advertisement", from: "10.9.0.2", priority: 99, ourPriority: 98, ourAddress: "10.9.0.1" }),
    fact({ kind: "priority", from: 100, to: 98 }, s(2)),
    fact({ kind: "script", name: "chk", ok: false, exitCode: 1, signal: undefined, timedOut: false }, s(1)),
  ];
  expect(
    explain(vrrp({ kind: "StateChanged", from: "MASTER", to: "BACKUP", priority: 98, cause }), reader),
  ).toEqual([
    "VI_1 became BACKUP (was MASTER) at 12:00:03.120: 10.9.0.2 advertises priority 99, higher than our 98",
    "    because our priority changed from 100 to 98 (at 12:00:02.000)",
    "    because script chk fails (exit status 1) (at 12:00:01.000)",
  ]);
});

test("JSON holds the entry and its sentences", () => {
  const event = vrrp({
    kind: "StateChanged",
    from: "INIT",
    to: "BACKUP",
    priority: 1,
    cause: [fact({ kind: "started" })],
  });
  expect(JSON.parse(JSON.stringify(explainJson(event, reader)))).toMatchObject({
    time: NOON,
    event: { source: "vrrp", event: { kind: "StateChanged", cause: [{ kind: "started" }] } },
    sentences: ["VI_1 became BACKUP at 12:00:03.120: the daemon started"],
  });
});

test("a moment of another day carries its date", () => {
  const late: Reader = { now: reader.now + s(86_400), zone: "utc" };
  expect(journalLine(entry({ source: "steward", event: { kind: "ReloadUnchanged" } }), late)).toBe(
    "2026-11-23 12:00:00.000 steward the reloaded configuration changes nothing",
  );
});

const advert = { from: "10.9.0.2", ourAddress: "10.9.0.1" };
const os = { call: "RTM_NEWADDR", errno: "EPERM", subject: "10.9.0.100", detail: "no right" };

describe("every fact in words", () => {
  const facts: readonly (readonly [CauseDetail, string])[] = [
    [{ kind: "started" }, "the daemon started"],
    [
      { kind: "restored", downFor: s(0.3) },
      "the VRRP process came back after 300 ms and went on where it was",
    ],
    [{ kind: "configured", what: "priority 90" }, "the configuration says so: priority 90"],
    [
      { kind: "advertisement", ...advert, priority: 0, ourPriority: 100 },
      "10.9.0.2 gave up mastership (advertisement with priority 0)",
    ],
    [
      { kind: "advertisement", ...advert, priority: 90, ourPriority: 100 },
      "10.9.0.2 advertises priority 90, lower than our 100",
    ],
    [
      { kind: "advertisement", ...advert, priority: 100, ourPriority: 100 },
      "10.9.0.2 advertises priority 100, the same as ours, and its address is higher than our 10.9.0.1",
    ],
    [
      { kind: "master-down-timer", interval: s(3), lastHeard: undefined, lastFrom: undefined, dropped: {} },
      "no advertisement was accepted for 3 s",
    ],
    [{ kind: "address-owner" }, "priority 255 makes this router the address owner, which needs no election"],
    [{ kind: "preempt-delay-over", delay: s(5) }, "the preempt delay of 5 s is over"],
    [
      { kind: "interface", name: "eth0", up: false, reason: "no carrier" },
      "interface eth0 went down (no carrier)",
    ],
    [{ kind: "interface", name: "eth0", up: true, reason: "" }, "interface eth0 came up"],
    [
      { kind: "script", name: "c", ok: true, exitCode: 0, signal: undefined, timedOut: false },
      "script c succeeds",
    ],
    [
      { kind: "script", name: "c", ok: false, exitCode: undefined, signal: "SIGTERM", timedOut: true },
      "script c fails (it did not end in time)",
    ],
    [
      { kind: "script", name: "c", ok: false, exitCode: undefined, signal: "SIGSEGV", timedOut: false },
      "script c fails (killed by SIGSEGV)",
    ],
    [
      { kind: "address-removed", address: "10.9.0.100", interface: "eth0" },
      "somebody else removed 10.9.0.100 from eth0",
    ],
    [{ kind: "address-added", address: "10.9.0.1", interface: "eth0" }, "10.9.0.1 was added to eth0"],
    [
      { kind: "retry", waited: s(1), attempt: 2 },
      "the wait of 1 s after failed addresses is over (attempt 2)",
    ],
    [
      { kind: "action-failed", what: "adding 10.9.0.100", error: os },
      "adding 10.9.0.100 failed: RTM_NEWADDR 10.9.0.100: EPERM (no right)",
    ],
    [
      { kind: "no-source-address", interface: "eth0" },
      "interface eth0 has no address to send advertisements from",
    ],
    [
      { kind: "conflict", address: "10.9.0.100", mac: "02:00:00:00:00:01" },
      "another host (02:00:00:00:00:01) claims 10.9.0.100",
    ],
    [{ kind: "group", group: "G1", member: "VI_2" }, "sync group G1 follows its member VI_2"],
    [{ kind: "stop-requested", by: "SIGTERM" }, "a stop was requested (SIGTERM)"],
    [{ kind: "removed-by-reload" }, "a reload removed it from the configuration"],
  ];
  test.each(facts)("%j", (detail, text) => {
    expect(factText(fact(detail), () => "then")).toBe(text);
  });
});

describe("journal lines", () => {
  const error = { ...os, subject: "eth0" };
  const eth0 = { interface: "eth0" };
  const events: readonly (readonly [VrrpEventDetail, string])[] = [
    [
      {
        kind: "PacketDropped",
        reason: "version",
        source: "10.9.0.2",
        detail: "received 3, expected 2",
        suppressed: 7,
      },
      "VI_1 dropped a packet from 10.9.0.2 (version: received 3, expected 2), and 7 more before it",
    ],
    [
      { kind: "AddressListDiffers", source: "10.9.0.2", missing: ["10.9.0.100"], extra: [] },
      "VI_1 heard 10.9.0.2 advertise another address list than ours; missing: 10.9.0.100",
    ],
    [
      { kind: "MasterHeard", source: "10.9.0.2", priority: 100, interval: s(1) },
      "VI_1 hears master 10.9.0.2 (priority 100, every 1 s)",
    ],
    [{ kind: "AddressAdded", address: "10.9.0.100", ...eth0 }, "VI_1 added 10.9.0.100 to eth0"],
    [
      { kind: "AddressFailed", address: "10.9.0.100", ...eth0, error, retryAt: s(5) },
      "VI_1 could not add 10.9.0.100 to eth0: RTM_NEWADDR eth0: EPERM (no right); next attempt 12:00:05.000",
    ],
    [
      { kind: "AddressDeletedByOther", address: "10.9.0.100", ...eth0, reaction: "leaving MASTER" },
      "VI_1 saw somebody else delete 10.9.0.100 from eth0: leaving MASTER",
    ],
    [
      { kind: "AddressConflict", address: "10.9.0.100", ...eth0, mac: "02:00:00:00:00:01", suspect: "host" },
      "VI_1 holds 10.9.0.100, but 02:00:00:00:00:01 on eth0 claims it too",
    ],
    [
      { kind: "LowerPriorityAdvert", source: "10.9.0.2", priority: 99 },
      "VI_1 heard 10.9.0.2 advertise lower priority 99",
    ],
    [
      { kind: "Stalled", late: s(5), reaction: "listens first" },
      "VI_1 was not scheduled for 5 s although a deadline had passed; it listens first",
    ],
    [
      { kind: "FirstAnnouncement", afterDeadline: 400 },
      "VI_1 announced its addresses 400 us after it became due",
    ],
    [
      { kind: "PriorityChanged", from: 100, to: 98, cause: [fact({ kind: "started" })] },
      "VI_1 changed its effective priority from 100 to 98: the daemon started",
    ],
    [{ kind: "TrackerChanged", tracker: "chk", ok: false, cause: [] }, "VI_1 found tracker chk failed"],
  ];
  test.each(events)("of the vrrp process: %j", (detail, text) => {
    expect(journalLine(vrrp(detail), reader)).toBe(`12:00:03.120 vrrp ${text}`);
  });

  const script = {
    kind: "ScriptEnded",
    subject: "INSTANCE VI_1",
    state: "MASTER",
    command: ["/n.sh", "x"],
  } as const;
  const ran = { ...script, exitCode: undefined, signal: undefined, error: undefined, duration: s(0.012) };
  const supervisor: readonly (readonly [SupervisorEvent, string])[] = [
    [{ ...ran, exitCode: 0 }, "INSTANCE VI_1: script for MASTER (/n.sh x) ended well after 12 ms"],
    [
      { ...ran, exitCode: 3 },
      "INSTANCE VI_1: script for MASTER (/n.sh x) failed with exit status 3 after 12 ms",
    ],
    [
      { ...ran, signal: "SIGTERM" },
      "INSTANCE VI_1: script for MASTER (/n.sh x) was killed by SIGTERM after 12 ms",
    ],
    [{ ...ran, error: "ENOENT" }, "INSTANCE VI_1: script for MASTER (/n.sh x) could not run: ENOENT"],
    [
      { kind: "NotifyCollapsed", subject: "INSTANCE VI_1", states: ["MASTER", "BACKUP"] },
      "INSTANCE VI_1: passed over notifications for MASTER, BACKUP, because a newer state waited",
    ],
    [
      { kind: "LedgerReleased", addresses: ["10.9.0.100/24"], failed: [] },
      "released the addresses of the dead vrrp process: 10.9.0.100/24",
    ],
    [{ kind: "HeartbeatMissed", child: "vrrp", silentFor: s(1) }, "the vrrp process has been silent for 1 s"],
    [{ kind: "DaemonStopping", by: "SIGTERM" }, "stopping (SIGTERM)"],
  ];
  test.each(supervisor)("of the supervisor: %j", (event, text) => {
    expect(journalLine(entry({ source: "supervisor", event }), reader)).toBe(
      `12:00:00.000 supervisor ${text}`,
    );
  });

  const mail = { subject: "moved", recipients: ["a@b"] };
  const steward: readonly (readonly [StewardEvent, string])[] = [
    [{ kind: "MailSent", ...mail, attempts: 2 }, 'mail "moved" sent to a@b at attempt 2'],
    [
      { kind: "MailFailed", subject: "moved", attempt: 1, error: "refused", retryIn: s(2) },
      'mail "moved" failed (attempt 1): refused; again in 2 s',
    ],
    [
      { kind: "MailFailed", subject: "moved", attempt: 9, error: "refused", retryIn: undefined },
      'mail "moved" failed (attempt 9): refused; given up',
    ],
    [
      { kind: "ConfigLoaded", files: ["/a"], instances: 1, notes: 0, repairs: 2 },
      "configuration /a: 1 instance, 0 notes, 2 repairs",
    ],
  ];
  test.each(steward)("of the steward: %j", (event, text) => {
    expect(journalLine(entry({ source: "steward", event }), reader)).toBe(`12:00:00.000 steward ${text}`);
  });
});

test("a sync group explains itself, and a member names the one it followed", () => {
  const cause = [
    fact({ kind: "group", group: "G1", member: "VI_2" }),
    fact({ kind: "interface", name: "eth1", up: false, reason: "" }, s(3)),
  ];
  const event = {
    at: s(3.12),
    group: "G1",
    kind: "StateChanged",
    from: "MASTER",
    to: "FAULT",
    cause,
  } as const;
  expect(explain(entry({ source: "group", event }), reader)).toEqual([
    "sync group G1 went to FAULT (was MASTER) at 12:00:03.120: sync group G1 follows its member VI_2",
    "    because interface eth1 went down (at 12:00:03.000)",
  ]);
  expect(
    explain(vrrp({ kind: "StateChanged", from: "MASTER", to: "FAULT", priority: 100, cause }), reader),
  ).toEqual([
    "VI_1 went to FAULT (was MASTER) at 12:00:03.120: sync group G1 follows its member VI_2",
    "    because interface eth1 went down (at 12:00:03.000)",
  ]);
  const agreed = { kind: "group-agreed", group: "G1", last: "VI_2" } as const;
  expect(factText({ at: 0, ...agreed }, () => "then")).toBe(
    "all members of sync group G1 would be master, VI_2 as the last of them",
  );
  expect(journalLine(vrrp({ kind: "AwaitsGroup", group: "G1", members: ["VI_2"], cause: [] }), reader)).toBe(
    "12:00:03.120 vrrp VI_1 would be MASTER, but waits for VI_2 of its sync group G1",
  );
});
