import { expect, it } from "vitest";
import { directorModel, realServer, tcpCheck, virtualServer } from "../../sim/director/models.ts";
import { BAD, DirectorDriver, GOOD } from "../../test/support/director-driver.ts";
import { checkStateText } from "../observe/dump/check-state-text.ts";
import { poolDump } from "./pool-dump.ts";

const PLANE = { name: "IPVS 1.2.1", why: "the kernel has it" };

function dumpOf(driver: DirectorDriver): string {
  const director = driver.engine.snapshot(driver.now);
  const dump = poolDump({ director, plane: PLANE, timeoutsFound: undefined });
  if (dump === undefined) throw new Error("nothing is dumped");
  return checkStateText(dump, [], (at) => at);
}

/** Lines about the server with this address. */
function serverLines(text: string, address: string): readonly string[] {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`   RIP = ${address},`));
  const length = lines.slice(from + 1).findIndex((line) => line.includes("------<"));
  return lines.slice(from, from + 1 + length);
}

const servers = [
  realServer(1, { weight: 3 }),
  realServer(2, { inhibitOnFailure: true }),
  realServer(3, { checks: [tcpCheck(3), tcpCheck(30)] }),
];

function started(): DirectorDriver {
  const driver = new DirectorDriver();
  driver.outcome = (check) => (check.includes("10.0.1.1]") ? GOOD : BAD);
  const sorry = { address: "10.0.9.9", port: 80, forwarding: { method: "nat" }, inhibit: true } as const;
  driver.configure(directorModel([virtualServer(servers, { sorryServer: sorry })]));
  driver.pass(0);
  return driver;
}

it("says of each server whether it lives, is in the table, and how many of its checks fail", () => {
  const text = dumpOf(started());
  const told = (address: string): readonly string[] =>
    serverLines(text, address).filter((line) => /RIP|alive|failed checkers|RS set/.test(line));
  expect(told("10.0.1.1")).toEqual([
    "   RIP = 10.0.1.1, RPORT = 80, WEIGHT = 3 EFF WEIGHT = 3",
    "   alive = 1",
    "   num failed checkers = 0",
    "   RS set = 1",
  ]);
  expect(told("10.0.1.2").slice(1)).toEqual(["   alive = 0", "   num failed checkers = 1", "   RS set = 1"]);
  expect(told("10.0.1.3").slice(1)).toEqual(["   alive = 0", "   num failed checkers = 2", "   RS set = 0"]);
});

it("says of each service how it stands, and of the plane which it is", () => {
  const lines = dumpOf(started()).split("\n");
  expect(lines).toContain(" System is compiled with LVS v1.2.1");
  const from = lines.indexOf(" VS VIP = 10.0.0.1, VPORT = 80");
  expect(lines.slice(from, lines.indexOf("   ------< Real server >------"))).toEqual([
    " VS VIP = 10.0.0.1, VPORT = 80",
    "   Address family = inet",
    "   lvs_sched = wlc",
    "   flag-1 = disabled",
    "   flag-2 = disabled",
    "   flag-3 = disabled",
    "   One packet scheduling = disabled",
    "   protocol = TCP",
    "   alpha is OFF",
    "   omega is OFF",
    "   quorum = 1, hysteresis = 0",
    "   Using smtp notification = no",
    "   sorry server = [10.0.9.9]:tcp:80",
    "     forwarding method = NAT",
    "     Inhibit on failure is ON",
    "   alive = 1",
    "   quorum_state_up = 1",
  ]);
});

it("says of each check what it found, once for every server that it stands for", () => {
  const lines = dumpOf(started()).split("\n");
  const at = (name: string): number => lines.indexOf(` [10.0.0.1]:tcp:80 -> ${name}`);
  const [good, bad] = [at("[10.0.1.1]:tcp:80"), at("[10.0.1.2]:tcp:80")];
  expect(lines.slice(good, good + 4)).toEqual([
    " [10.0.0.1]:tcp:80 -> [10.0.1.1]:tcp:80",
    "   Enabled = yes",
    "   Up = yes",
    "   Has run = yes",
  ]);
  expect(lines.slice(bad + 2, bad + 3)).toEqual(["   Up = no"]);
  expect(lines.filter((line) => line.includes("-> [10.0.1.3]:tcp:80"))).toHaveLength(2);
});

it("masks the password of the key", () => {
  const tls = { password: "hush", authorities: "/a", certificate: undefined, key: "/k" };
  const driver = new DirectorDriver();
  driver.configure(directorModel([virtualServer([realServer(1)])], { tls }));
  const text = dumpOf(driver);
  expect(text).toContain(" Password : ********\n CA-file : /a\n Key file : /k\n");
  expect(text).not.toContain("hush");
});
