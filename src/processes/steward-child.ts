/** The steward: configuration, journal, log, mail and the control socket. It may die at any time without an election noticing. */
import type { Instant } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { ControlClient, ControlServer } from "../host/control-server.ts";
import { listenControl } from "../host/control-server.ts";
import { whileMarked } from "../host/dump-file.ts";
import type { Loop } from "../host/loop.ts";
import { createLoop } from "../host/loop.ts";
import { resolveName } from "../host/resolve-name.ts";
import { runtimePaths } from "../host/runtime-dir.ts";
import { NO_DIRECTOR } from "../model/director-models.ts";
import type { Model } from "../model/model.ts";
import type { KnownServices } from "../model/service-memo.ts";
import type { ControlRequest } from "../observe/control-protocol.ts";
import type { StewardEvent } from "../observe/journal-entry.ts";
import { LOG_INFO, LOG_WARNING } from "../observe/log-severity.ts";
import { withoutSecrets } from "../observe/secrets.ts";
import { renderStatus } from "../observe/status.ts";
import type { StatusDocument } from "../observe/status-document.ts";
import { plainPaint } from "../observe/style.ts";
import { whyEntries } from "../observe/why-entries.ts";
import type { OrderRequest } from "../supervise/orders.ts";
import type { ReloadPlan } from "../supervise/plan.ts";
import { planReload } from "../supervise/plan.ts";
import type { PoolRequest } from "../supervise/pool-orders.ts";
import type { ReloadOutcome } from "../supervise/reload.ts";
import type { ConfigurationReport, RunningConfiguration } from "./configuration.ts";
import { decideConfiguration } from "./configuration.ts";
import { modelText, NOTHING_READ, shortened } from "./configuration-texts.ts";
import { answerJournal, answerPools, namesOf, reply } from "./control-answers.ts";
import { parseControlRequest } from "./control-requests.ts";
import { dumpSource, writeDumps } from "./dumps.ts";
import { isoMicros, Journal } from "./journal.ts";
import { Mailer } from "./mailer.ts";
import type { DumpKind, FromSteward, ToSteward, VrrpSlice } from "./messages.ts";
import { parseToSteward } from "./messages.ts";
import { OrderDesk } from "./order-desk.ts";
import type { ParentChannel } from "./parent-channel.ts";
import { EXIT_BUG, openParentChannel } from "./parent-channel.ts";
import { PeerNames } from "./peer-names.ts";
import { PoolDesk } from "./pool-desk.ts";
import { programmedTable } from "./programmed-table.ts";
import { NOBODY, ReloadCallers } from "./reload-callers.ts";
import { ReloadTimer } from "./reload-timer.ts";
import type { RunOptions } from "./run-options.ts";
import { EXIT_FATAL } from "./run-options.ts";
import { saveConfiguration } from "./saved-configuration.ts";
import { PATIENCE_FOR_FILES, StatusInquiry } from "./status-inquiry.ts";
import { memoryText, recallMemory } from "./steward-memory.ts";
import { Trackers } from "./trackers.ts";

/** Mail still under way when the daemon ends gets this long. */
const LAST_MAIL_LIMIT = seconds(2);

type BeginMessage = ToSteward & { readonly kind: "Begin" };
export function runStewardChild(options: RunOptions, version: string): void {
  new Steward(options, version).begin();
}

class Steward {
  readonly #options: RunOptions;
  readonly #version: string;
  readonly #loop: Loop = createLoop();
  readonly #mailer: Mailer;
  readonly #trackers: Trackers;
  readonly #desk: OrderDesk;
  readonly #pool: PoolDesk;
  readonly #names: PeerNames;
  readonly #inquiry: StatusInquiry;
  readonly #reloadTimer: ReloadTimer;
  #channel: ParentChannel<FromSteward> | undefined;
  #journal: Journal | undefined;
  #control: ControlServer | undefined;
  #startedAt: Instant = 0;
  #running: RunningConfiguration | undefined;
  /** What the last reading left for the next one. */
  #known: KnownServices | undefined;
  #lastReload: StatusDocument["lastReload"];
  /** What the last reload did, for those who asked for it. */
  #lastPlan: ReloadPlan | undefined;
  readonly #callers = new ReloadCallers();
  /** The vrrp process has been sent a configuration. */
  #published = false;
  #ending = false;

  constructor(options: RunOptions, version: string) {
    this.#options = options;
    this.#version = version;
    this.#mailer = new Mailer(this.#loop, (event) => this.#record(event));
    this.#trackers = new Trackers(this.#loop, {
      measured: (measured) => this.#post({ kind: "Measured", measured }),
      trouble: (tracker, error) => this.#record({ kind: "TrackerTrouble", tracker, error }),
    });
    this.#inquiry = new StatusInquiry(this.#loop, () => this.#post({ kind: "StatusWanted" }));
    const paths = runtimePaths(options.runtimeDir);
    const listener = {
      changed: () => this.#republish(),
      record: (event: StewardEvent) => this.#record(event),
    };
    this.#desk = new OrderDesk(this.#loop, paths.orders, listener);
    this.#pool = new PoolDesk(this.#loop, paths.poolOrders, listener);
    this.#reloadTimer = new ReloadTimer(this.#loop, {
      due: () => this.#post({ kind: "ReloadRequested", asker: NOBODY }),
      say: (priority, line) => this.#journal?.say(priority, line),
    });
    this.#names = new PeerNames(this.#loop, runtimePaths(options.runtimeDir).peerNames, {
      changed: () => this.#republish(),
      record: (event) => this.#record(event),
      resolve: resolveName,
    });
  }

  begin(): void {
    this.#channel = openParentChannel<ToSteward, FromSteward>(this.#loop, parseToSteward, {
      message: (message) => this.#receive(message),
      terminated: () => this.#end(),
    });
    this.#post({ kind: "Hello" });
  }

  #receive(message: ToSteward): void {
    switch (message.kind) {
      case "Begin":
        this.#begin(message);
        return;
      case "Reload":
        this.#configure();
        return;
      case "ReloadDone":
        this.#callers.answer(message.askers, message.outcome, this.#lastPlan);
        return;
      case "Journal":
        this.#journal?.add(message.at, message.event);
        if (message.event.source === "vrrp") this.#desk.heard(message.event.event);
        return;
      case "Mail":
        this.#mailer.submit(message);
        return;
      case "CheckerSnapshot":
        this.#inquiry.heardChecker(message.text);
        return;
      case "Snapshot":
        this.#inquiry.heardSnapshot(message.text);
        return;
      case "Status":
        this.#inquiry.heardStatus(message);
        return;
      case "Dump":
        this.#inquiry.fresh(() => this.#dump(message.what), PATIENCE_FOR_FILES);
        return;
      case "End":
        this.#end();
        return;
    }
  }

  #begin({ memory, services, startedAt, measured }: BeginMessage): void {
    this.#startedAt = startedAt;
    const paths = runtimePaths(this.#options.runtimeDir);
    this.#journal = new Journal(this.#loop, this.#options, paths.journal, memory !== null);
    if (memory === null) {
      // What happened before this process was there comes right behind this message and goes into the journal first.
      this.#desk.recall();
      this.#pool.recall();
      setImmediate(() => this.#configure());
    } else {
      const { running, lastReload, orders, pool } = recallMemory(memory, services);
      this.#desk.resume(orders);
      this.#pool.resume(pool, running.model.director);
      this.#running = running;
      this.#published = true;
      this.#names.configure(running.model.vrrp);
      this.#reloadTimer.configure(running.model.daemon.reloadTime);
      this.#lastReload = lastReload;
      this.#mailer.configure(running.model.mail);
      // What is told again and is as before changes nothing.
      this.#post({ kind: "Measured", measured: this.#trackers.resume(running.model, measured) });
    }
    listenControl(paths.controlSocket, (request, client) => this.#serve(request, client)).then(
      (server) => {
        this.#control = server;
        if (this.#ending) server.close();
      },
      (error: Error) => {
        process.stderr.write(`cannot listen on ${paths.controlSocket}: ${error.message}\n`);
        process.exit(memory === null ? EXIT_FATAL : EXIT_BUG);
      },
    );
  }

  /** Reads the files: the first configuration, or a reload. */
  #configure(): void {
    const first = this.#running === undefined;
    const { freeze } = this.#desk;
    if (!first && freeze !== undefined) {
      this.#refuse(freeze, EXIT_FATAL, NOTHING_READ);
      return;
    }
    const decide = () => decideConfiguration(this.#options, this.#running, this.#known);
    const trouble = (message: string): void => this.#journal?.say(LOG_WARNING, message);
    const marker = this.#running?.model.daemon.reloadFile;
    const decision = marker === undefined ? decide() : whileMarked(marker, decide, trouble);
    const { report } = decision;
    this.#known = decision.known;
    const { daemon } = (decision.kind === "refuse" ? this.#running : decision.running)?.model ?? {};
    this.#reloadTimer.configure(daemon?.reloadTime);
    saveConfiguration(daemon?.saveDirectory, report.lines, trouble);
    if (decision.kind === "refuse") {
      this.#refuse(decision.why, decision.exitCode, report);
      return;
    }
    const { running } = decision;
    this.#lastPlan = decision.kind === "apply" ? this.#plan(running.model) : undefined;
    this.#running = running;
    this.#mailer.configure(running.model.mail);
    this.#journal?.say(report.repairs > 0 ? LOG_WARNING : LOG_INFO, report.text);
    if (!first) this.#remember(decision.kind === "apply" ? "applied" : "unchanged", report.messages);
    if (decision.kind === "unchanged") {
      this.#record({ kind: "ReloadUnchanged" });
      const outcome: ReloadOutcome = { kind: "unchanged", diagnostics: report.text };
      this.#post({ kind: "NotConfigured", outcome, exitCode: 0, memory: this.#memory(running) });
      return;
    }
    const { notes, repairs, files } = report;
    const instances = running.model.vrrp.instances.length;
    this.#record({ kind: "ConfigLoaded", files, instances, notes, repairs });
    if (this.#lastPlan !== undefined)
      this.#record({ kind: "ReloadPlanned", lines: shortened(this.#lastPlan) });
    if (this.#options.dumpConfiguration) this.#journal?.say(LOG_INFO, modelText(running.model));
    this.#names.configure(running.model.vrrp, () => {
      // Another reload, or an answer, may have come first: then that has been published.
      if (this.#running !== running) return;
      this.#published = true;
      this.#publish(running, report.text, first);
    });
  }

  /** What runs from now on: the configuration, and what operators ordered beside it. */
  #publish(running: RunningConfiguration, diagnostics: string, first: boolean): void {
    const slice: VrrpSlice = {
      model: running.model.vrrp,
      bfd: running.model.bfd,
      process: running.model.global.process,
      orders: this.#desk.orders,
      hosts: this.#names.hosts,
    };
    this.#post({
      kind: "Configured",
      generation: running.generation,
      slice: JSON.stringify(slice),
      ...this.#pool.slice(running.model),
      trackScripts: running.model.trackScripts,
      measured: this.#trackers.configure(running.model, first),
      daemon: running.model.daemon,
      memory: this.#memory(running),
      diagnostics,
    });
  }

  /** The same configuration, with other orders or other addresses of peers. */
  #republish(): void {
    const { generation, ...rest } = this.#running ?? {};
    if (generation === undefined || !this.#published) return;
    this.#running = { ...(rest as RunningConfiguration), generation: generation + 1 };
    this.#publish(this.#running, "", false);
  }

  #takeOrder(request: OrderRequest, client: ControlClient): void {
    const model = this.#running?.model.vrrp;
    const known = this.#inquiry.snapshot?.vrrp.instances ?? [];
    const standing = { instances: known, groups: model?.syncGroups ?? [] };
    this.#desk.take(request, standing, (result) => {
      if (result.ok) reply(client, { ok: true, command: "order", outcomes: result.value });
      else reply(client, { ok: false, error: result.error });
    });
  }

  #takePoolOrder(request: PoolRequest, client: ControlClient): void {
    const taken = this.#pool.take(request, this.#running?.model.director ?? NO_DIRECTOR);
    reply(client, taken.ok ? { ok: true, command: "pool", ...namesOf(taken.value) } : taken);
  }

  #answerPools(service: string | undefined, client: ControlClient): void {
    const time = isoMicros(this.#loop.wallClock());
    answerPools(this.#inquiry.pool, service, { time, at: this.#loop.now() }, client);
  }

  /** What going over to this model means; undefined for the first one. */
  #plan(model: Model): ReloadPlan | undefined {
    const before = this.#running?.model;
    if (before === undefined) return undefined;
    const instances = this.#inquiry.snapshot?.vrrp.instances ?? [];
    return planReload(before, model, new Map(instances.map((instance) => [instance.key, instance])));
  }

  #answerPlan(wanted: string | undefined, client: ControlClient): void {
    const file = wanted ?? this.#options.file;
    const decision = decideConfiguration(this.#options, this.#running, this.#known, file);
    const model = decision.kind === "refuse" ? decision.model : decision.running.model;
    reply(client, {
      ok: true,
      command: "plan",
      file,
      refused: decision.kind === "refuse" ? decision.why : undefined,
      plan: model === undefined ? undefined : this.#plan(model),
      diagnostics: decision.report.text,
    });
  }

  #refuse(why: string, exitCode: number, report: ConfigurationReport): void {
    const running = this.#running;
    const first = running === undefined;
    this.#record({
      kind: "ConfigRefused",
      atStart: first,
      file: this.#options.file,
      diagnostics: [why, ...report.messages],
    });
    this.#journal?.say(LOG_WARNING, report.text);
    // Nobody reads a log before the first start: the operator stands before the terminal.
    if (first && this.#options.foreground && !this.#options.logConsole)
      process.stderr.write(`${report.text}\n`);
    if (!first) this.#remember("refused", [why, ...report.messages]);
    const outcome: ReloadOutcome = { kind: "refused", error: why, diagnostics: report.text };
    this.#post({ kind: "NotConfigured", outcome, exitCode, memory: first ? "" : this.#memory(running) });
  }

  #remember(outcome: "applied" | "unchanged" | "refused", diagnostics: readonly string[]): void {
    this.#lastReload = { time: isoMicros(this.#loop.wallClock()), outcome, diagnostics };
  }

  #memory(running: RunningConfiguration): string {
    const [lastReload, orders, pool] = [this.#lastReload, this.#desk.memory, this.#pool.memory];
    return memoryText({ running, lastReload, orders, pool });
  }

  #serve(value: unknown, client: ControlClient): void {
    const request = parseControlRequest(value);
    if (request.ok) this.#answer(request.value, client);
    else reply(client, { ok: false, error: request.error });
  }

  #answer(request: ControlRequest, client: ControlClient): void {
    switch (request.command) {
      case "status":
        this.#inquiry.fresh(() => reply(client, { ok: true, command: "status", status: this.#document() }));
        return;
      case "why":
        reply(client, {
          ok: true,
          command: "why",
          entries: whyEntries(this.#journal?.entries ?? [], request.instance, request.limit),
        });
        return;
      case "journal":
        answerJournal(this.#journal, request, client);
        return;
      case "order":
        this.#inquiry.fresh(() => this.#takeOrder(request, client));
        return;
      case "pool":
        this.#takePoolOrder(request, client);
        return;
      case "pools":
        this.#inquiry.fresh(() => this.#answerPools(request.service, client));
        return;
      case "plan":
        this.#inquiry.fresh(() => this.#answerPlan(request.file, client));
        return;
      case "reload":
        this.#post({ kind: "ReloadRequested", asker: this.#callers.add(client) });
        return;
      case "table":
        this.#inquiry.fresh(() => reply(client, programmedTable(this.#inquiry.checker, process.pid)));
        return;
      case "stop":
        reply(client, { ok: true, command: "stop" });
        this.#post({ kind: "StopRequested", by: "buoy stop" });
        return;
    }
  }

  #document(): StatusDocument {
    const { status, snapshot } = this.#inquiry;
    return {
      version: this.#version,
      pid: process.ppid,
      time: isoMicros(this.#loop.wallClock()),
      at: this.#loop.now(),
      startedAt: this.#startedAt,
      configFile: this.#options.file,
      lastReload: this.#lastReload,
      children: status?.children ?? [],
      vrrp: withoutSecrets(snapshot?.vrrp),
      bfd: snapshot?.bfd,
      pool: this.#inquiry.pool,
      kernelRequests: snapshot?.kernelRequests,
      scripts: status?.scripts ?? [],
      orders: this.#desk.orders,
      degraded: status?.degraded ?? [],
      droppedEvents: (status?.droppedEvents ?? 0) + (this.#journal?.failedAppends ?? 0),
    };
  }

  #dump(what: DumpKind): void {
    if (what === "state") this.#logStatus();
    const source = dumpSource(this.#running?.model, this.#inquiry, this.#loop);
    if (source === undefined) return;
    for (const failure of writeDumps(what, source, process.env)) this.#journal?.say(LOG_WARNING, failure);
    if (what === "stats-clear") this.#post({ kind: "ClearStatistics" });
  }

  #logStatus(): void {
    const view = { paint: plainPaint, zone: "local", width: 100 } as const;
    for (const line of renderStatus(this.#document(), view)) this.#journal?.say(LOG_INFO, line);
  }

  #record(event: StewardEvent): void {
    this.#journal?.add(this.#loop.now(), { source: "steward", event });
  }

  #end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#trackers.close();
    this.#reloadTimer.close();
    this.#control?.close();
    const leave = (): void => {
      this.#mailer.abandon();
      this.#journal?.close();
      process.exit(0);
    };
    const limit = this.#loop.timer(leave);
    limit.set(this.#loop.now() + LAST_MAIL_LIMIT);
    this.#mailer.finish(leave);
  }

  #post(message: FromSteward): void {
    this.#channel?.outbox.post(message);
  }
}
