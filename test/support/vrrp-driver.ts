/** Models, inputs and a small driver for the engine's tests. */
import type { IpAddress } from "../../src/base/ip.ts";
import { familyOf } from "../../src/base/ip.ts";
import { addressKey } from "../../src/base/routing.ts";
import type { Instant } from "../../src/base/time.ts";
import { seconds } from "../../src/base/time.ts";
import type { CommandModel } from "../../src/model/command-model.ts";
import type {
  NotifyModel,
  SyncGroupModel,
  VirtualAddressModel,
  VrrpInstanceModel,
  VrrpModel,
} from "../../src/model/model.ts";
import type { AddressChange, KernelChange, RoutingChange, VrrpAction } from "../../src/vrrp/action.ts";
import type { VrrpEngine, VrrpEngineOptions } from "../../src/vrrp/engine.ts";
import { createVrrpEngine } from "../../src/vrrp/engine.ts";
import type { GroupEvent, VrrpEvent } from "../../src/vrrp/event.ts";
import type { InterfaceAddress, LinkState, PacketReceived, VrrpInput } from "../../src/vrrp/input.ts";
import type { InstanceSnapshot } from "../../src/vrrp/snapshot.ts";
import type { VrrpHeader, VrrpPacket } from "../../src/wire/vrrp.ts";
import { encodeVrrp, peekVrrp } from "../../src/wire/vrrp.ts";

export const OWN_ADDRESS = "10.9.0.1";
export const OWN_MAC = "be:78:e4:5f:7a:b3";
export const PEER = "10.9.0.2";

export function virtualAddress(
  address: IpAddress,
  changes: Partial<VirtualAddressModel> = {},
): VirtualAddressModel {
  const family = familyOf(address);
  return {
    address,
    prefixLength: family === "ipv4" ? 32 : 128,
    family,
    interface: "eth0",
    scope: 0,
    broadcast: undefined,
    label: undefined,
    peer: undefined,
    peerPrefixLength: undefined,
    flags: [],
    preferredLifetime: undefined,
    noTrack: false,
    ...changes,
  };
}

export function command(path: string, ...args: string[]): CommandModel {
  return { path, argv: [path, ...args], uid: 0, gid: 0, groups: [] };
}

export function notifyModel(changes: Partial<NotifyModel> = {}): NotifyModel {
  return {
    master: undefined,
    backup: undefined,
    fault: undefined,
    stop: undefined,
    deleted: undefined,
    saysDeleted: changes.deleted !== undefined,
    any: undefined,
    masterRxLowerPri: undefined,
    timeout: seconds(60),
    ...changes,
  };
}

export function instanceModel(changes: Partial<VrrpInstanceModel> = {}): VrrpInstanceModel {
  const name = changes.name ?? "VI_1";
  return {
    name,
    key: name,
    version: 2,
    family: "ipv4",
    interface: "eth0",
    virtualInterface: undefined,
    addressInterfaces: [],
    transmitBase: false,
    vrf: undefined,
    virtualRouterId: 51,
    priority: 100,
    wantedState: "BACKUP",
    advertisementInterval: seconds(1),
    downTimerAdverts: 3,
    preempt: true,
    preemptDelay: 0,
    authentication: { kind: "none" },
    v3Checksum: "pseudo-header",
    sourceAddress: undefined,
    trackSourceAddress: false,
    multicastGroup: changes.family === "ipv6" ? "ff02::12" : "224.0.0.18",
    unicast: undefined,
    authHmac: undefined,
    virtualAddresses: [virtualAddress("10.9.0.100")],
    excludedAddresses: [],
    routing: [],
    trackStatics: [],
    trackInterfaces: [],
    trackScripts: [],
    trackBfds: [],
    trackFiles: [],
    trackProcesses: [],
    dontTrackPrimary: false,
    garp: {
      masterRepeat: 5,
      masterDelay: seconds(5),
      masterRefresh: 0,
      masterRefreshRepeat: 1,
      lowerPrioDelay: seconds(5),
      lowerPrioRepeat: 5,
      garpInterval: 0,
      gnaInterval: 0,
      extra: undefined,
    },
    announceOnly: true,
    verifyNeighbours: [],
    verifyTimeout: undefined,
    lowerPrioNoAdvert: false,
    higherPrioSendAdvert: false,
    ownerIgnoreAdverts: false,
    skipCheckAdvAddr: false,
    noAccept: false,
    strictMode: false,
    timerExpiredPriority: undefined,
    promoteSecondaries: false,
    notify: notifyModel(),
    notifyPriorityChanges: false,
    smtpAlert: false,
    ...changes,
  };
}

export function vrrpModel(
  instances: readonly VrrpInstanceModel[],
  changes: Partial<VrrpModel> = {},
): VrrpModel {
  return {
    instances,
    syncGroups: [],
    garpGroups: [],
    trackScripts: [],
    trackFiles: [],
    trackProcesses: [],
    fifo: false,
    noMailOnFault: false,
    startupDelay: 0,
    statics: { addresses: [], routing: [] },
    ...changes,
  };
}

/** A sync group of these instances. */
export function groupModel(
  members: readonly string[],
  changes: Partial<SyncGroupModel> = {},
): SyncGroupModel {
  return {
    name: "G1",
    members,
    notify: notifyModel(),
    smtpAlert: false,
    notifyPriorityChanges: false,
    ...changes,
  };
}

export function link(changes: Partial<LinkState> = {}): LinkState {
  return { index: 2, name: "eth0", up: true, running: true, mtu: 1500, mac: OWN_MAC, ...changes };
}

export function interfaceAddress(
  address: IpAddress,
  changes: Partial<InterfaceAddress> = {},
): InterfaceAddress {
  const family = familyOf(address);
  return {
    interface: "eth0",
    address,
    prefixLength: family === "ipv4" ? 24 : 64,
    family,
    scope: address.startsWith("fe80") ? 253 : 0,
    secondary: false,
    tentative: false,
    dadFailed: false,
    ...changes,
  };
}

export interface PacketChanges {
  readonly priority?: number;
  readonly source?: IpAddress;
  readonly destination?: IpAddress;
  readonly hopLimit?: number;
  readonly interval?: number;
  readonly addresses?: readonly IpAddress[];
  readonly virtualRouterId?: number;
  readonly authType?: number;
  readonly authData?: Uint8Array;
  readonly checksum?: "pseudo-header" | "message-only";
  readonly payload?: Uint8Array;
  readonly checksumVerified?: boolean;
}

/** An advertisement as another router of this instance would send it. */
export function advertFrom(model: VrrpInstanceModel, changes: PacketChanges = {}): PacketReceived {
  const base = {
    type: 1,
    virtualRouterId: changes.virtualRouterId ?? model.virtualRouterId,
    priority: changes.priority ?? 150,
    addresses: changes.addresses ?? model.virtualAddresses.map(({ address }) => address),
    advertisementInterval: changes.interval ?? model.advertisementInterval,
  };
  const packet: VrrpPacket =
    model.version === 2
      ? {
          version: 2,
          ...base,
          authType: changes.authType ?? 0,
          authData: changes.authData ?? new Uint8Array(8),
        }
      : { version: 3, ...base };
  const source = changes.source ?? (model.family === "ipv4" ? PEER : "fe80::2");
  const destination = changes.destination ?? model.multicastGroup;
  const checksum = changes.checksum ?? model.v3Checksum;
  return {
    kind: "PacketReceived",
    interface: model.interface,
    family: model.family,
    source,
    destination,
    hopLimit: changes.hopLimit ?? 255,
    payload: changes.payload ?? encodeVrrp(packet, { family: model.family, source, destination, checksum }),
    checksumVerified: changes.checksumVerified ?? false,
  };
}

type ActionOf<Kind> = Kind extends AddressChange["kind"]
  ? AddressChange
  : Kind extends RoutingChange["kind"]
    ? RoutingChange
    : Extract<VrrpAction, { readonly kind: Kind }>;

export function isKernelChange(action: VrrpAction): action is KernelChange {
  return "addresses" in action || "items" in action;
}

/** An engine on a virtual clock, with what it asked for. Kernel actions are answered at once unless told otherwise. */
export class Driver {
  now: Instant = seconds(1000);
  engine: VrrpEngine;
  /** What the last call returned, or all since {@link run} began. */
  actions: VrrpAction[] = [];
  /** Since the start. */
  readonly allActions: VrrpAction[] = [];
  /** Answers a request for an address, or for the key of a route or rule: done, failed with this errno, or nothing. */
  answer: (subject: string, kind: KernelChange["kind"]) => "done" | "lost" | string = () => "done";

  /** The same for requests to drop packets. */
  dropAnswer: "done" | "lost" | string = "done";

  constructor(options: VrrpEngineOptions = {}) {
    this.engine = createVrrpEngine(options);
  }

  /** A link, an address, the configuration: an engine that has begun. */
  static start(model: VrrpModel | VrrpInstanceModel): Driver {
    const driver = new Driver();
    driver.feed({ kind: "LinkChanged", link: link() });
    for (const address of [OWN_ADDRESS, "fe80::1"]) {
      driver.feed({ kind: "AddressAdded", address: interfaceAddress(address), origin: "other" });
    }
    const whole = "instances" in model ? model : vrrpModel([model]);
    driver.feed({ kind: "ConfigChanged", model: whole });
    return driver;
  }

  /** One input now; answers to what it asks for follow. */
  feed(input: VrrpInput): readonly VrrpAction[] {
    this.actions = [];
    this.#handle(input);
    return this.actions;
  }

  /** Lets this much time pass, serving each deadline at its instant. */
  run(span: number): readonly VrrpAction[] {
    this.actions = [];
    const end = this.now + span;
    for (let due = this.engine.nextDeadline(); due !== undefined && due <= end; ) {
      this.now = Math.max(this.now, due);
      this.#handle({ kind: "ClockReached" });
      const next = this.engine.nextDeadline();
      if (next !== undefined && next <= this.now && next === due) throw new Error(`stuck at ${due}`);
      due = next;
    }
    this.now = end;
    return this.actions;
  }

  /** Lets time pass without serving any deadline. */
  sleep(span: number): void {
    this.now += span;
  }

  instance(name = "VI_1"): InstanceSnapshot {
    const found = this.engine.snapshot(this.now).instances.find((instance) => instance.name === name);
    if (found === undefined) throw new Error(`no instance ${name}`);
    return found;
  }

  get state(): string {
    return this.instance().state;
  }

  /** Priorities of the advertisements among the actions. */
  get adverts(): number[] {
    return this.headers.map(({ priority }) => priority);
  }

  get headers(): VrrpHeader[] {
    return this.actions.flatMap((action) => {
      const header =
        action.kind === "SendAdvertisement" ? peekVrrp(action.payload, action.family) : undefined;
      return header === undefined ? [] : [header];
    });
  }

  get kinds(): string[] {
    return this.actions.map(({ kind }) => kind);
  }

  get events(): VrrpEvent[] {
    return this.actions.flatMap((action) => (action.kind === "Emit" ? [action.event] : []));
  }

  /** State changes of sync groups. */
  get groupEvents(): GroupEvent[] {
    return this.actions.flatMap((action) => (action.kind === "EmitGroup" ? [action.event] : []));
  }

  /** Events of one kind. */
  eventsOf<Kind extends VrrpEvent["kind"]>(kind: Kind): Extract<VrrpEvent, { kind: Kind }>[] {
    return this.events.filter((event): event is Extract<VrrpEvent, { kind: Kind }> => event.kind === kind);
  }

  get frames(): Uint8Array[] {
    return this.actions.flatMap((action) => (action.kind === "SendFrames" ? [...action.frames] : []));
  }

  actionsOf<Kind extends VrrpAction["kind"]>(kind: Kind): ActionOf<Kind>[] {
    return this.actions.filter((action): action is ActionOf<Kind> => action.kind === kind);
  }

  #answerDrop(id: number, epoch: number): void {
    if (this.dropAnswer === "lost") return;
    if (this.dropAnswer === "done") this.#handle({ kind: "DroppingDone", id, epoch });
    else {
      const error = { call: "nftables", errno: this.dropAnswer, subject: "table keepalived" };
      this.#handle({ kind: "DroppingFailed", id, epoch, error });
    }
  }

  #handle(input: VrrpInput): void {
    const actions = this.engine.handle(this.now, input);
    this.actions.push(...actions);
    this.allActions.push(...actions);
    for (const action of actions) {
      if (action.kind === "DropPackets") this.#answerDrop(action.id, action.epoch);
      if (!isKernelChange(action)) continue;
      const { kind, id, epoch } = action;
      const asked =
        "addresses" in action
          ? action.addresses.map((one) => ({ subject: one.address, item: addressKey(one) }))
          : action.items.map(({ key }) => ({ subject: key, item: key }));
      for (const { subject, item } of asked) {
        const answer = this.answer(subject, kind);
        if (answer === "done") this.#handle({ kind: "ActionDone", id, epoch, item });
        else if (answer !== "lost") {
          const error = { call: kind, errno: answer, subject };
          this.#handle({ kind: "ActionFailed", id, epoch, item, error });
        }
      }
    }
  }
}
