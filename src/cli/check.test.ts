import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HostFacts } from "../model/model.ts";
import { type CheckFormat, registerCheck, runCheck } from "./check.ts";

const FACTS: HostFacts = {
  hostName: "director1",
  interfaces: [{ name: "eth0", index: 2, mac: undefined, mtu: 1500, up: true, running: true }],
  users: new Map(),
  groups: new Map(),
  self: { name: "root", uid: 0, gid: 0, groups: [] },
  scripts: new Map(),
  routingNames: undefined,
};

const GOOD =
  "vrrp_instance A {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress { 192.0.2.1/24 }\n}\n";

let directory = "";

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "buoy-check-"));
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function check(files: readonly string[], format: CheckFormat = "text") {
  return runCheck(files, { format, acceptNotYet: false, load: { facts: () => FACTS, seed: 1 } });
}

describe("runCheck", () => {
  test("says so when there is nothing to say", () => {
    const path = write("good.conf", GOOD);
    expect(check([path])).toEqual({
      exitCode: 0,
      output: `${path}: nothing to complain about; 1 instance\n`,
    });
    expect(check([path], "keepalived")).toEqual({ exitCode: 0, output: "" });
  });

  test("ends with 2 for a file that is not there, and names it", () => {
    const { exitCode, output } = check([join(directory, "gone.conf")]);
    expect(exitCode).toBe(2);
    expect(output).toContain("gone.conf");
  });

  test("ends with 2 for what cannot be read as a configuration", () => {
    const path = write("program.conf", GOOD);
    chmodSync(path, 0o755);
    expect(check([path]).exitCode).toBe(2);
    expect(check([directory]).exitCode).toBe(2);
  });

  test("points at the mistake with file, line, column, source line and caret", () => {
    const path = write("typo.conf", GOOD.replace("interface", "interfce"));
    const { exitCode, output } = check([path]);
    expect(exitCode).toBe(2);
    expect(output).toContain(`${path}:2:2: repair: unknown keyword 'interfce'`);
    expect(output).toContain("  2 |  interfce eth0\n    |  ^~~~~~~~\n");
    expect(output).toContain("did you mean 'interface'?");
    expect(output.trimEnd().split("\n").at(-1)).toBe(`${path}: 1 refusal, 1 repair; it would not start`);
  });

  test("gives each file its own report, and all of them in JSON", () => {
    const files = [write("good.conf", GOOD), write("bad.conf", GOOD.replace("1\n", "300\n"))];
    const { exitCode, output } = check(files, "json");
    expect(exitCode).toBe(2);
    expect(JSON.parse(output)).toMatchObject([
      { file: files[0], exitCode: 0, instances: ["A"], diagnostics: [] },
      {
        file: files[1],
        exitCode: 2,
        instances: null,
        diagnostics: [{ severity: "refusal" }, { severity: "repair" }],
      },
    ]);
  });

  test("selects lines by the configuration id", () => {
    const path = write("ids.conf", `@left ${GOOD.split("\n")[0]}\n${GOOD.split("\n").slice(1).join("\n")}`);
    const options = { format: "text", acceptNotYet: false, load: { facts: () => FACTS } } as const;
    expect(runCheck([path], { ...options, configId: "left" }).exitCode).toBe(0);
    expect(runCheck([path], { ...options, configId: "right" }).exitCode).not.toBe(0);
  });
});

describe("registerCheck", () => {
  test("takes files and options", () => {
    const program = new Command("buoy");
    registerCheck(program);
    const command = program.commands.find((one) => one.name() === "check");
    expect(command?.options.map((option) => option.long)).toEqual([
      "--format",
      "--accept-not-yet",
      "--config-id",
    ]);
    expect(() =>
      command
        ?.exitOverride()
        .configureOutput({ writeErr: () => undefined })
        .parse(["x", "y"]),
    ).toThrow();
  });
});
