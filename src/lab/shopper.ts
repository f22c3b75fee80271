/** The client of the pool: a page every few milliseconds, each on a connection of its own. */
import { get } from "node:http";
import { millis } from "../base/time.ts";
import { VIRTUAL_ADDRESS, WEB_PORT } from "./plan.ts";
import { PAGE_EVERY_MS } from "./pool-plan.ts";
import { monotonicNow, probeEcho } from "./probe.ts";
import type { AgentReport, Page } from "./report.ts";

const TIMEOUT_MS = 1_000;
/** A takeover without a warning takes longer, and what a busy machine does to the questions takes less. */
const TOLERANCE = millis(500);

export function runShopper(report: (what: AgentReport) => void): void {
  const pending = new Set<Promise<void>>();
  const ask = (): void => {
    const page = fetchPage().then((outcome) => {
      pending.delete(page);
      report({ kind: "page", ...outcome });
    });
    pending.add(page);
  };
  process.stdin.on("data", (line) => {
    if (line.toString().includes("begin")) {
      probeEcho(report, TOLERANCE);
      setInterval(ask, PAGE_EVERY_MS);
    }
    if (line.toString().includes("settle")) void Promise.all(pending).then(() => report({ kind: "settled" }));
  });
}

function fetchPage(): Promise<Page> {
  const askedAt = monotonicNow();
  return new Promise((resolve) => {
    const fail = (reason: string): void => resolve({ askedAt, server: undefined, reason });
    const question = get({ host: VIRTUAL_ADDRESS, port: WEB_PORT, agent: false, timeout: TIMEOUT_MS });
    question.on("response", (page) => {
      let text = "";
      page.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      page.on("error", (error) => fail(error.message));
      page.on("end", () =>
        page.statusCode === 200
          ? resolve({ askedAt, server: text.trim(), reason: undefined })
          : fail(`status ${page.statusCode}`),
      );
    });
    question.on("timeout", () => question.destroy(new Error("no answer in time")));
    question.on("error", (error) => fail(error.message));
  });
}
