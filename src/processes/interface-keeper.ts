/**
 * Brings interfaces and settings to what the configuration wants and keeps them there: asks the plan for steps, takes
 * them, and asks again until there are none. Requests go through the netlink thread and the thread pool; the loop never
 * waits for one.
 */
import type { OsError } from "../base/result.ts";
import { formatOsError } from "../base/result.ts";
import type { Instant, Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { Loop, Timer } from "../host/loop.ts";
import type { Netlink } from "../host/netlink.ts";
import { openNetlink } from "../host/netlink.ts";
import { readSysctl, writeSysctl } from "../host/sysctl.ts";
import { consequenceOf } from "../supervise/interface-consequences.ts";
import type { InterfaceHoldings } from "../supervise/interface-facts.ts";
import { NO_HOLDINGS } from "../supervise/interface-facts.ts";
import type { InterfaceStep } from "../supervise/interface-plan.ts";
import { planInterfaces } from "../supervise/interface-plan.ts";
import type { InterfaceWishes } from "../supervise/interface-wishes.ts";
import { isNothing, mergeWishes, NO_WISHES, sysctlsOfInterest } from "../supervise/interface-wishes.ts";
import { encodeChangeLink, encodeCreateLink, encodeRemoveLink } from "../wire/netlink/link-change.ts";

export interface InterfaceKeeperListener {
  /** What is to be undone in the end; told before it is done. */
  holdings(holdings: InterfaceHoldings): void;
  trouble(trouble: { readonly what: string; readonly consequence: string; readonly remedy: string }): void;
}

/** An interface that somebody deletes again and again is made again once in this time. */
const CREATION_SPACING: Micros = seconds(1);
/** When what failed is tried again, in silence. */
const RETRY: Micros = seconds(10);
/** More rounds than any way to a settled state has; a kernel that never settles must not keep us busy. */
const MOST_ROUNDS = 32;

export class InterfaceKeeper {
  readonly #loop: Loop;
  readonly #netlink: Netlink;
  readonly #listener: InterfaceKeeperListener;
  readonly #retryTimer: Timer;
  readonly #failed = new Set<string>();
  readonly #told = new Set<string>();
  readonly #createdAt = new Map<string, Instant>();
  #wishes: InterfaceWishes = NO_WISHES;
  #holdings: InterfaceHoldings;
  #posted = "";
  #running = false;
  #again = false;
  #waiters: (() => void)[] = [];

  /** `holdings` are those of a life before. */
  constructor(loop: Loop, netlink: Netlink, listener: InterfaceKeeperListener, holdings: InterfaceHoldings) {
    this.#loop = loop;
    this.#netlink = netlink;
    this.#listener = listener;
    this.#holdings = holdings;
    this.#posted = JSON.stringify(holdings);
    this.#retryTimer = loop.timer(() => {
      this.#failed.clear();
      this.refresh();
    });
  }

  /** Makes what is new and leaves what is no longer wanted; at once where there is nothing to do at all. */
  prepare(wishes: InterfaceWishes, done: () => void): void {
    this.#wishes = mergeWishes(this.#wishes, wishes);
    this.#failed.clear();
    this.#settle(done);
  }

  /** Removes what is no longer wanted. With {@link NO_WISHES}, everything is as it was before. */
  apply(wishes: InterfaceWishes, done: () => void = () => undefined): void {
    this.#wishes = wishes;
    this.#failed.clear();
    this.#settle(done);
  }

  /** To be called when links came, went or changed, and when the first dump is complete. */
  refresh(): void {
    this.#settle(() => undefined);
  }

  close(): void {
    this.#retryTimer.close();
  }

  #settle(done: () => void): void {
    if (!this.#running && isNothing(this.#wishes, this.#holdings)) {
      done();
      return;
    }
    this.#waiters.push(done);
    this.#again = true;
    if (!this.#running && this.#netlink.synchronised) this.#run().catch(rethrow);
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#again) {
      this.#again = false;
      const waiters = this.#waiters;
      this.#waiters = [];
      await this.#bringAbout();
      for (const done of waiters) done();
    }
    this.#running = false;
  }

  async #bringAbout(): Promise<void> {
    const taken = new Set<string>();
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const steps = this.#affordable(await this.#plan());
      if (steps.length === 0) return;
      for (const step of steps) {
        if (taken.has(step.key)) this.#fail(step, "it had no effect");
        taken.add(step.key);
      }
      const fresh = steps.filter((step) => !this.#failed.has(step.key));
      await this.#take(fresh);
    }
  }

  async #plan(): Promise<readonly InterfaceStep[]> {
    const links = this.#netlink.links();
    const paths = sysctlsOfInterest(this.#wishes, this.#holdings, links);
    const values = await Promise.all(paths.map(async (path) => [path, await readSysctl(path)] as const));
    const found = {
      links: this.#netlink.links(),
      addresses: this.#netlink.addresses(),
      sysctls: new Map(values),
    };
    const plan = planInterfaces(this.#wishes, found, this.#holdings, this.#failed);
    this.#remember(plan.holdings);
    for (const { key, what } of plan.obstacles) {
      const remedy = "give use_vmac another name, or remove that interface";
      this.#tell(key, { what, consequence: "the instance stays in FAULT", remedy });
    }
    return plan.steps;
  }

  /** Without what was made a moment ago and is gone again: that waits. */
  #affordable(steps: readonly InterfaceStep[]): readonly InterfaceStep[] {
    const now = this.#loop.now();
    return steps.filter((step) => {
      const last = step.kind === "create" ? this.#createdAt.get(step.link.name) : undefined;
      if (last === undefined || now >= last + CREATION_SPACING) return true;
      this.#retryTimer.set(last + CREATION_SPACING);
      return false;
    });
  }

  /** Netlink first, then the files: what `all` gives up must stand at the interfaces by then. */
  async #take(steps: readonly InterfaceStep[]): Promise<void> {
    const requests = steps.filter((step) => step.kind !== "sysctl");
    await Promise.all(requests.map((step) => this.#request(step)));
    for (const step of steps) {
      if (step.kind !== "sysctl") continue;
      const error = await writeSysctl(step.path, step.value);
      if (error !== undefined && error.errno !== "ENOENT") this.#fail(step, formatOsError(error));
    }
  }

  #request(step: Exclude<InterfaceStep, { kind: "sysctl" }>): Promise<void> {
    return new Promise((resolve) => {
      const done = (error: OsError | undefined): void => {
        // What is gone is no trouble: the next plan sees what there is.
        if (error !== undefined && error.errno !== "ENODEV") this.#fail(step, formatOsError(error));
        resolve();
      };
      const netlink = this.#netlink;
      switch (step.kind) {
        case "create": {
          const { link, parent, group, master } = step;
          const { kind, name, mode, mac } = link;
          this.#createdAt.set(name, this.#loop.now());
          const request = { kind, name, parent, mode, mac, group, master };
          netlink.request("RTM_NEWLINK", name, (sequence) => encodeCreateLink(request, sequence), done);
          return;
        }
        case "remove":
          netlink.request(
            "RTM_DELLINK",
            step.name,
            (sequence) => encodeRemoveLink(step.index, sequence),
            done,
          );
          return;
        case "change":
          netlink.request("RTM_SETLINK", step.name, (sequence) => encodeChangeLink(step, sequence), done);
          return;
        case "address":
          netlink.addAddress(step, done);
          return;
      }
    });
  }

  #remember(holdings: InterfaceHoldings): void {
    this.#holdings = holdings;
    const text = JSON.stringify(holdings);
    if (text === this.#posted) return;
    this.#posted = text;
    this.#listener.holdings(holdings);
  }

  #fail(step: InterfaceStep, why: string): void {
    this.#failed.add(step.key);
    this.#retryTimer.set(this.#loop.now() + RETRY);
    this.#tell(step.key, { what: `${describe(step)}: ${why}`, ...consequenceOf(step) });
  }

  /** Once for each thing. */
  #tell(key: string, trouble: Parameters<InterfaceKeeperListener["trouble"]>[0]): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#listener.trouble(trouble);
  }
}

/** Undoes what a process did that can no longer do it itself. */
export function undoInterfaces(loop: Loop, holdings: InterfaceHoldings, done: () => void): void {
  const netlink = openNetlink(loop, (event) => {
    if (event.kind === "Synchronised") keeper.refresh();
  });
  const quiet = { holdings: () => undefined, trouble: () => undefined };
  const keeper = new InterfaceKeeper(loop, netlink, quiet, holdings);
  keeper.apply(NO_WISHES, () => {
    keeper.close();
    netlink.close();
    done();
  });
}

/** What a text of holdings says, which another process of ours wrote. */
export function readHoldings(text: string | null): InterfaceHoldings {
  return text === null || text === "" ? NO_HOLDINGS : (JSON.parse(text) as InterfaceHoldings);
}

function describe(step: InterfaceStep): string {
  switch (step.kind) {
    case "create":
      return `making ${step.link.kind} ${step.link.name} on ${step.link.base}`;
    case "remove":
      return `removing ${step.name}`;
    case "address":
      return `adding ${step.address} to ${step.name}`;
    case "sysctl":
      return `setting ${step.path.replaceAll("/", ".")} to ${step.value}`;
    case "change": {
      if (step.up === true) return `switching ${step.name} on`;
      const settings = Object.entries(step.ipv4 ?? {}).map(([setting, value]) => `${setting}=${value}`);
      return `setting ${settings.join(", ") || "addr_gen_mode"} of ${step.name}`;
    }
  }
}

/** A defect ends the process, as everywhere else. */
function rethrow(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
