/** BFD within the vrrp child: the engine, its sockets, and what VRRP is told of it. */
import { randomInt } from "node:crypto";
import type { OsError } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import type { BfdAction } from "../bfd/action.ts";
import { createBfdEngine, isSamePath, restoreBfdEngine } from "../bfd/engine.ts";
import type { BfdEvent, BfdReason } from "../bfd/event.ts";
import type { BfdInput } from "../bfd/input.ts";
import type { BfdSnapshot } from "../bfd/memory.ts";
import { BfdSockets } from "../host/bfd-sockets.ts";
import type { Loop } from "../host/loop.ts";
import type { Netlink } from "../host/netlink.ts";
import type { BfdModel } from "../model/model.ts";
import type { Engine } from "../ports/engine.ts";
import type { BfdVerdict } from "../vrrp/cause.ts";
import type { VrrpInput } from "../vrrp/input.ts";

export interface BfdSideListener {
  /** To the VRRP engine. */
  changed(input: VrrpInput): void;
  event(event: BfdEvent): void;
  trouble(error: OsError): void;
  /** The next deadline may be another. */
  rearm(): void;
}

export class BfdSide {
  readonly #loop: Loop;
  readonly #listener: BfdSideListener;
  readonly #sockets: BfdSockets;
  #engine: Engine<BfdInput, BfdAction, BfdSnapshot>;
  #models: readonly BfdModel[] = [];

  constructor(loop: Loop, netlink: Netlink, listener: BfdSideListener) {
    this.#loop = loop;
    this.#listener = listener;
    this.#engine = createBfdEngine({ seed: randomInt(2 ** 32) });
    const interfaces = {
      nameOf: (index: number) => netlink.linkByIndex(index)?.name,
      withAddress: (address: string) => netlink.addresses().find((one) => one.address === address)?.index,
    };
    this.#sockets = new BfdSockets(loop, interfaces, {
      packet: (packet) => this.handle(packet),
      trouble: (error) => listener.trouble(error),
    });
  }

  configure(models: readonly BfdModel[]): void {
    const before = this.#models;
    this.#models = models;
    // Those that end say so over their own sockets, before others of the same name get theirs.
    const staying = before.filter((old) =>
      models.some((one) => one.name === old.name && isSamePath(one, old)),
    );
    if (staying.length < before.length) this.handle({ kind: "ConfigChanged", sessions: staying });
    this.#sockets.configure(models);
    this.handle({ kind: "ConfigChanged", sessions: models });
  }

  /** Goes on from the life before, and repeats to VRRP what is known. */
  restore(snapshot: BfdSnapshot): void {
    this.#engine = restoreBfdEngine(snapshot, this.#loop.now());
    this.#models = snapshot.sessions.map(({ model }) => model);
    this.#sockets.configure(this.#models);
    this.handle({ kind: "ClockReached" });
    for (const { model, memory } of snapshot.sessions) {
      if (memory.reportedUp) this.#tell(model.name, true, memory.reason);
    }
  }

  handle(input: BfdInput): void {
    for (const action of this.#engine.handle(this.#loop.now(), input)) this.#execute(action);
    this.#listener.rearm();
  }

  nextDeadline(): Instant | undefined {
    return this.#engine.nextDeadline();
  }

  snapshot(now: Instant): BfdSnapshot {
    return this.#engine.snapshot(now);
  }

  #execute(action: BfdAction): void {
    switch (action.kind) {
      case "SendControl":
        this.#sockets.send(action.session, action.payload);
        return;
      case "SessionChanged":
        this.#tell(action.session, action.up, action.reason);
        return;
      case "Emit":
        this.#listener.event(action.event);
        return;
      case "Stopped":
        this.#sockets.close();
        return;
    }
  }

  #tell(session: string, up: boolean, reason: BfdReason): void {
    const model = this.#models.find(({ name }) => name === session);
    if (model?.tellsVrrp === false) return;
    this.#listener.changed({ kind: "BfdChanged", session, up, why: up ? "came-up" : verdictOf(reason) });
  }
}

function verdictOf(reason: BfdReason): BfdVerdict {
  if (reason.kind === "detection-time") return "neighbour-silent";
  return reason.kind === "packet" ? "neighbour-said-down" : "reconfigured";
}
