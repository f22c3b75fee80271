/** `buoy lab` as root, as an ordinary user, and interrupted in the middle; nothing may be left of it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../support/wait.ts";
import { processesOf } from "./daemon.ts";

const CHECKOUT = fileURLToPath(new URL("../../", import.meta.url));
const { packages } = JSON.parse(readFileSync(join(CHECKOUT, "package-lock.json"), "utf8")) as {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
};
/** What runs, and what the packages that it depends on depend on. */
const PARTS = [
  "bin",
  "dist",
  "examples",
  "package.json",
  "build/buoy.node",
  ...Object.keys(packages).filter((path) => path !== "" && packages[path]?.dev !== true),
];
const NOBODY = 65_534;

/** A copy that everybody may read, and by whose path its processes are told from all others. */
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(realpathSync(tmpdir()), "buoy-lab-test-"));
  for (const part of PARTS) cpSync(join(CHECKOUT, part), join(copy, part), { recursive: true });
  mkdirSync(join(copy, "tmp"));
  chmodSync(join(copy, "tmp"), 0o1777);
  chmodSync(copy, 0o755);
});

afterAll(() => {
  rmSync(copy, { recursive: true });
});

class Lab {
  readonly process: ChildProcess;
  output = "";

  constructor(words: readonly string[] = [], uid = 0) {
    const command = [process.execPath, join(copy, "bin", "buoy"), "lab", ...words];
    const user = ["--reuid", `${uid}`, "--regid", `${uid}`, "--clear-groups"];
    // In a group of its own, as a shell would put it.
    this.process = spawn("setpriv", [...user, ...command], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      cwd: "/",
      env: { ...process.env, TMPDIR: join(copy, "tmp") },
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
  }

  async end(): Promise<number | null> {
    await once(this.process, "close");
    return this.process.exitCode;
  }
}

/** Everything of the lab hangs from its processes: its own by the copy's path, nginx by its configuration. */
async function nothingLeft(): Promise<void> {
  const left = (): readonly string[] =>
    [copy, "/run/keepalived/nginx.conf", "/run/nginx.conf"].flatMap((text) =>
      processesOf(text).map(({ pid, command }) => `${pid} ${command.join(" ")}`),
    );
  await waitFor("nothing to be left", () => left().length === 0, {
    within: 5_000,
    detail: () => left().join("\n"),
  });
  expect(readdirSync(join(copy, "tmp"))).toEqual([]);
}

function outageSeconds(output: string): number {
  return Number(/outage seen by the client:\s+([\d.]+) s/.exec(output)?.[1]);
}

test("as root it shows a takeover in time and leaves nothing", async () => {
  const started = Date.now();
  const lab = new Lab();
  const code = await lab.end();
  expect(code, lab.output).toBe(0);
  expect(lab.output).toContain("the takeover was in time");
  expect(lab.output).toMatch(/VI_WEB became MASTER .* no advertisement accepted from 10\.7\.0\.1/);
  expect(lab.output).toMatch(/GET \/ answers "web[12]" through director2/);
  // Between Master_Down_Interval less one interval, and the lab's own bound.
  expect(outageSeconds(lab.output)).toBeGreaterThan(2.5);
  expect(outageSeconds(lab.output)).toBeLessThan(4.2);
  expect(Date.now() - started).toBeLessThan(30_000);
  await nothingLeft();
});

test("as an ordinary user it does the same with stand-ins, and says so", async () => {
  const lab = new Lab([], NOBODY);
  const code = await lab.end();
  expect(code, lab.output).toBe(0);
  expect(lab.output).toContain("stand-ins of Node play nginx (an ordinary user has one uid");
  expect(lab.output).toContain("the takeover was in time");
  await nothingLeft();
});

test("as an ordinary user the director's play keeps every promise", async () => {
  const lab = new Lab(["--director"], NOBODY);
  const code = await lab.end();
  expect(code, lab.output).toBe(0);
  expect(lab.output).toContain("everything was as promised");
  expect(lab.output).toContain("services are kept by");
  expect(lab.output).toMatch(
    /director1 +web2 left the pool: HTTP_GET \/ connection refused two times in a row/,
  );
  expect(lab.output).toContain("the sorry server answers: no server is left");
  expect(lab.output).toMatch(/VI_WEB became MASTER .* no advertisement accepted from 10\.7\.0\.1/);
  // What was lost is told: a play without a failed page would have looked at nothing.
  expect(lab.output).toMatch(/web2 dies +\d+ +[1-9]\d\.\d % .* [1-9]\d* within/);
  expect(lab.output).not.toContain("BROKEN");
  await nothingLeft();
});

async function underWay(lab: Lab): Promise<void> {
  await waitFor("the lab to be under way", () => lab.output.includes("INIT -> BACKUP"), {
    within: 15_000,
    detail: () => lab.output,
  });
}

test.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)("%s in the middle ends all of it", async (signal) => {
  const lab = new Lab(["--no-nginx"]);
  await underWay(lab);
  lab.process.kill(signal);
  const code = await lab.end();
  if (signal !== "SIGKILL") expect(code).toBe(130);
  await nothingLeft();
});

test("Ctrl-C, which reaches every process of the group, ends all of it", async () => {
  const lab = new Lab(["--no-nginx"]);
  await underWay(lab);
  process.kill(-(lab.process.pid ?? 0), "SIGINT");
  expect(await lab.end()).toBe(130);
  // Whoever would say so may have been interrupted as well: what counts is that nothing is left.
  await nothingLeft();
});
