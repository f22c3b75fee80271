/** The client: asks the virtual address who holds it every few milliseconds, and fetches the web page beside that. */
import { createSocket, type Socket } from "node:dgram";
import { get } from "node:http";
import { millis } from "../base/time.ts";
import { OutageTracker } from "./outage.ts";
import { ECHO_PORT, HTTP_EVERY_MS, PROBE_EVERY_MS, VIRTUAL_ADDRESS, WEB_PORT } from "./plan.ts";
import type { AgentReport } from "./report.ts";

type Report = (what: AgentReport) => void;

/** Longer gaps between answers are outages. */
const TOLERANCE = millis(8 * PROBE_EVERY_MS);
const HTTP_TIMEOUT_MS = 500;

/** Monotonic microseconds, the same origin for every process of the host. */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

export function runProbes(report: Report): void {
  probeEcho(report);
  probeWeb(report);
}

/** Asks who holds the virtual address; gaps up to `tolerance` between answers are not called outages. */
export function probeEcho(report: Report, tolerance = TOLERANCE): void {
  const tracker = new OutageTracker(tolerance);
  const asked = new Map<number, number>();
  let silent = false;
  const socket = createSocket("udp4");
  // While nobody answers ARP for the address the kernel reports it unreachable: that is a lost question.
  socket.on("error", () => undefined);
  socket.on("message", (answer) => {
    const [sequence, name] = answer.toString().split(" ");
    const askedAt = asked.get(Number(sequence));
    if (askedAt === undefined || name === undefined) return;
    if (tracker.answerer === undefined) report({ kind: "first-answer", by: name, at: monotonicNow() });
    const outage = tracker.answered(Number(sequence), askedAt, name);
    silent = false;
    if (outage !== undefined) report({ kind: "outage", outage });
  });
  setInterval(() => {
    ask(socket, tracker, asked);
    const silence = tracker.silentFor(monotonicNow());
    if (silent || silence === undefined || silence <= tolerance) return;
    silent = true;
    report({ kind: "silence", at: monotonicNow() - silence });
  }, PROBE_EVERY_MS);
}

/** Questions older than this are lost for certain. */
const REMEMBER = 2_000;

function ask(socket: Socket, tracker: OutageTracker, asked: Map<number, number>): void {
  const sequence = tracker.ask();
  asked.set(sequence, monotonicNow());
  asked.delete(sequence - REMEMBER);
  // An error of one question (network unreachable) is a lost question: the tracker sees the gap.
  socket.send(`${sequence}`, ECHO_PORT, VIRTUAL_ADDRESS, () => undefined);
}

function probeWeb(report: Report): void {
  const counts = new Map<string, number>();
  let failed = 0;
  let asked = 0;
  // The youngest question with an outcome: an older one that times out later says nothing about now.
  let newest = 0;
  let director: string | undefined;
  const judge = (question: number, outcome: PageOutcome): void => {
    if (outcome.kind === "page") {
      const key = `${outcome.server} via ${outcome.director}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    } else failed += 1;
    if (question < newest) return;
    newest = question;
    const now = outcome.kind === "page" ? outcome.director : undefined;
    if (now === director) return;
    director = now;
    report(
      outcome.kind === "page"
        ? { kind: "web", director: outcome.director, server: outcome.server, at: monotonicNow() }
        : { kind: "web-lost", at: monotonicNow(), reason: outcome.reason },
    );
  };
  setInterval(() => {
    asked += 1;
    const question = asked;
    fetchPage((outcome) => judge(question, outcome));
  }, HTTP_EVERY_MS);
  process.stdin.on("data", (line) => {
    if (!line.toString().includes("count")) return;
    report({ kind: "count", answers: Object.fromEntries(counts), failed });
    counts.clear();
    failed = 0;
  });
}

type PageOutcome =
  | { readonly kind: "page"; readonly director: string; readonly server: string }
  | { readonly kind: "failed"; readonly reason: string };

function fetchPage(tell: (outcome: PageOutcome) => void): void {
  const question = get({ host: VIRTUAL_ADDRESS, port: WEB_PORT, agent: false, timeout: HTTP_TIMEOUT_MS });
  question.on("response", (page) => {
    const director = page.headers["x-director"];
    let text = "";
    page.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    page.on("end", () => {
      if (page.statusCode === 200 && typeof director === "string")
        tell({ kind: "page", director, server: text.trim() });
      else tell({ kind: "failed", reason: `status ${page.statusCode ?? "unknown"}` });
    });
  });
  question.on("timeout", () => question.destroy(new Error("no answer in time")));
  question.on("error", (error) => tell({ kind: "failed", reason: error.message }));
}
