/** The stage's memory of what the client reported, and promises for what it is going to report. */
import { formatSpan, type Instant } from "../base/time.ts";
import { type Outage, outageLength } from "./outage.ts";
import type { AgentReport } from "./report.ts";
import type { Story } from "./story.ts";

interface Waiter {
  readonly wanted: (report: AgentReport) => boolean;
  readonly resolve: (report: AgentReport) => void;
}

export class ClientView {
  readonly #story: Story;
  readonly #waiters = new Set<Waiter>();
  readonly #outages: Outage[] = [];
  #holder: string | undefined;
  #webDirector: string | undefined;
  #webSince: Instant = 0;

  constructor(story: Story) {
    this.#story = story;
  }

  /** Takes one report, tells it, and wakes whoever waits for it. */
  readonly hear = (report: AgentReport): void => {
    this.#remember(report);
    this.#tell(report);
    for (const waiter of [...this.#waiters]) {
      if (!waiter.wanted(report)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(report);
    }
  };

  /** The director that answered last at the virtual address. */
  get holder(): string | undefined {
    return this.#holder;
  }

  get outages(): readonly Outage[] {
    return this.#outages;
  }

  /** When the web began to answer through its present director. */
  get webSince(): Instant {
    return this.#webSince;
  }

  /** Waits until the virtual address is answered by this director. */
  async heldBy(director: string, within: number): Promise<void> {
    if (this.#holder === director) return;
    await this.#wait(`${director} to answer at the virtual address`, within, () => this.#holder === director);
  }

  /** Waits until pages come through this director. */
  async webBy(director: string, within: number): Promise<void> {
    if (this.#webDirector === director) return;
    await this.#wait(`the web to answer through ${director}`, within, () => this.#webDirector === director);
  }

  async counted(within: number): Promise<AgentReport & { readonly kind: "count" }> {
    const report = await this.#wait("the client's count", within, (seen) => seen.kind === "count");
    if (report.kind !== "count") throw new Error("the client counted something else");
    return report;
  }

  #wait(what: string, within: number, wanted: Waiter["wanted"]): Promise<AgentReport> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(new LabFailure(`waited ${within / 1000} s in vain for ${what}`));
      }, within);
      const waiter: Waiter = {
        wanted,
        resolve: (report) => {
          clearTimeout(timer);
          resolve(report);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  #remember(report: AgentReport): void {
    if (report.kind === "first-answer") this.#holder = report.by;
    if (report.kind === "web-lost") this.#webDirector = undefined;
    if (report.kind === "outage") {
      this.#holder = report.outage.after;
      this.#outages.push(report.outage);
    }
    if (report.kind === "web") {
      this.#webDirector = report.director;
      this.#webSince = report.at;
    }
  }

  #tell(report: AgentReport): void {
    const news = newsOf(report);
    if (news !== undefined) this.#story.seen("client", news.text, news.good ? "green" : "red", news.at);
  }
}

/** What a report means to somebody who watches; undefined if it is no news. */
function newsOf(
  report: AgentReport,
): { readonly text: string; readonly good: boolean; readonly at: Instant } | undefined {
  switch (report.kind) {
    case "first-answer":
      return { text: `the virtual address is answered by ${report.by}`, good: true, at: report.at };
    case "silence":
      return { text: "the virtual address does not answer any more", good: false, at: report.at };
    case "outage": {
      const { outage } = report;
      const text = `the virtual address is answered by ${outage.after}: ${outageText(outage)}`;
      return { text, good: true, at: outage.to };
    }
    case "web":
      return {
        text: `GET / answers "${report.server}" through ${report.director}`,
        good: true,
        at: report.at,
      };
    case "web-lost":
      return { text: `GET / fails: ${report.reason}`, good: false, at: report.at };
    case "ready":
    case "count":
    case "page":
    case "settled":
      return undefined;
  }
}

export function outageText(outage: Outage): string {
  const length = formatSpan(outageLength(outage));
  if (outage.lost === 0) return "not one question was lost";
  return `${outage.lost} ${outage.lost === 1 ? "question was" : "questions were"} lost, ${length} between answers`;
}

/** Something the lab expected did not happen; the message is for the user. */
export class LabFailure extends Error {}
