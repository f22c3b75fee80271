import { describe, expect, it } from "vitest";
import type { DirectorCause } from "../director/cause.ts";
import type { DirectorEvent, DirectorEventDetail } from "../director/event.ts";
import { directorLines } from "./director-log.ts";
import { explainDirector, isAbout, isCalled } from "./director-text.ts";
import { whyEntries } from "./why-entries.ts";

const VS = "[10.0.0.1]:tcp:80";
const RS = "[10.0.1.1]:tcp:80";
const names = { virtualServer: VS, realServer: RS } as const;
const refused: DirectorCause = [
  {
    at: 1,
    kind: "check",
    check: "HTTP_GET /",
    ok: false,
    detail: "answered 503",
    excerpt: "under repair",
    times: 3,
  },
];

function event(detail: DirectorEventDetail): DirectorEvent {
  return { at: 1, ...detail } as DirectorEvent;
}

const lines = (detail: DirectorEventDetail): readonly string[] =>
  directorLines(event(detail))
    .map(({ text }) => text)
    .filter((text) => !text.startsWith("reason: "));

const server = (up: boolean, inhibited: boolean, cause: DirectorCause = []): DirectorEventDetail => ({
  kind: "ServerChanged",
  ...names,
  up,
  weight: 1,
  inhibited,
  cause,
});

describe("keepalived's log lines (the strings of 2.2.7)", () => {
  it("of servers", () => {
    expect(lines(server(true, false))).toEqual([`Adding service ${RS} to VS ${VS}`]);
    expect(lines(server(false, false))).toEqual([`Removing service ${RS} from VS ${VS}`]);
    expect(lines(server(true, true))).toEqual([`Enabling service ${RS} of VS ${VS}`]);
    expect(lines(server(false, true))).toEqual([`Disabling service ${RS} of VS ${VS}`]);
  });

  it("of checks that rest while the address is elsewhere (ha_suspend)", () => {
    const told = (suspended: boolean, starting: boolean): readonly string[] =>
      lines({ kind: "Suspended", virtualServer: VS, suspended, starting, checked: [RS, RS] });
    const line = (verb: string): string => `${verb} healthchecker for service ${RS} for VS ${VS}`;
    expect(told(true, false)).toEqual([line("Suspending"), line("Suspending")]);
    expect(told(false, false)).toEqual([line("Activating"), line("Activating")]);
    expect(told(true, true)).toEqual([line("Deactivating"), line("Deactivating")]);
  });

  it("of servers that go with the configuration or the daemon, inhibited or not", () => {
    const removed: DirectorCause = [{ at: 1, kind: "configured", what: "a reload removed it" }];
    const stopped: DirectorCause = [{ at: 1, kind: "stop-requested", by: "SIGTERM" }];
    for (const inhibited of [false, true]) {
      expect(lines(server(false, inhibited, removed))).toEqual([`Removing service ${RS} from VS ${VS}`]);
      expect(lines(server(false, inhibited, stopped))).toEqual([`Shutting down service ${RS} from VS ${VS}`]);
    }
  });

  it.each([
    [true, true, 3, "Gained quorum 2+1=3 <= 3"],
    [true, false, 3, "Gained quorum 2+1=3 <= 3"],
    [false, true, 0, "Starting with quorum down 2-1=1 > 0"],
    [false, false, 0, "Lost quorum 2-1=1 > 0"],
  ])("of a quorum: up %s, at the start %s", (up, starting, weight, text) => {
    const detail = { kind: "QuorumChanged", virtualServer: VS, quorum: 2, hysteresis: 1, cause: [] } as const;
    expect(lines({ ...detail, up, starting, weight })).toEqual([`${text} for VS ${VS}`]);
  });

  it("of weights", () => {
    const detail = { kind: "WeightChanged", ...names, from: 1, to: 5, cause: [] } as const;
    expect(lines({ ...detail, up: true })).toEqual([
      `Changing weight from 1 to 5 for active service ${RS} of VS ${VS}`,
    ]);
    expect(lines({ ...detail, up: false })).toEqual([
      `Changing weight from 1 to 5 for inactive service ${RS} of VS ${VS}`,
    ]);
  });

  it.each([
    [true, false, "Adding", "to", "Removing alive servers from"],
    [false, false, "Removing", "from", "Adding alive servers to"],
    [true, true, "Enabling", "to", "Removing alive servers from"],
    [false, true, "Disabling", "from", "Adding alive servers to"],
  ])("of a sorry server: in use %s, inhibited %s", (inUse, inhibited, verb, link, pool) => {
    expect(lines({ kind: "SorryServer", virtualServer: VS, sorryServer: RS, inUse, inhibited })).toEqual([
      `${verb} sorry server ${RS} ${link} VS ${VS}`,
      `${pool} the pool for VS ${VS}`,
    ]);
  });
});

describe("why", () => {
  const down = event(server(false, false, refused));
  const blocked = event({
    kind: "ChecksBlocked",
    check: "TCP_CHECK of [10.0.1.1]:80",
    reason: "too many open files on this host",
    virtualServer: "",
    realServer: "",
  });

  it("says what the check found, how often, and what the server sent", () => {
    expect(explainDirector(down, () => "12:00:03").join("\n")).toBe(
      `${RS} left the pool of ${VS} at 12:00:03: HTTP_GET / answered 503 three times in a row; the last answer began with "under repair"`,
    );
  });

  it("finds servers by any of their names, and checks by what they ask", () => {
    for (const name of ["10.0.1.1", "10.0.1.1:80", "[10.0.1.1]:80", RS]) {
      expect(isAbout(down, name)).toBe(true);
      expect(isAbout(blocked, name)).toBe(true);
    }
    for (const name of ["10.0.1.2", "10.0.1.1:81", ""]) expect(isAbout(blocked, name)).toBe(name === "");
  });

  it.each([
    ["[WEB]:0", ["[WEB]:0", "WEB", "[WEB]"]],
    ["FWM 3", ["FWM 3", "fwmark 3", "3"]],
    ["[2001:db8::1]:udp:53", ["2001:db8::1", "[2001:db8::1]:53", "[2001:db8::1]:53/udp"]],
  ])("finds %s by the names that pool takes", (known, names) => {
    for (const name of names) expect(isCalled(known, name)).toBe(true);
    for (const name of ["", "0", "33", "WE", "undefined", "2001:db8::"])
      expect(isCalled(known, name)).toBe(false);
  });

  it("tells of checks that this host could not run", () => {
    const entries = [down, blocked].map((one) => ({
      time: "2026-11-23T12:00:00.000000Z",
      at: one.at,
      event: { source: "director", event: one } as const,
    }));
    expect(whyEntries(entries, "10.0.1.1", 1)).toHaveLength(2);
  });
});
