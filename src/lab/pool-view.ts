/** The stage's memory of the client of the pool. */
import type { ClientView } from "./client-view.ts";
import type { AgentReport, Page } from "./report.ts";

export class PoolClient {
  readonly pages: Page[] = [];
  readonly #settled: (() => void)[] = [];
  readonly #view: ClientView;

  constructor(view: ClientView) {
    this.#view = view;
  }

  /** Takes one report of the client. */
  readonly hear = (report: AgentReport): void => {
    if (report.kind === "page") this.pages.push(report);
    else if (report.kind === "settled") this.#settled.shift()?.();
    else this.#view.hear(report);
  };

  /** Resolves at the next `settled`. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#settled.push(resolve);
    });
  }
}
