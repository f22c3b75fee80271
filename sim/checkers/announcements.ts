/**
 * When announcements are due and how densely they may follow each other: a burst after `garp_master_delay`, after
 * `garp_lower_prio_delay`, and with each `garp_master_refresh`; never two within `garp_interval` on one interface.
 */
import type { Instant } from "../../src/base/time.ts";
import { WILLING } from "../kernel.ts";
import type { Checker, Handling, RouterNode } from "../node.ts";
import type { InstanceView } from "../view.ts";
import { Violation } from "../violation.ts";
import { addressesOf } from "./addresses.ts";
import { isOwnSource } from "./order.ts";
import type { Receptions } from "./reception.ts";

interface Dues {
  second: Instant | undefined;
  lower: Instant | undefined;
  refresh: Instant | undefined;
  lastSent: Instant | undefined;
  /** When a lesser master was heard last. */
  lesserAt: Instant | undefined;
  /** An order was felt: which bursts it has left due is not known from outside. */
  unknown: boolean;
}

export class Announcements implements Checker {
  readonly name = "announcements";
  readonly #receptions: Receptions;
  readonly #dues = new Map<RouterNode, Dues>();

  constructor(receptions: Receptions) {
    this.#receptions = receptions;
  }

  started(node: RouterNode): void {
    // A second instance shares the queues of the interface: whose turn it is cannot be said from outside.
    if (node.views.size === 1) this.#dues.set(node, noDues());
  }

  ended(node: RouterNode): void {
    this.#dues.delete(node);
  }

  handled(handling: Handling): void {
    const { node, now, before } = handling;
    const dues = this.#dues.get(node);
    if (dues === undefined) return;
    for (const [key, view] of node.views) {
      const was = before.get(key)?.state;
      const { garp } = view.model;
      this.#noteFrames(handling, view, dues);
      const isOrdered = view.ordered || before.get(key)?.ordered === true;
      if (view.state !== "MASTER" || isOrdered)
        Object.assign(dues, { ...noDues(), lastSent: dues.lastSent, unknown: isOrdered });
      else if (was !== "MASTER") {
        dues.second = garp.masterDelay > 0 ? now + garp.masterDelay : undefined;
        dues.refresh = garp.masterRefresh > 0 ? now + garp.masterRefresh : undefined;
        dues.lower = undefined;
        dues.unknown = false;
      } else if (dues.unknown) continue;
      else if (hasMoreAddresses(before.get(key), view)) {
        if (garp.masterDelay > 0) dues.second = now + garp.masterDelay;
      } else if (this.#hasHeardLesser(handling, view)) {
        dues.lesserAt = now;
        if (garp.lowerPrioDelay > 0) dues.lower ??= now + garp.lowerPrioDelay;
        this.#expectBurst(node, view, dues, now, "a lower priority was heard");
      }
    }
  }

  turnEnded(node: RouterNode): void {
    const dues = this.#dues.get(node);
    const [view] = node.views.values();
    if (dues === undefined || view === undefined || view.state !== "MASTER") return;
    // One that slept listens first, and announces when it speaks again or hears a lesser one.
    const known = Math.max(view.lastAdvert ?? node.now, dues.lesserAt ?? 0);
    if (node.now - known > view.model.advertisementInterval) return;
    for (const what of ["second", "lower", "refresh"] as const) {
      const due = dues[what];
      if (due === undefined || due > node.now) continue;
      this.#expectBurst(node, view, dues, due, `the ${what} burst was due`);
      dues[what] = what === "refresh" ? node.now + view.model.garp.masterRefresh : undefined;
    }
  }

  /** Only where every address is held and nothing is paced, so that a burst goes out at once. */
  #expectBurst(node: RouterNode, view: InstanceView, dues: Dues, since: Instant, why: string): void {
    const holdsAll = addressesOf(view).every(({ interface: name, address }) =>
      node.kernel.hasAddress(name, address),
    );
    if (isPaced(view) || !holdsAll || node.kernel.mood !== WILLING) return;
    if (dues.lastSent === undefined || dues.lastSent < since) {
      throw new Violation(this.name, `${node.name} announces nothing although ${why} at ${since}`);
    }
  }

  /** A master that goes on being one after an advertisement has heard a lesser one, unless that was a resignation. */
  #hasHeardLesser({ input }: Handling, view: InstanceView): boolean {
    if (input.kind !== "PacketReceived") return false;
    const reading = this.#receptions.reading(input, view);
    return reading !== undefined && reading.priority !== 0;
  }

  #noteFrames(handling: Handling, view: InstanceView, dues: Dues): void {
    const { node, now, actions } = handling;
    const { garpInterval, gnaInterval } = view.model.garp;
    for (const action of actions) {
      if (action.kind !== "SendFrames") continue;
      if (action.frames.every((frame) => isOwnSource(handling, view, frame))) continue;
      const spacing = view.model.family === "ipv4" ? garpInterval : gnaInterval;
      // Addresses on another interface have a queue of their own.
      const isOneQueue = addressesOf(view).every(({ interface: name }) => name === action.interface);
      if (spacing > 0 && isOneQueue) {
        if (action.frames.length > 1)
          throw new Violation(this.name, `${node.name} sends ${action.frames.length} at once`);
        if (dues.lastSent !== undefined && now - dues.lastSent < spacing) {
          throw new Violation(
            this.name,
            `${node.name} sends ${now - dues.lastSent} us after the last one, not ${spacing}`,
          );
        }
      }
      dues.lastSent = now;
    }
  }
}

function noDues(): Dues {
  return {
    second: undefined,
    lower: undefined,
    refresh: undefined,
    lastSent: undefined,
    lesserAt: undefined,
    unknown: false,
  };
}

function isPaced(view: InstanceView): boolean {
  const { garpInterval, gnaInterval } = view.model.garp;
  return garpInterval > 0 || gnaInterval > 0;
}

/** A reload has brought addresses: they are announced twice, and all others with them. */
function hasMoreAddresses(was: Readonly<InstanceView> | undefined, view: InstanceView): boolean {
  if (was === undefined || was.model === view.model) return false;
  const known = new Set(addressesOf(was).map(({ address }) => address));
  return addressesOf(view).some(({ address }) => !known.has(address));
}
