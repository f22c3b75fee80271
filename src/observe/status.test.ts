import { describe, expect, test } from "vitest";
import type { GroupSnapshot, InstanceSnapshot, VrrpSnapshot } from "../vrrp/snapshot.ts";
import { renderStatus, type StatusView } from "./status.ts";
import type { StatusDocument } from "./status-document.ts";
import { ansiPaint, plainPaint } from "./style.ts";
import { clip, wrap } from "./table.ts";
import { formatAge, formatMoment, parseWallClock, wallClockOf } from "./wall-clock.ts";

const s = (seconds: number): number => Math.round(seconds * 1_000_000);
const view: StatusView = { paint: plainPaint, zone: "utc", width: 100 };

const instance: InstanceSnapshot = {
  name: "VI_1",
  key: "k",
  family: "ipv4",
  interface: "eth0",
  virtualRouterId: 51,
  version: 2,
  state: "MASTER",
  basePriority: 100,
  effectivePriority: 98,
  advertisementInterval: s(1),
  masterInterval: s(1),
  masterAddress: "10.9.0.2",
  masterPriority: 99,
  masterDownInterval: s(3.6),
  lastTransition: s(10),
  lastHeard: undefined,
  epoch: 1,
  cause: [{ kind: "address-owner", at: s(10) }],
  faults: [],
  routing: [],
  addresses: [
    {
      address: "10.9.0.100",
      prefixLength: 24,
      interface: "eth0",
      excluded: false,
      state: "present",
      error: undefined,
    },
    {
      address: "10.9.0.101",
      prefixLength: 32,
      interface: "eth1",
      excluded: true,
      state: "failed",
      error: "EPERM",
    },
  ],
  degraded: true,
  verification: undefined,
  statistics: {
    advertisementsReceived: 0,
    advertisementsSent: 0,
    becameMaster: 1,
    releasedMaster: 0,
    priorityZeroReceived: 0,
    priorityZeroSent: 0,
    announcementsSent: 0,
    addressListErrors: 0,
    signedReceived: 0,
    unsignedReceived: 0,
    dropped: { version: 2 },
  },
  order: undefined,
  frozen: false,
  internal: undefined,
};

function document(instances: readonly InstanceSnapshot[] | undefined): StatusDocument {
  return {
    version: "0.1.0",
    pid: 42,
    time: "2026-11-23T12:01:10Z",
    at: s(70),
    startedAt: 0,
    configFile: "/etc/keepalived/keepalived.conf",
    lastReload: { time: "2026-11-23T12:01:00Z", outcome: "refused", diagnostics: ["line 3: no"] },
    children: [
      { name: "vrrp", pid: 43, restarts: 1, upFor: s(60) },
      { name: "steward", pid: undefined, restarts: 0, upFor: 0 },
    ],
    bfd: undefined,
    pool: undefined,
    kernelRequests: undefined,
    orders: [],
    vrrp: instances === undefined ? undefined : ({ instances } as VrrpSnapshot),
    scripts: [
      {
        subject: "chk",
        command: ["/bin/chk", "-x"],
        lastExit: 1,
        lastSignal: undefined,
        lastDuration: s(0.002),
        running: false,
      },
    ],
    degraded: ["no realtime scheduling: a busy host may delay advertisements"],
    droppedEvents: 3,
  };
}

test("the whole table", () => {
  expect(renderStatus(document([instance]), view)).toEqual([
    "buoy 0.1.0, pid 42, up 1 min 10 s, /etc/keepalived/keepalived.conf",
    "last reload at 12:01:00.000: refused",
    "  line 3: no",
    "",
    "INSTANCE  STATE   FOR        PRIORITY       INTERFACE  VRID  MASTER",
    "VI_1      MASTER  1 min 0 s  98 (base 100)  eth0       51    this host",
    "    10.9.0.100/24  dev eth0  present",
    "    10.9.0.101/32  dev eth1  failed   not advertised, EPERM",
    "    degraded: master, but not all that belongs to it could be added",
    "    because priority 255 makes this router the address owner, which needs no election",
    "    2 packets were dropped: version (2)",
    "",
    "PROCESS  PID          UP         RESTARTS",
    "vrrp     43           1 min 0 s  1",
    "steward  not running  -          0",
    "",
    "SCRIPT  RESULT  TOOK  COMMAND",
    "chk     exit 1  2 ms  /bin/chk -x",
    "",
    "DEGRADED",
    "  - no realtime scheduling: a busy host may delay advertisements",
    "  - 3 events were dropped: the journal has gaps",
  ]);
});

test("without a vrrp process it says so", () => {
  expect(renderStatus(document(undefined), view)).toContain(
    "the VRRP process is not running or does not answer",
  );
  expect(renderStatus(document([]), view)).toContain("no VRRP instance is configured");
});

test("a backup names its master, and no line is wider than 100 columns", () => {
  const backup: InstanceSnapshot = {
    ...instance,
    name: "A_VERY_LONG_INSTANCE_NAME_THAT_GOES_ON_AND_ON",
    state: "BACKUP",
    masterAddress: "2001:db8:1234:5678:9abc:def0:1234:5678",
    faults: [`word `.repeat(60)],
  };
  const lines = renderStatus(document([backup]), view);
  expect(lines.join("\n")).toContain("2001:db8:1234:5678:9abc:def0:1234:5678 (99)");
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
});

test("colours change nothing but colours", () => {
  const esc = String.fromCharCode(27);
  const painted = renderStatus(document([instance]), { ...view, paint: ansiPaint });
  const bare = painted.map((line) => line.replaceAll(new RegExp(`${esc}\\[[0-9]+m`, "g"), "").trimEnd());
  expect(bare).toEqual(renderStatus(document([instance]), view));
  expect(painted.join("")).toContain(`${esc}[`);
});

describe("text helpers", () => {
  test("wrap keeps all words and the width", () => {
    expect(wrap("one two three", 9, "  ", "   ")).toEqual(["  one two", "   three"]);
    expect(wrap("incomprehensible", 5, "")).toEqual(["incomprehensible"]);
  });

  test("clip", () => {
    expect(clip("abcdef", 6)).toBe("abcdef");
    expect(clip("abcdefg", 6)).toBe("abc...");
  });

  test.each([
    [0, "0 s"],
    [59.9, "59 s"],
    [61, "1 min 1 s"],
    [7_500, "2 h 5 min"],
    [90_000, "1 d 1 h"],
  ])("an age of %d s", (span, text) => {
    expect(formatAge(s(span))).toBe(text);
  });
});

describe("the wall clock", () => {
  test("microseconds survive", () => {
    expect(parseWallClock("1970-01-01T00:00:01.000002Z")).toBe(1_000_002);
    expect(parseWallClock("1970-01-01T01:00:00+01:00")).toBe(0);
    expect(parseWallClock("yesterday")).toBeUndefined();
    expect(parseWallClock("1970-13-01T00:00:00Z")).toBeUndefined();
  });

  test("an instant is placed by the pair it came with", () => {
    expect(wallClockOf({ time: "1970-01-01T00:00:10Z", at: s(3) }, s(1))).toBe(s(8));
    expect(wallClockOf({ time: "", at: 0 }, 0)).toBeUndefined();
  });

  test("local time follows the zone", () => {
    const noon = parseWallClock("2026-11-23T12:00:00Z") ?? 0;
    const local = new Date(noon / 1000);
    const expected = [local.getHours(), local.getMinutes()]
      .map((part) => String(part).padStart(2, "0"))
      .join(":");
    expect(formatMoment(noon, { now: noon, zone: "local" })).toBe(`${expected}:00.000`);
  });
});

test("a sync group: its state, its cause, and whom it waits for", () => {
  const cause = [
    { kind: "group", group: "G1", member: "VI_2", at: s(10) },
    { kind: "interface", name: "eth1", up: true, reason: "", at: s(10) },
  ] as const;
  const group: GroupSnapshot = {
    name: "G1",
    state: "BACKUP",
    lastTransition: s(60),
    cause,
    members: ["VI_1", "VI_2"],
    willing: ["VI_1"],
    faulty: [],
  };
  const members = ["VI_1", "VI_2"].map((name) => ({ ...instance, name, state: "BACKUP" as const }));
  const shown = (groups: readonly GroupSnapshot[], instances: readonly InstanceSnapshot[]): string[] => {
    const whole = document(instances);
    const vrrp = { ...whole.vrrp, groups } as VrrpSnapshot;
    const lines = renderStatus({ ...whole, vrrp }, view);
    const first = lines.findIndex((line) => line.startsWith("SYNC GROUP"));
    return first < 0 ? [] : lines.slice(first, lines.indexOf("", first));
  };
  expect(shown([group], members)).toEqual([
    "SYNC GROUP  STATE   FOR   MEMBERS",
    "G1          BACKUP  10 s  VI_1, VI_2",
    "    because sync group G1 follows its member VI_2, because interface eth1 came up",
    "    VI_1 would be MASTER and waits for VI_2",
  ]);
  const mixed = members.map((member, index) =>
    index === 0 ? { ...member, state: "MASTER" as const } : member,
  );
  const joining = { ...group, cause: [], willing: [], faulty: ["VI_2"] };
  expect(shown([joining], mixed).slice(2)).toEqual([
    "    a reload has brought its members together, which are MASTER and BACKUP",
    "    fault of VI_2",
  ]);
  expect(shown([], members)).toEqual([]);
});
