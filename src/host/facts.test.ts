import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findInsecureElement, gatherFacts, inspectScript, listInterfaces } from "./facts.ts";

let directory = "";

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), "buoy-facts-")));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function script(name: string, text: string, mode = 0o755): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe("listInterfaces", () => {
  test("knows the loopback interface", () => {
    const loopback = listInterfaces().find((one) => one.name === "lo");
    expect(loopback).toMatchObject({ index: 1 });
    expect(loopback?.mtu).toBeGreaterThan(1000);
  });
});

describe("inspectScript", () => {
  test("tells scripts with and without interpreter line, and binaries", () => {
    expect(inspectScript(script("a", "#!/bin/sh\n")).hasInterpreter).toBe(true);
    expect(inspectScript(script("b", "exit 0\n")).hasInterpreter).toBe(false);
    expect(inspectScript("/bin/sh").hasInterpreter).toBe(true);
  });

  test("sees what cannot be run", () => {
    expect(inspectScript(script("c", "#!/bin/sh\n", 0o644))).toMatchObject({
      regular: true,
      executable: false,
    });
    expect(inspectScript(directory)).toMatchObject({ regular: false });
    expect(inspectScript(join(directory, "none")).resolved).toBeUndefined();
    expect(inspectScript(join(script("d", ""), "below")).resolved).toBeUndefined();
  });

  test("searches PATH for a name without slash", () => {
    expect(inspectScript("sh").resolved).toBe(realpathSync("/bin/sh"));
    expect(inspectScript("no-such-program-anywhere").resolved).toBeUndefined();
  });
});

describe("findInsecureElement", () => {
  test("names the element and the reason", () => {
    const path = script("open", "#!/bin/sh\n", 0o757);
    expect(findInsecureElement(path)).toEqual({ element: path, reason: "is writable by everybody" });
  });

  test("looks at directories on the way", () => {
    const inner = join(directory, "inner");
    mkdirSync(inner);
    chmodSync(inner, 0o777);
    writeFileSync(join(inner, "x"), "");
    expect(findInsecureElement(join(inner, "x"))?.element).toBe(inner);
    chmodSync(inner, 0o1777);
    expect(findInsecureElement(join(inner, "x"))).toBeUndefined();
  });

  test("follows links and looks at where they lead", () => {
    const target = script("target", "#!/bin/sh\n", 0o757);
    const link = join(directory, "link");
    symlinkSync(target, link);
    expect(findInsecureElement(link)?.element).toBe(target);
    chmodSync(target, 0o755);
    expect(findInsecureElement(link)).toBeUndefined();
  });
});

describe("gatherFacts", () => {
  test("answers for wanted names only", () => {
    const facts = gatherFacts({
      users: new Set(["root", "no-such-user-anywhere"]),
      groups: new Set(["root"]),
      scripts: new Set(["/bin/sh"]),
      routing: undefined,
      keyFiles: new Set(["/nonexistent/key"]),
      tlsFiles: new Set(["/etc/passwd", "/nonexistent/ca.pem"]),
      ipvs: false,
    });
    expect([...(facts.users ?? [])]).toEqual([
      ["root", { name: "root", uid: 0, gid: 0, groups: expect.any(Array) }],
    ]);
    expect(facts.groups?.get("root")).toBe(0);
    expect(facts.scripts?.get("/bin/sh")).toMatchObject({ regular: true, executable: true });
    expect(facts.unreadable).toEqual(new Map([["/nonexistent/ca.pem", "ENOENT"]]));
    expect(facts.keyFiles?.get("/nonexistent/key")).toEqual({
      hex: undefined,
      error: "ENOENT",
      exposed: false,
    });
    expect(facts.self.uid).toBe(process.geteuid?.());
  });
});
