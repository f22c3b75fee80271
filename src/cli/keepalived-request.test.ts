import { describe, expect, test } from "vitest";
import { type KeepalivedSettings, readCommandLine } from "./keepalived-request.ts";

function settings(...words: string[]): KeepalivedSettings {
  const request = readCommandLine(words);
  if (request.kind !== "run") throw new Error(`a ${request.kind} request`);
  return request.settings;
}

function warnings(...words: string[]): readonly string[] {
  const request = readCommandLine(words);
  return request.kind === "run" || request.kind === "config-test" ? request.warnings : [];
}

test("nothing means the background, syslog and the usual file", () => {
  expect(settings()).toEqual({
    file: "/etc/keepalived/keepalived.conf",
    foreground: false,
    logConsole: false,
    syslogFacility: "daemon",
    logDetail: 0,
    umask: undefined,
    pidFile: undefined,
    vrrpPidFile: undefined,
    checkersPidFile: undefined,
    bfdPidFile: undefined,
    configId: undefined,
    namespace: undefined,
    allConfig: false,
    coreDump: false,
    releaseOnStop: true,
    respawn: true,
    releaseServices: true,
    runVrrp: true,
    runCheckers: true,
    dumpConfiguration: false,
  });
});

test("every option that does something, in one line", () => {
  const line = "-nlDDdVRem -s g -f a -p b -r c -c d -b e -i f -u 022 -P -C -X";
  expect(settings(...line.split(" "))).toEqual({
    file: "a",
    foreground: true,
    logConsole: true,
    syslogFacility: undefined,
    logDetail: 2,
    umask: 0o22,
    pidFile: "b",
    vrrpPidFile: "c",
    checkersPidFile: "d",
    bfdPidFile: "e",
    configId: "f",
    namespace: "g",
    allConfig: true,
    coreDump: true,
    releaseOnStop: false,
    respawn: false,
    releaseServices: true,
    runVrrp: true,
    runCheckers: true,
    dumpConfiguration: true,
  });
});

test("-C alone runs no VRRP", () => {
  expect(settings("-C").runVrrp).toBe(false);
  expect(settings("-P").runVrrp).toBe(true);
  expect(settings("-P").runCheckers).toBe(false);
  expect(settings("-C").runCheckers).toBe(true);
  expect(settings("-I").releaseServices).toBe(false);
});

describe("the facility", () => {
  test.each([
    ["3", "local3"],
    ["local7", "local7"],
    ["user", "user"],
    ["daemon", "daemon"],
  ])("%s", (word, facility) => {
    expect(settings("-S", word).syslogFacility).toBe(facility);
    expect(warnings("-S", word)).toEqual([]);
  });

  test("a wrong one is reported, and daemon is used", () => {
    expect(settings("-S", "9").syslogFacility).toBe("daemon");
    expect(warnings("-S", "9")).toEqual(["Invalid log facility '9'"]);
  });

  test("-G silences syslog", () => {
    expect(settings("-G").syslogFacility).toBeUndefined();
  });
});

test.each([
  ["022", 0o22],
  ["18", 18],
  ["0x1f", 31],
  ["0", 0],
])("umask %s", (text, mask) => {
  expect(settings("-u", text).umask).toBe(mask);
});

test.each(["999", "8x", "09", "-1", ""])("umask %j is reported and not used", (text) => {
  expect(settings("-u", text).umask).toBeUndefined();
  expect(warnings("-u", text)).toEqual([`Invalid --umask option ${text}`]);
});

test("an option without effect is named once, however often it is given", () => {
  expect(warnings("-x", "-x", "--snmp", "-A", "unix:/x")).toEqual([
    "option --snmp has no effect: there is no SNMP agent",
    "option --snmp-agent-socket has no effect: there is no SNMP agent",
  ]);
});

test("unexpected words are reported, and the rest is obeyed", () => {
  expect(warnings("-n", "one", "two")).toEqual(["Unexpected argument(s): one two"]);
  expect(settings("-n", "one").foreground).toBe(true);
});

test("a namespace, -e and -m are kept", () => {
  expect(settings("-s", "blue", "-e", "-m")).toMatchObject({
    namespace: "blue",
    allConfig: true,
    coreDump: true,
  });
  expect(settings("-n")).toMatchObject({ namespace: undefined, allConfig: false, coreDump: false });
});

test("-t keeps its log file and its configuration file", () => {
  expect(readCommandLine(["-tlog", "-f", "x"])).toMatchObject({
    kind: "config-test",
    logFile: "log",
    settings: { file: "x" },
  });
});

test.each([
  [["-v", "-n"], { kind: "version" }],
  [["-n", "-h"], { kind: "help" }],
  [["--signum", "JSON"], { kind: "signum", name: "JSON" }],
  [["-Z"], { kind: "bad-usage", message: "Unknown option -Z" }],
])("%j", (words, expected) => {
  expect(readCommandLine(words)).toMatchObject(expected);
});

test("-T in front: the rest is genhash's; elsewhere it is a mistake", () => {
  const words = ["-s", "10.0.0.1", "-p", "80", "-u", "/"];
  expect(readCommandLine(["-T", ...words])).toEqual({ kind: "genhash", words });
  expect(readCommandLine(["--genhash", ...words])).toEqual({ kind: "genhash", words });
  expect(readCommandLine(["-n", "-T"])).toMatchObject({ kind: "bad-usage" });
});
