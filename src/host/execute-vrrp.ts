/**
 * Carries out the VRRP engine's actions in their order: advertisements at once, addresses, routes and rules through
 * the netlink thread, announcements by a packet socket. Decides nothing; what the kernel answers goes back to the engine as inputs.
 */
import type { IpAddress } from "../base/ip.ts";
import type { OsError } from "../base/result.ts";
import { addressKey } from "../base/routing.ts";
import type { FirewallModel } from "../model/host-settings.ts";
import type { RoutingModel, VirtualAddressModel, VrrpModel } from "../model/model.ts";
import type {
  AddressChange,
  AskNeighbours,
  DropPackets,
  RoutingChange,
  RunNotify,
  SendAdvertisement,
  SendFrames,
  VrrpAction,
} from "../vrrp/action.ts";
import type { GroupEvent, VrrpEvent } from "../vrrp/event.ts";
import type { VrrpInput } from "../vrrp/input.ts";
import type { NeighbourSight } from "../wire/neighbour-sight.ts";
import { neighbourSight } from "../wire/neighbour-sight.ts";
import type { ArpSocket } from "./arp-socket.ts";
import { openArpSocket } from "./arp-socket.ts";
import { DroppedPackets } from "./dropped-packets.ts";
import type { EchoSocket } from "./echo-socket.ts";
import { openEchoSocket } from "./echo-socket.ts";
import type { Loop } from "./loop.ts";
import { SystemError } from "./native.ts";
import type { ChangeDone, Netlink } from "./netlink.ts";
import { RequestWindow } from "./request-window.ts";
import { Sequencer } from "./sequencer.ts";
import { interfaceIndex } from "./system.ts";
import { openVmacReceiver } from "./vmac-receiver.ts";
import type { WantedSocket } from "./vrrp-places.ts";
import { receiversOf, socketKey, socketsOf } from "./vrrp-places.ts";
import type { VrrpSocket } from "./vrrp-socket.ts";
import { openVrrpSocket } from "./vrrp-socket.ts";

/** What leaves the executor again. */
export interface VrrpListener {
  /** To the engine: packets, claims, and how kernel actions ended. */
  input(input: VrrpInput): void;
  /** To the ledger: `added` comes before the requests, `removed` after each one's success. */
  ledger(
    change: "added" | "removed",
    instance: string,
    items: readonly (VirtualAddressModel | RoutingModel)[],
  ): void;
  notify(request: RunNotify): void;
  mail(subject: string, body: string): void;
  fifo(line: string): void;
  event(event: VrrpEvent): void;
  groupEvent(event: GroupEvent): void;
  stopped(): void;
  /** A socket or packet was refused by the system; each kind is told once. */
  trouble(error: OsError): void;
}

interface OpenSocket<S> {
  readonly index: number;
  readonly socket: S;
}

/** Enough to keep the netlink thread busy. What comes back in one turn must be digested by code that may be cold: 0.5 ms each. */
const REQUESTS_UNDER_WAY = 8;

/** Without permission nothing works: better no router than one that is mute. */
const FORBIDDEN: ReadonlySet<string> = new Set(["EPERM", "EACCES"]);

export class VrrpExecutor {
  readonly #loop: Loop;
  readonly #netlink: Netlink;
  readonly #listener: VrrpListener;
  readonly #vrrp = new Map<string, OpenSocket<VrrpSocket> & { readonly receives: boolean }>();
  readonly #receivers = new Map<string, OpenSocket<{ close(): void }>>();
  readonly #arp = new Map<string, OpenSocket<ArpSocket>>();
  #echo: EchoSocket | undefined;
  readonly #troubles = new Set<string>();
  /** Of one instance, requests for addresses and for dropping packets go one after the other. */
  readonly #order = new Sequencer();
  readonly #dropped: DroppedPackets;
  readonly #window = new RequestWindow(REQUESTS_UNDER_WAY);
  #model: VrrpModel = {
    instances: [],
    syncGroups: [],
    garpGroups: [],
    trackScripts: [],
    trackFiles: [],
    trackProcesses: [],
    fifo: false,
    noMailOnFault: false,
    startupDelay: 0,
    statics: { addresses: [], routing: [] },
  };
  /** Virtual addresses by interface. */
  #watched: ReadonlyMap<string, ReadonlySet<IpAddress>> = new Map();

  constructor(loop: Loop, netlink: Netlink, listener: VrrpListener) {
    this.#loop = loop;
    this.#netlink = netlink;
    this.#listener = listener;
    this.#dropped = new DroppedPackets(
      loop,
      (name) => this.#indexOf(name),
      (error) => this.#listener.trouble(error),
    );
  }

  /** What a life before may have left in nftables: it goes now, or is taken over. */
  clearFirewall(model: FirewallModel | undefined, done: () => void): void {
    this.#dropped.clearLeftovers(model, done);
  }

  takeOverFirewall(): void {
    this.#dropped.takeOver();
  }

  /** Removes our nftables table at the end. */
  removeFirewall(done: () => void): void {
    this.#dropped.remove(done);
  }

  /** Takes the model whose sockets are needed from now on, and opens them as far as their interfaces exist. */
  configure(model: VrrpModel): void {
    this.#model = model;
    const watched = new Map<string, Set<IpAddress>>();
    for (const instance of model.instances) {
      for (const { interface: name, address } of [
        ...instance.virtualAddresses,
        ...instance.excludedAddresses,
      ]) {
        const set = watched.get(name) ?? new Set();
        watched.set(name, set.add(address));
      }
    }
    this.#watched = watched;
    this.#netlink.watchRouting([
      ...model.statics.routing,
      ...model.instances.flatMap(({ routing }) => routing),
    ]);
    this.#refreshEcho();
    this.#dropped.configure(model.firewall, (error) => this.#trouble(error));
    this.refreshSockets();
  }

  /** To be called when links came, went or were made again: opens what is missing and closes what is stale. */
  refreshSockets(): void {
    const wanted = socketsOf(this.#model);
    for (const [key, open] of this.#vrrp) {
      const socket = wanted.get(key);
      const stays = socket?.receives === open.receives && this.#indexOf(socket.interface) === open.index;
      if (stays) continue;
      open.socket.close();
      this.#vrrp.delete(key);
    }
    for (const [key, socket] of wanted) {
      const open = this.#vrrp.get(key)?.socket;
      if (open === undefined) this.#openVrrp(key, socket);
      else this.#attempt(`groups of ${key}`, () => open.setGroups(socket.multicastGroups));
    }
    this.#refreshReceivers();
    for (const [name, open] of this.#arp) {
      if (this.#watched.has(name) && this.#indexOf(name) === open.index) continue;
      open.socket.close();
      this.#arp.delete(name);
    }
    for (const name of this.#watched.keys()) if (!this.#arp.has(name)) this.#openArp(name);
    this.#dropped.refresh((error) => this.#trouble(error));
  }

  execute(actions: readonly VrrpAction[]): void {
    let queued = false;
    for (const action of actions) {
      if (action.kind === "SendAdvertisement") {
        this.#queueAdvertisement(action);
        queued = true;
        continue;
      }
      if (queued) this.#flush();
      queued = false;
      this.#executeOne(action);
    }
    if (queued) this.#flush();
  }

  close(): void {
    this.#echo?.close();
    this.#echo = undefined;
    for (const { socket } of this.#vrrp.values()) socket.close();
    for (const { socket } of this.#arp.values()) socket.close();
    for (const { socket } of this.#receivers.values()) socket.close();
    this.#receivers.clear();
    this.#vrrp.clear();
    this.#arp.clear();
  }

  #executeOne(action: Exclude<VrrpAction, SendAdvertisement>): void {
    switch (action.kind) {
      case "AddAddresses":
      case "RemoveAddresses":
        this.#order.run(action.instance, "addresses", (done) => this.#changeAddresses(action, done));
        return;
      case "DropPackets":
        this.#order.run(action.instance, "rules", (done) => this.#dropPackets(action, done));
        return;
      case "AddRouting":
      case "RemoveRouting":
        this.#changeRouting(action);
        return;
      case "SendFrames":
      case "AskNeighbours":
        this.#sendFrames(action);
        return;
      case "RunNotify":
        this.#listener.notify(action);
        return;
      case "SendMail":
        this.#listener.mail(action.subject, action.body);
        return;
      case "WriteFifo":
        this.#listener.fifo(action.line);
        return;
      case "Emit":
        this.#listener.event(action.event);
        return;
      case "EmitGroup":
        this.#listener.groupEvent(action.event);
        return;
      case "Stopped":
        this.#listener.stopped();
        return;
    }
  }

  #queueAdvertisement(action: SendAdvertisement): void {
    const open = this.#vrrp.get(socketKey(action.interface, action.family, action.ah === true, action.from));
    if (open === undefined) {
      const error = { call: "sendmsg", errno: "ENODEV", subject: `${action.interface} (advertisement)` };
      if (this.#isUsable(action.interface)) this.#trouble(error);
      return;
    }
    if (open.socket.queue(action.payload, action.from, action.to, action.hopLimit)) return;
    this.#flush();
    open.socket.queue(action.payload, action.from, action.to, action.hopLimit);
  }

  #flush(): void {
    for (const [key, { socket }] of this.#vrrp) {
      const [first] = socket.flush();
      if (first !== undefined && this.#isUsable(key.split(" ")[0] ?? "")) this.#trouble(first);
    }
  }

  #sendFrames(action: SendFrames | AskNeighbours): void {
    const open = this.#arp.get(action.interface);
    const failed =
      open === undefined
        ? { call: "sendmsg", errno: "ENODEV", subject: `${action.interface} (announcement)` }
        : open.socket.sendFrames(action.frames)?.error;
    if (failed !== undefined && this.#isUsable(action.interface)) this.#trouble(failed);
  }

  #dropPackets(action: DropPackets, done: () => void): void {
    const { id, epoch } = action;
    this.#dropped.drop(action.key, action.addresses, (error) => {
      done();
      if (error === undefined) this.#listener.input({ kind: "DroppingDone", id, epoch });
      else this.#listener.input({ kind: "DroppingFailed", id, epoch, error });
    });
  }

  #changeAddresses(action: AddressChange, done: () => void): void {
    const adding = action.kind === "AddAddresses";
    let waiting = action.addresses.length;
    if (adding) this.#listener.ledger("added", action.instance, action.addresses);
    for (const address of action.addresses) {
      const ended: ChangeDone = (error) => {
        const answer = { id: action.id, epoch: action.epoch, item: addressKey(address) };
        waiting--;
        if (waiting === 0) done();
        if (!adding && error === undefined) this.#listener.ledger("removed", action.instance, [address]);
        if (error === undefined) this.#listener.input({ kind: "ActionDone", ...answer });
        else this.#listener.input({ kind: "ActionFailed", ...answer, error });
      };
      // What stands on an interface that was renamed is removed there.
      const former = adding ? undefined : this.#netlink.formerIndex(address.interface);
      const index = former ?? this.#indexOf(address.interface);
      if (index === undefined) {
        // An address of an interface that is gone is gone as well. The answer must not come within `execute`.
        const error = { call: "RTM_NEWADDR", errno: "ENODEV", subject: address.interface };
        queueMicrotask(() => ended(adding ? error : undefined));
        continue;
      }
      this.#window.run((answered) => {
        const both: ChangeDone = (error) => {
          answered();
          ended(error);
        };
        if (adding) this.#netlink.addAddress({ ...address, index }, both);
        else this.#netlink.removeAddress({ ...address, index }, both);
      });
    }
  }

  #changeRouting(action: RoutingChange): void {
    const { id, epoch, instance, items } = action;
    const adding = action.kind === "AddRouting";
    if (adding) this.#listener.ledger("added", instance, items);
    for (const item of items) {
      const ended: ChangeDone = (error) => {
        const answer = { id, epoch, item: item.key };
        if (!adding && error === undefined) this.#listener.ledger("removed", instance, [item]);
        if (error === undefined) this.#listener.input({ kind: "ActionDone", ...answer });
        else this.#listener.input({ kind: "ActionFailed", ...answer, error });
      };
      this.#window.run((answered) =>
        this.#netlink.changeRouting(adding ? "add" : "remove", item, (error) => {
          answered();
          ended(error);
        }),
      );
    }
  }

  /** The ears of VMACs. */
  #refreshReceivers(): void {
    const wanted = receiversOf(this.#model);
    for (const [key, open] of this.#receivers) {
      const receiver = wanted.get(key);
      if (receiver !== undefined && this.#indexOf(receiver.interface) === open.index) continue;
      open.socket.close();
      this.#receivers.delete(key);
    }
    for (const [key, receiver] of wanted) {
      const index = this.#indexOf(receiver.interface);
      if (this.#receivers.has(key) || index === undefined) continue;
      const opened = this.#attempt(`packet socket ${key}`, () =>
        openVmacReceiver(this.#loop, { ...receiver, index }, (packet) => this.#listener.input(packet)),
      );
      if (opened !== undefined) this.#receivers.set(key, { index, socket: opened });
    }
  }

  #openVrrp(key: string, wanted: WantedSocket): void {
    const index = this.#indexOf(wanted.interface);
    if (index === undefined) return;
    const opened = this.#attempt(`socket ${key}`, () =>
      openVrrpSocket(this.#loop, { ...wanted, index }, (packet) => this.#listener.input(packet)),
    );
    if (opened !== undefined) this.#vrrp.set(key, { index, receives: wanted.receives, socket: opened });
  }

  #openArp(name: string): void {
    const index = this.#indexOf(name);
    if (index === undefined) return;
    const onFrame = (frame: Uint8Array): void => {
      const sight = neighbourSight(frame);
      if (sight === undefined || !this.#isOfInterest(name, sight)) return;
      this.#listener.input({ kind: "NeighbourSeen", interface: name, ...sight });
    };
    const opened = this.#attempt(`packet socket ${name}`, () =>
      openArpSocket(this.#loop, { interface: name, index, onFrame }),
    );
    if (opened !== undefined) this.#arp.set(name, { index, socket: opened });
  }

  /** What is about our virtual addresses, and answers to this host. */
  #isOfInterest(name: string, { operation, sender, target, to }: NeighbourSight): boolean {
    const watched = this.#watched.get(name);
    if (watched === undefined) return false;
    if (operation === "answer" && to === this.#netlink.linkByName(name)?.mac) return true;
    return watched.has(target) || (sender !== undefined && watched.has(sender));
  }

  /** Echoes are sent by masters that ask their IPv4 neighbours. */
  #refreshEcho(): void {
    const isWanted = this.#model.instances.some((one) => !one.announceOnly && one.family === "ipv4");
    if (isWanted) {
      this.#echo ??= this.#attempt("ICMP socket", () =>
        openEchoSocket(this.#loop, (from, to) => this.#listener.input({ kind: "EchoAnswered", from, to })),
      );
    } else {
      this.#echo?.close();
      this.#echo = undefined;
    }
  }

  #attempt<S>(what: string, open: () => S): S | undefined {
    try {
      const socket = open();
      this.#troubles.delete(what);
      return socket;
    } catch (error) {
      if (!(error instanceof SystemError) || FORBIDDEN.has(error.osError.errno)) throw error;
      this.#trouble(error.osError, what);
      return undefined;
    }
  }

  #trouble(error: OsError, key = `${error.call} ${error.errno} ${error.subject}`): void {
    if (this.#troubles.has(key)) return;
    this.#troubles.add(key);
    this.#listener.trouble(error);
  }

  /** Where it is down or gone, the link's own events say so. */
  #isUsable(name: string): boolean {
    if (name === "") return true;
    const link = this.#netlink.linkByName(name);
    return link?.up === true && link.running;
  }

  #indexOf(name: string): number | undefined {
    if (name === "") return 0;
    const known = this.#netlink.linkByName(name)?.index;
    // A warm start sends before the kernel's tables have been read.
    return known === undefined && !this.#netlink.synchronised ? interfaceIndex(name) : known;
  }
}
