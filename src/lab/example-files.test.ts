import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadExample } from "../../test/support/example.ts";
import { CONFIG_DIR, labConfig, labDirectorNginx, labNotifyConf, labWebNginx } from "./example-files.ts";
import { DIRECTOR_1, INSTANCE, VIRTUAL_ADDRESS, WEB_1 } from "./plan.ts";

const example = (name: string): string =>
  readFileSync(new URL(`../../examples/nginx-ha/${name}`, import.meta.url), "utf8");

test("the lab's configuration is the example's in another folder; a user namespace has no script security", () => {
  const text = example("director1/keepalived.conf");
  expect(labConfig(text, false).replaceAll(CONFIG_DIR, "/etc/keepalived")).toBe(text);
  expect(labConfig(text, true)).not.toContain("enable_script_security");
  expect(labConfig(text, true)).toContain("script_user root");
});

test.each([
  ["director1", 100],
  ["director2", 99],
])("%s is what the lab and the walk-through say", (name, priority) => {
  const { model, diagnostics } = loadExample("nginx-ha", name);
  expect(diagnostics).toEqual([]);
  expect(model?.vrrp.instances).toMatchObject([
    {
      name: INSTANCE,
      priority,
      virtualRouterId: 7,
      interface: "eth0",
      version: 2,
      authentication: { kind: "pass", password: "nginx-ha" },
      virtualAddresses: [{ address: VIRTUAL_ADDRESS, prefixLength: 24, interface: "eth0" }],
      trackScripts: [{ name: "in_service", weight: -2 }],
    },
  ]);
});

test("notify.sh starts the web on the master, stops it elsewhere, and mails", () => {
  const folder = mkdtempSync(join(tmpdir(), "buoy-notify-"));
  try {
    writeFileSync(join(folder, "notify.sh"), example("notify.sh"));
    const settings = ["start_web() { echo start >>$dir/calls; }", "stop_web() { echo stop >>$dir/calls; }"];
    const mail = ["send_mail() { cat >>$dir/mail; }", "say() { :; }", "mail_to=ops"];
    writeFileSync(join(folder, "notify.conf"), `dir='${folder}'\n${[...settings, ...mail].join("\n")}\n`);
    for (const state of ["BACKUP", "MASTER", "FAULT", "STOP", "DELETED"]) {
      execFileSync("sh", [join(folder, "notify.sh"), "INSTANCE", "VI_WEB", state, "100"]);
    }
    expect(readFileSync(join(folder, "calls"), "utf8")).toBe("stop\nstart\nstop\nstop\n");
    const mails = readFileSync(join(folder, "mail"), "utf8");
    expect(mails.match(/^Subject: .*$/gm)).toHaveLength(4);
    expect(mails).toContain("To: ops\n");
    expect(mails).toContain("VI_WEB is MASTER, nginx runs here");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a failed start is told, and the script fails", () => {
  const folder = mkdtempSync(join(tmpdir(), "buoy-notify-"));
  try {
    writeFileSync(join(folder, "notify.sh"), example("notify.sh"));
    writeFileSync(
      join(folder, "notify.conf"),
      `start_web() { false; }\nsend_mail() { cat >'${folder}/mail'; }\nsay() { :; }\n`,
    );
    const run = (): Buffer =>
      execFileSync("sh", [join(folder, "notify.sh"), "INSTANCE", "VI_WEB", "MASTER", "100"]);
    expect(run).toThrow(/Command failed/);
    expect(readFileSync(join(folder, "mail"), "utf8")).toContain("did NOT start");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what the lab writes for sh is sh, also with quotes in a path", () => {
  for (const nginx of [true, false]) {
    const text = labNotifyConf({ nginx, standIn: ["/it's here/node", "a b"] });
    execFileSync("sh", ["-n"], { input: text });
  }
  expect(labNotifyConf({ nginx: false, standIn: ["/it's"] })).toContain("'/it'\\''s'");
});

test("nginx's files name their host", () => {
  expect(labDirectorNginx(example("nginx-site.conf"), DIRECTOR_1)).toContain("X-Director director1");
  expect(labWebNginx(WEB_1)).toContain('"web1\\n"');
});
