/**
 * Thousands of HTTP checks: whether they begin at their time, and what each costs, beside keepalived. The web server is the
 * witness: it writes down when it was asked under which address. Both daemons wait `delay_loop` from the end of a run, so
 * that what is beyond that between two requests is how late the second came, and what the first took.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Director, type DirectorKind } from "../test/support/director.ts";
import { type Host, Lan } from "../test/support/lan.ts";
import { processorTimeBelow } from "../test/support/processor-time.ts";
import { startServerFarm } from "../test/support/server-farm.ts";
import { pause, waitFor } from "../test/support/wait.ts";
import { directorFile } from "./director-file.ts";
import { percentile, table, writeSection } from "./results.ts";

const scale = Number(process.env.BUOY_BENCH_SCALE ?? "1");
const CHECKS = 10_000;
const DELAY_LOOP = 10;
/** Seconds of watching. */
const WATCH = Math.ceil(2 * DELAY_LOOP + 25 * scale);
const STAND_IN = fileURLToPath(new URL("./ipvs-stand-in.c", import.meta.url));

interface Measured {
  /** Milliseconds beyond `delay_loop` between two requests. */
  readonly late: readonly number[];
  readonly runs: number;
  /** Milliseconds of processor time of all processes. */
  readonly spent: number;
}

test("10,000 HTTP checks", async () => {
  const buoy = await measure("buoy");
  const keepalived = await measure("keepalived");
  const cost = ({ spent, runs }: Measured): number => (1000 * spent) / runs;
  const row = (name: string, measured: Measured): readonly string[] => [
    name,
    String(measured.runs),
    ...[0.5, 0.99, 1].map((share) => percentile(measured.late, share).toFixed(0)),
    cost(measured).toFixed(0),
    (cost(measured) / cost(keepalived)).toFixed(2),
  ];
  const head = ["daemon", "runs", "late median", "p99", "max", "µs of processor per run", "ratio"];
  const text = table(head, [row("buoy", buoy), row("keepalived", keepalived)]);
  process.stdout.write(`${text}\n`);
  writeSection(
    "checks",
    `${CHECKS.toLocaleString("en")} HTTP checks every ${DELAY_LOOP} s`,
    `Milliseconds by which a request came later than ${DELAY_LOOP} s after the one before, as the web server saw it: the time the check before took is in it. Processor time of all processes of each daemon over ${WATCH} s, one daemon after the other; keepalived's kernel without IPVS is made up for by a library that says yes to all of its table.\n\n${text}`,
  );
  expect(buoy.runs).toBeGreaterThan(0);
});

async function measure(kind: DirectorKind): Promise<Measured> {
  const lan = new Lan();
  try {
    const host = lan.addHost("director", { ipv4: "10.9.0.1/24" });
    startServerFarm(host, "172.16.0.0/12");
    const director = new Director(kind, host);
    const text = directorFile({ services: CHECKS / 20, servers: CHECKS, check: HTTP_CHECK });
    director.start(text, { prefix: kind === "keepalived" ? standIn(host) : [] });
    const requests = (): number => readFileSync(host.path("access.log"), "latin1").split("\n").length;
    await waitFor("all checks to begin", () => requests() > CHECKS, { within: 180_000, every: 1_000 });
    await pause(1000 * DELAY_LOOP);
    const pid = director.pid ?? 0;
    const before = processorTimeBelow(pid);
    const from = Date.now() / 1000;
    await pause(1000 * WATCH);
    const until = Date.now() / 1000;
    const spent = processorTimeBelow(pid) - before;
    await director.stop();
    return { ...readLog(host, from, until), spent };
  } finally {
    lan.destroy();
  }
}

const HTTP_CHECK =
  "        HTTP_GET {\n            url {\n                path /\n                status_code 200\n            }\n" +
  "            connect_timeout 3\n            retry 3\n            delay_before_retry 3\n        }\n";

/** keepalived ends where there is no IPVS: what it asks of it is answered by a library. */
function standIn(host: Host): readonly string[] {
  const library = host.path("ipvs-stand-in.so");
  execFileSync("cc", ["-shared", "-fPIC", "-O2", "-o", library, STAND_IN]);
  return ["env", `LD_PRELOAD=${library}`];
}

/** Lines of the web server: its own address that was asked, and the time in seconds. */
function readLog(host: Host, from: number, until: number): Pick<Measured, "late" | "runs"> {
  const last = new Map<string, number>();
  const late: number[] = [];
  let runs = 0;
  for (const line of readFileSync(host.path("access.log"), "utf8").split("\n")) {
    const [address = "", time = ""] = line.split(" ");
    const at = Number(time);
    const before = last.get(address);
    last.set(address, at);
    if (at < from || at >= until) continue;
    runs += 1;
    if (before !== undefined) late.push(1000 * (at - before - DELAY_LOOP));
  }
  return { late, runs };
}
