/**
 * Carries out the director engine's actions in their order: probes, changes of the kernel's table, scripts and mails. Decides
 * nothing; what the kernel and the probes answer goes back to the engine as inputs.
 */
import type { OsError } from "../base/result.ts";
import type { DirectorAction } from "../director/action.ts";
import type { DirectorEvent } from "../director/event.ts";
import type { DirectorInput } from "../director/input.ts";
import type { LvsTimeouts } from "../model/director-models.ts";
import type { DataPlane } from "../ports/data-plane.ts";
import type { ProbeSettings, RunningProbe, StartProbe } from "../ports/probe.ts";

/** What leaves the executor again. */
export interface DirectorListener {
  /** To the engine. */
  input(input: DirectorInput): void;
  notify(request: DirectorAction & { readonly kind: "RunNotify" }): void;
  mail(subject: string, body: string): void;
  event(event: DirectorEvent): void;
  stopped(): void;
  /** The system refused something that the engine does not follow. */
  trouble(what: string, error: OsError): void;
}

interface Run {
  readonly run: number;
  readonly probe: RunningProbe;
}

export class DirectorExecutor {
  readonly #plane: DataPlane;
  readonly #startProbe: StartProbe;
  readonly #listener: DirectorListener;
  readonly #runs = new Map<string, Run>();
  #settings: ProbeSettings;
  #timeoutsFound: LvsTimeouts | undefined;
  /** Settings that the kernel was asked for and has not answered. */
  #unanswered = 0;
  #stopped = false;

  /** `timeoutsFound` are those that a life before has replaced. */
  constructor(
    plane: DataPlane,
    startProbe: StartProbe,
    settings: ProbeSettings,
    timeoutsFound: LvsTimeouts | undefined,
    listener: DirectorListener,
  ) {
    this.#plane = plane;
    this.#startProbe = startProbe;
    this.#settings = settings;
    this.#timeoutsFound = timeoutsFound;
    this.#listener = listener;
    plane.watch(() => listener.input({ kind: "TableDisturbed" }));
  }

  /** The kernel's timeouts before the first change of ours. */
  get timeoutsFound(): LvsTimeouts | undefined {
    return this.#timeoutsFound;
  }

  configure(settings: ProbeSettings): void {
    this.#settings = settings;
  }

  execute(actions: readonly DirectorAction[]): void {
    for (const action of actions) this.#perform(action);
  }

  /** No probe goes on, and the kernel's table stays as it is. */
  close(): void {
    for (const { probe } of this.#runs.values()) probe.cancel();
    this.#runs.clear();
    this.#plane.close();
  }

  #perform(action: DirectorAction): void {
    switch (action.kind) {
      case "StartCheck":
        this.#start(action);
        return;
      case "CancelCheck":
        this.#cancel(action.check, action.run);
        return;
      case "ChangeTable":
        this.#plane.change(action.changes, (refusals) => {
          const { id } = action;
          this.#listener.input(
            refusals.length === 0 ? { kind: "ActionDone", id } : { kind: "ActionFailed", id, refusals },
          );
        });
        return;
      case "FlushTable":
        this.#flush(action.id);
        return;
      case "ReadTable":
        this.#plane.read((result) =>
          this.#listener.input(
            result.ok
              ? { kind: "TableRead", services: result.value }
              : { kind: "TableReadFailed", error: result.error },
          ),
        );
        return;
      case "SetTimeouts":
        this.#setTimeouts(action.timeouts);
        return;
      case "SetSyncDaemon":
        this.#set(`lvs_sync_daemon ${action.daemon.interface} (${action.role})`, (done) =>
          this.#plane.setSyncDaemon(action.daemon, action.role, done),
        );
        return;
      case "RunNotify":
        this.#listener.notify(action);
        return;
      case "SendMail":
        this.#listener.mail(action.subject, action.body);
        return;
      case "Emit":
        this.#listener.event(action.event);
        return;
      case "Stopped":
        this.#stopped = true;
        if (this.#unanswered === 0) this.#listener.stopped();
        return;
    }
  }

  /** Asks for a setting of the kernel. The end waits for the answer: what was set must not stay. */
  #set(what: string, request: (done: (error: OsError | undefined) => void) => void): void {
    this.#unanswered++;
    request((error) => {
      this.#unanswered--;
      if (error !== undefined) this.#listener.trouble(what, error);
      if (this.#stopped && this.#unanswered === 0) this.#listener.stopped();
    });
  }

  #start({ check, run, probe, limit }: DirectorAction & { readonly kind: "StartCheck" }): void {
    this.#runs.get(check)?.probe.cancel();
    const running = this.#startProbe(probe, limit, this.#settings, (result) => {
      if (this.#runs.get(check)?.run === run) this.#runs.delete(check);
      this.#listener.input({ kind: "CheckFinished", check, run, result });
    });
    this.#runs.set(check, { run, probe: running });
  }

  #cancel(check: string, run: number): void {
    const running = this.#runs.get(check);
    if (running === undefined || running.run !== run) return;
    this.#runs.delete(check);
    running.probe.cancel();
  }

  #flush(id: number): void {
    this.#plane.flush((error) =>
      this.#listener.input(
        error === undefined
          ? { kind: "ActionDone", id }
          : { kind: "ActionFailed", id, refusals: [{ index: 0, error }] },
      ),
    );
  }

  /** What the configuration does not name, or names no more, is as it was found. */
  #setTimeouts(wanted: LvsTimeouts | undefined): void {
    const what = "lvs_timeouts";
    const found = this.#timeoutsFound;
    if (wanted === undefined) {
      this.#timeoutsFound = undefined;
      if (found !== undefined) this.#set(what, (done) => this.#plane.setTimeouts(found, done));
      return;
    }
    if (found === undefined) {
      this.#plane.readTimeouts((result) => {
        if (result.ok) this.#timeoutsFound ??= result.value;
        else this.#listener.trouble(what, result.error);
      });
    }
    const { tcp = found?.tcp, tcpFin = found?.tcpFin, udp = found?.udp } = wanted;
    this.#set(what, (done) => this.#plane.setTimeouts({ tcp, tcpFin, udp }, done));
  }
}
