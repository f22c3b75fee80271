import { expect, test } from "vitest";
import { defaultRuntimeDir, keepalivedRuntimeDir } from "./runtime-dir.ts";

const root = { uid: 0, environment: {} };

test("systemd's directory first, then root's, the session's, and one of this user", () => {
  expect(defaultRuntimeDir({ uid: 0, environment: { RUNTIME_DIRECTORY: "/run/a:/run/b" } })).toBe("/run/a");
  expect(defaultRuntimeDir({ uid: 0, environment: { XDG_RUNTIME_DIR: "/run/user/0" } })).toBe("/run/buoy");
  expect(defaultRuntimeDir({ uid: 7, environment: { XDG_RUNTIME_DIR: "/run/user/7" } })).toBe(
    "/run/user/7/buoy",
  );
  expect(defaultRuntimeDir({ uid: 7, environment: { RUNTIME_DIRECTORY: "" } })).toBe("/tmp/buoy-7");
});

test("keepalived daemons that differ in pid file or id do not share a directory", () => {
  const of = (pidFile: string | undefined, configId: string | undefined): string =>
    keepalivedRuntimeDir({ pidFile, configId }, root);
  expect(of(undefined, undefined)).toBe("/run/buoy");
  expect(of("/run/keepalived.pid", undefined)).toBe("/run/buoy");
  expect(of("/run/two.pid", undefined)).toBe("/run/two.buoy");
  expect(of("/run/two", "x")).toBe("/run/two.buoy");
  expect(of(undefined, "a/../b")).toBe("/run/buoy-a_.._b");
});
