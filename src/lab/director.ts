/** One director of the lab: the daemon inside its host, its journal as it grows, and its control socket. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Instant } from "../base/time.ts";
import { ask, follow } from "../cli/control-client.ts";
import { CommandError } from "../cli/exit-codes.ts";
import type { DirectorEvent } from "../director/event.ts";
import { explain, instantText } from "../observe/explain.ts";
import type { JournalEntry } from "../observe/journal-entry.ts";
import { poolLines } from "../observe/pool-text.ts";
import type { StatusDocument } from "../observe/status-document.ts";
import { plainPaint } from "../observe/style.ts";
import { LabFailure } from "./client-view.ts";
import { CONFIG_DIR } from "./example-files.ts";
import { type Host, spawnIn } from "./lan.ts";
import { INSTANCE } from "./plan.ts";
import { poolNews } from "./pool-news.ts";
import type { Story } from "./story.ts";

const BUOY = fileURLToPath(new URL("../../bin/buoy", import.meta.url));
const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 10_000;
const LIST_WIDTH = 100;

export class LabDirector {
  readonly host: Host;
  readonly #story: Story;
  readonly #output: string[] = [];
  readonly #poolEvents: DirectorEvent[] = [];
  #daemon: ChildProcess | undefined;

  constructor(host: Host, story: Story) {
    this.host = host;
    this.#story = story;
  }

  get name(): string {
    return this.host.plan.name;
  }

  /** The last lines that the daemon printed. */
  get lastWords(): readonly string[] {
    return this.#output.slice(-25);
  }

  /** A socket file can be reached through the host's root, from any network namespace. */
  get runtimeDir(): string {
    return `${this.host.root}/run/buoy`;
  }

  /** Starts `buoy run` and waits until its control socket answers. */
  async start(): Promise<void> {
    const command = [
      process.execPath,
      BUOY,
      "run",
      "-f",
      `${CONFIG_DIR}/keepalived.conf`,
      "--runtime-dir",
      "/run/buoy",
    ];
    const daemon = spawnIn(this.host, command);
    const keep = (chunk: Buffer): void => {
      this.#output.push(...chunk.toString().trimEnd().split("\n"));
      this.#output.splice(0, Math.max(0, this.#output.length - 200));
    };
    daemon.stdout?.on("data", keep);
    daemon.stderr?.on("data", keep);
    this.#daemon = daemon;
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await this.#answers())) {
      if (daemon.exitCode !== null)
        throw new LabFailure(`buoy on ${this.name} ended with exit code ${daemon.exitCode}`);
      if (Date.now() > deadline) throw new LabFailure(`buoy on ${this.name} did not start`);
      await sleep(50);
    }
    void this.#narrate();
  }

  async status(): Promise<StatusDocument> {
    return (await ask(this.runtimeDir, { command: "status" })).status;
  }

  /** What `buoy why NAME` prints on this host. */
  async why(limit: number, name = INSTANCE): Promise<readonly string[]> {
    const { entries } = await ask(this.runtimeDir, { command: "why", instance: name, limit });
    return entries.flatMap((entry) => explain(entry, { now: Date.now() * 1000, zone: "local" }));
  }

  /** What `buoy pool list` prints on this host. */
  async poolList(): Promise<readonly string[]> {
    const { pool, time, at } = await ask(this.runtimeDir, { command: "pools", service: undefined });
    if (pool === undefined) throw new LabFailure(`the checker of buoy on ${this.name} does not answer`);
    const instant = instantText({ time, at }, { now: Date.now() * 1000, zone: "local" });
    return poolLines(pool, { paint: plainPaint, width: LIST_WIDTH, instant });
  }

  /** Waits until its journal has an event like this, not older than `since`. */
  async pool(
    what: string,
    since: Instant,
    within: number,
    wanted: (event: DirectorEvent) => boolean,
  ): Promise<DirectorEvent> {
    const deadline = Date.now() + within;
    for (;;) {
      const found = this.#poolEvents.find((event) => event.at >= since && wanted(event));
      if (found !== undefined) return found;
      if (Date.now() > deadline)
        throw new LabFailure(`${this.name}: waited ${within / 1000} s in vain for ${what}`);
      await sleep(20);
    }
  }

  /** `buoy stop`, and the end of the daemon. */
  async stop(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = once(daemon, "exit");
    await ask(this.runtimeDir, { command: "stop" });
    const inTime = await Promise.race([
      ended.then(() => true),
      sleep(STOP_TIMEOUT_MS, false, { ref: false }),
    ]);
    if (!inTime) throw new LabFailure(`buoy on ${this.name} did not stop`);
  }

  async #answers(): Promise<boolean> {
    try {
      await this.status();
      return true;
    } catch (error) {
      if (error instanceof CommandError) return false;
      throw error;
    }
  }

  /** Tells the state changes of this host as its journal shows them. */
  async #narrate(): Promise<void> {
    try {
      for await (const reply of follow(this.runtimeDir, { command: "journal", limit: 100, follow: true })) {
        for (const entry of reply.entries) this.#tell(entry);
      }
    } catch (error) {
      // The daemon was stopped under the reader's hands.
      if (this.#daemon?.exitCode === null)
        this.#story.seen(this.name, `the journal ended: ${String(error)}`, "yellow");
    }
  }

  #tell({ event: { source, event }, at }: JournalEntry): void {
    if (source === "director") {
      this.#poolEvents.push(event);
      const news = poolNews(event);
      if (news !== undefined) this.#story.seen(this.name, news.text, news.colour, event.at);
    }
    if (source === "supervisor" && event.kind === "ScriptEnded") {
      const outcome =
        event.error ?? (event.exitCode === 0 ? "done" : `exit status ${event.exitCode ?? "unknown"}`);
      this.#story.seen(
        this.name,
        `notify.sh for ${event.state}: ${outcome}`,
        event.exitCode === 0 ? "dim" : "red",
        at,
      );
    }
    if (source === "vrrp" && event.kind === "StateChanged") {
      const colour = event.to === "MASTER" ? "green" : event.to === "FAULT" ? "red" : "plain";
      this.#story.seen(this.name, `${event.instance}: ${event.from} -> ${event.to}`, colour, event.at);
    }
  }
}
