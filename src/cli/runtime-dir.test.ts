import { expect, test } from "vitest";
import type { DaemonIdentity } from "../processes/identity.ts";
import { defaultRuntimeDir, keepalivedRuntimeDir, usualPidFile } from "./runtime-dir.ts";

const root = { uid: 0, environment: {} };

test("systemd's directory first, then root's, the session's, and one of this user", () => {
  expect(defaultRuntimeDir({ uid: 0, environment: { RUNTIME_DIRECTORY: "/run/a:/run/b" } })).toBe("/run/a");
  expect(defaultRuntimeDir({ uid: 0, environment: { XDG_RUNTIME_DIR: "/run/user/0" } })).toBe("/run/buoy");
  expect(defaultRuntimeDir({ uid: 7, environment: { XDG_RUNTIME_DIR: "/run/user/7" } })).toBe(
    "/run/user/7/buoy",
  );
  expect(defaultRuntimeDir({ uid: 7, environment: { RUNTIME_DIRECTORY: "" } })).toBe("/tmp/buoy-7");
});

const nameless = { namespace: undefined, instance: undefined };

test("keepalived daemons that differ in pid file, id, namespace or instance do not share a directory", () => {
  const of = (pidFile: string | undefined, configId: string | undefined, names = {}): string =>
    keepalivedRuntimeDir({ pidFile, configId, ...nameless, ...names }, root);
  expect(of(undefined, undefined)).toBe("/run/buoy");
  expect(of("/run/keepalived.pid", undefined)).toBe("/run/buoy");
  expect(of("/run/two.pid", undefined)).toBe("/run/two.buoy");
  expect(of("/run/two", "x")).toBe("/run/two.buoy");
  expect(of(undefined, "a/../b")).toBe("/run/buoy-a_.._b");
  expect(of(undefined, undefined, { namespace: "blue" })).toBe("/run/buoy-blue");
  expect(of(undefined, "x", { namespace: "blue", instance: "one" })).toBe("/run/buoy-x-blue-one");
});

test("pid files lie where keepalived has them", () => {
  const of = (names: Partial<DaemonIdentity>): string =>
    usualPidFile("vrrp", "/run", { ...nameless, pidDirectory: false, ...names });
  expect(of({})).toBe("/run/vrrp.pid");
  expect(of({ pidDirectory: true })).toBe("/run/keepalived/vrrp.pid");
  expect(of({ instance: "one" })).toBe("/run/keepalived/vrrp_one.pid");
  expect(of({ namespace: "blue" })).toBe("/run/keepalived/blue/vrrp.pid");
  expect(of({ namespace: "blue", instance: "../x" })).toBe("/run/keepalived/blue/vrrp_.._x.pid");
});
