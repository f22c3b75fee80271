/**
 * What comes with a change of state, and in which order: advertisement, addresses, announcements, the rest. A master that
 * ends says so by priority 0 if it fails or stops, and not if it yields.
 */
import { equalBytes } from "../../src/base/bytes.ts";
import type { AddressChange, VrrpAction } from "../../src/vrrp/action.ts";
import type { Checker, Handling, RouterNode } from "../node.ts";
import { readClaim } from "../observer.ts";
import { advertsOf, priorityOf } from "../packets.ts";
import type { InstanceView } from "../view.ts";
import { Violation } from "../violation.ts";

const RANKS: Readonly<Record<VrrpAction["kind"], number>> = {
  SendAdvertisement: 0,
  AddAddresses: 1,
  RemoveAddresses: 1,
  AddRouting: 1,
  RemoveRouting: 1,
  DropPackets: 1,
  SendFrames: 2,
  AskNeighbours: 3,
  Emit: 4,
  EmitGroup: 4,
  RunNotify: 4,
  SendMail: 4,
  WriteFifo: 4,
  Stopped: 5,
};

export class Order implements Checker {
  readonly name = "order";
  /** Restored, and nothing handled yet: what it does first to be heard again may be overtaken by the very first input. */
  readonly #restored = new Set<RouterNode>();

  started(node: RouterNode, how: "cold" | "warm"): void {
    if (how === "warm") this.#restored.add(node);
    else this.#restored.delete(node);
  }

  handled(handling: Handling): void {
    const { node, actions, before } = handling;
    const wasRestored = this.#restored.delete(node);
    if (actions.length === 0) return;
    let rank = 0;
    for (const action of actions) {
      if (RANKS[action.kind] < rank) fail(handling, `${action.kind} comes too late`);
      rank = RANKS[action.kind];
    }
    for (const [key, view] of node.views) {
      const was = before.get(key);
      if (was === undefined) continue;
      // Who hands over by an operator's order resigns and goes on holding its addresses.
      if (!wasRestored && !was.ordered && !view.ordered) checkSpeech(handling, view, was);
      if (was.state !== "MASTER" && view.state === "MASTER") checkArrival(handling, view);
      if (was.state === "MASTER" && view.state !== "MASTER")
        checkDeparture(handling, view, was.ordered || view.ordered);
    }
  }
}

/** Only a master speaks, and one that ends may once. */
function checkSpeech(handling: Handling, view: InstanceView, was: Readonly<InstanceView>): void {
  const wasMaster = was.state === "MASTER";
  const isMaster = view.state === "MASTER";
  for (const action of advertsOf(handling.actions, view.model.name)) {
    const isResignation = priorityOf(action) === 0;
    if (isResignation && (!wasMaster || isMaster))
      fail(handling, `priority 0 from ${was.state} to ${view.state}`);
    if (!isResignation && !isMaster && !(wasMaster && speaksLast(view))) {
      fail(handling, `an advertisement in ${view.state}`);
    }
  }
  for (const action of handling.actions) {
    if (action.kind !== "SendFrames" || action.instance !== view.model.name) continue;
    for (const frame of action.frames) {
      if (isOwnSource(handling, view, frame)) continue;
      if (!isMaster) fail(handling, `announcements in ${view.state}`);
      checkFrame(handling, view, frame);
    }
  }
}

/** A master that yields may say so by one more advertisement. */
function speaksLast({ model }: InstanceView): boolean {
  return model.higherPrioSendAdvert || !model.announceOnly;
}

/** Peers are to find the way back when the link has come up: at once, whatever else is announced. */
export function isOwnSource(
  { node, input }: Handling,
  { model }: Readonly<InstanceView>,
  frame: Uint8Array,
): boolean {
  if (model.unicast === undefined || input.kind !== "LinkChanged") return false;
  const { address, mac } = readClaim(frame);
  return address === node.spec[model.family] && mac === node.spec.mac;
}

function checkFrame(handling: Handling, view: InstanceView, frame: Uint8Array): void {
  const { model } = view;
  const claim = readClaim(frame);
  const own = [...model.virtualAddresses, ...model.excludedAddresses];
  if (!own.some(({ address }) => address === claim.address)) fail(handling, `announces ${claim.address}`);
  if (claim.mac !== handling.node.spec.mac) fail(handling, `announces with ${claim.mac}`);
}

function checkArrival(handling: Handling, view: InstanceView): void {
  const adverts = advertsOf(handling.actions, view.model.name);
  if (adverts.length === 0 || adverts.some((action) => priorityOf(action) === 0)) {
    fail(handling, "becomes master without an advertisement");
  }
  const added = new Set(changesOf(handling, view, "AddAddresses"));
  for (const { address } of [...view.model.virtualAddresses, ...view.model.excludedAddresses]) {
    if (!added.has(address)) fail(handling, `becomes master and does not ask for ${address}`);
  }
  const announces = handling.actions.some(
    (action) => action.kind === "SendFrames" && action.instance === view.model.name,
  );
  const { garp } = view.model;
  // A second instance may have just filled the queue of the interface.
  const isPaced = garp.garpInterval > 0 || garp.gnaInterval > 0 || handling.node.views.size > 1;
  if (!announces && !isPaced) fail(handling, "becomes master and announces nothing");
}

function checkDeparture(handling: Handling, view: InstanceView, isOrdered: boolean): void {
  const resignations = resignationsIn(handling, view);
  // A restored master that was away for long is BACKUP first, and may fail in the same breath.
  const to = firstStateAfterMaster(handling, view);
  // A reload may have left nobody to tell.
  const wanted = to === "BACKUP" || view.model.unicast?.peers.length === 0 ? 0 : 1;
  if (resignations !== wanted && !isOrdered) {
    fail(handling, `leaves MASTER for ${to} with ${resignations} advertisements of priority 0`);
  }
  const { node } = handling;
  const removed = new Set(changesOf(handling, view, "RemoveAddresses"));
  for (const { address, interface: name } of [
    ...view.model.virtualAddresses,
    ...view.model.excludedAddresses,
  ]) {
    if (node.kernel.hasAddress(name, address) && !removed.has(address)) {
      fail(handling, `leaves MASTER and keeps ${address}`);
    }
  }
}

function firstStateAfterMaster(handling: Handling, view: InstanceView): string {
  for (const action of handling.actions) {
    if (action.kind !== "Emit" || action.event.instance !== view.model.name) continue;
    if (action.event.kind === "StateChanged" && action.event.from === "MASTER") return action.event.to;
  }
  return view.state;
}

/** How often priority 0 was said to whoever heard it most often; all are told alike. */
function resignationsIn(handling: Handling, { model }: InstanceView): number {
  const said = new Map<string, number>();
  for (const advert of advertsOf(handling.actions, model.name))
    if (priorityOf(advert) === 0) said.set(advert.to, (said.get(advert.to) ?? 0) + 1);
  const counts = new Set(said.values());
  if (counts.size > 1) fail(handling, "resigns to some oftener than to others");
  return Math.max(0, ...counts);
}

function changesOf(handling: Handling, view: InstanceView, kind: AddressChange["kind"]): string[] {
  return handling.actions.flatMap((action) =>
    action.kind === kind && action.instance === view.model.name
      ? action.addresses.map(({ address }) => address)
      : [],
  );
}

function fail(handling: Handling, what: string): never {
  throw new Violation("order", `${handling.node.name} ${what} (on ${handling.input.kind})`);
}

/** Whether two lists of actions are the same, byte for byte. */
export function sameActions(a: readonly VrrpAction[], b: readonly VrrpAction[]): boolean {
  return a.length === b.length && a.every((action, index) => sameValue(action, b[index]));
}

function sameValue(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && equalBytes(a, b);
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const left = definedEntries(a);
  const right = new Map(definedEntries(b));
  return (
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && sameValue(value, right.get(key)))
  );
}

/** A member that is undefined is the same as none: that is how it crosses a process boundary. */
function definedEntries(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, member]) => member !== undefined);
}
