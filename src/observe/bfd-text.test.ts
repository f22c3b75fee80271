import { describe, expect, test } from "vitest";
import { BfdLink } from "../../test/support/bfd-link.ts";
import { seconds } from "../base/time.ts";
import type { BfdEvent, BfdEventDetail } from "../bfd/event.ts";
import { explain, journalLine } from "./explain.ts";
import type { JournalEntry } from "./journal-entry.ts";
import { logLine } from "./log-line.ts";
import { renderStatus } from "./status.ts";
import type { StatusDocument } from "./status-document.ts";
import { plainPaint } from "./style.ts";

const TIME = "2026-11-23T12:00:00Z";
const READER = { now: Date.parse(TIME) * 1000, zone: "utc" } as const;

function entry(detail: BfdEventDetail, session?: string): JournalEntry {
  const event: BfdEvent = { at: 0, session, ...detail };
  return { time: TIME, at: 0, event: { source: "bfd", event } };
}

const EXPIRED = entry(
  {
    kind: "StateChanged",
    from: "Up",
    to: "Down",
    diagnostic: 1,
    remoteDiagnostic: 0,
    reason: { kind: "detection-time", interval: 300_000, lastHeard: -300_000 },
  },
  "peer",
);

describe("a BFD session", () => {
  test("is logged in keepalived's words", () => {
    expect(logLine(EXPIRED).map(({ ident, text }) => `${ident}: ${text}`)).toEqual([
      "Keepalived_bfd: (peer) Expired after 300 ms",
      "Keepalived_bfd: (peer) Entering Down state (Local diagnostic - Control Detection Time Expired, Remote diagnostic - No Diagnostic)",
    ]);
    const up = entry(
      {
        kind: "StateChanged",
        from: "Init",
        to: "Up",
        diagnostic: 0,
        remoteDiagnostic: 0,
        reason: { kind: "packet", from: "10.9.0.2", remoteState: "Up", remoteDiagnostic: 0 },
      },
      "peer",
    );
    expect(logLine(up).map(({ text }) => text)).toEqual(["(peer) Entering Up state"]);
    const stranger = entry({
      kind: "PacketDropped",
      reason: "unknown-neighbour",
      source: "10.9.0.3",
      suppressed: 0,
    });
    expect(logLine(stranger)).toMatchObject([
      { detail: true, text: "Discarding packet from 10.9.0.3: no bfd_instance has this neighbor_ip" },
    ]);
  });

  test("is explained with what it last heard", () => {
    expect(explain(EXPIRED, READER)).toEqual([
      "session peer went from Up to Down: the neighbour was silent for 300 ms, last heard 11:59:59.700, at 12:00:00.000",
    ]);
    const agreed = entry({ kind: "TimersAgreed", transmitInterval: 50_000, detectionTime: 150_000 }, "peer");
    expect(journalLine(agreed, READER)).toBe(
      "12:00:00.000 bfd session peer sends every 50 ms and notices silence after 150 ms",
    );
  });

  test("stands in the status with its timers and its reason", () => {
    const link = new BfdLink();
    link.configure(0);
    link.configure(1);
    link.runFor(seconds(5));
    const document = {
      version: "1",
      pid: 1,
      time: TIME,
      at: link.now,
      startedAt: 0,
      configFile: "f",
      children: [],
      scripts: [],
      degraded: [],
      droppedEvents: 0,
      orders: [],
      bfd: link.ends[0].engine.snapshot(link.now),
    } as unknown as StatusDocument;
    const lines = renderStatus(document, { paint: plainPaint, zone: "utc", width: 100 });
    expect(lines.find((line) => line.startsWith("peer"))).toMatch(
      /^peer +Up +\d s +10\.9\.0\.2 +50 ms +150 ms$/,
    );
    expect(lines).toContain("    because 10.9.0.2 says Init");
  });
});
