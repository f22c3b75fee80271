/** What the engine knows of the host: links, their addresses, and what scripts, BFD sessions, files and processes say. */
import type { IpAddress } from "../base/ip.ts";
import { interfacesOf } from "../base/routing.ts";
import type { TrackScriptJudgement } from "../model/model.ts";
import type { ProcessQuorum } from "../model/tracker-models.ts";
import type { CauseDetail } from "./cause.ts";
import type { Gateway, InterfaceAddress, LinkState } from "./input.ts";
import type { BfdMemory, HeldRecord, MeasuredMemory, ScriptMemory } from "./memory.ts";

export interface Surroundings {
  readonly links: Map<string, LinkState>;
  /** Addresses by interface, in the order in which they came. */
  readonly addresses: Map<string, InterfaceAddress[]>;
  readonly scripts: Map<string, ScriptMemory>;
  readonly judgements: Map<string, TrackScriptJudgement>;
  readonly bfds: Map<string, BfdMemory>;
  readonly files: Map<string, MeasuredMemory>;
  readonly processes: Map<string, MeasuredMemory>;
  readonly quorums: Map<string, ProcessQuorum>;
  /** Static entries by key. */
  readonly statics: ReadonlyMap<string, HeldRecord>;
  gateways: readonly Gateway[];
  /** Last known addresses of host names. */
  readonly hosts: Map<string, IpAddress>;
}

export function emptySurroundings(statics: ReadonlyMap<string, HeldRecord>): Surroundings {
  return {
    links: new Map(),
    addresses: new Map(),
    scripts: new Map(),
    judgements: new Map(),
    bfds: new Map(),
    files: new Map(),
    processes: new Map(),
    quorums: new Map(),
    statics,
    gateways: [],
    hosts: new Map(),
  };
}

/** Addresses of an interface; of the whole host for the empty name. */
export function addressesOn(surroundings: Surroundings, name: string): readonly InterfaceAddress[] {
  return name === "" ? [...surroundings.addresses.values()].flat() : (surroundings.addresses.get(name) ?? []);
}

/** Notes an address, or its new attributes. */
export function noteAddress(surroundings: Surroundings, address: InterfaceAddress): void {
  const list = surroundings.addresses.get(address.interface);
  if (list === undefined) {
    surroundings.addresses.set(address.interface, [address]);
    return;
  }
  const index = list.findIndex((known) => sameAddress(known, address));
  if (index < 0) list.push(address);
  else list[index] = address;
}

export function forgetAddress(surroundings: Surroundings, address: InterfaceAddress): void {
  const list = surroundings.addresses.get(address.interface);
  if (list === undefined) return;
  const kept = list.filter((known) => !sameAddress(known, address));
  if (kept.length > 0) surroundings.addresses.set(address.interface, kept);
  else surroundings.addresses.delete(address.interface);
}

/** What keeps a link from being used, in the words of the cause; undefined if nothing does. */
export function linkProblem(link: LinkState | undefined): "missing" | "down" | "no carrier" | undefined {
  if (link === undefined) return "missing";
  if (!link.up) return "down";
  return link.running ? undefined : "no carrier";
}

/** What keeps a static entry from being there, for the instances of its `track_group`. */
export function staticProblem(
  record: HeldRecord,
  links: ReadonlyMap<string, LinkState>,
): CauseDetail | undefined {
  for (const name of devicesOf(record)) {
    const reason = linkProblem(links.get(name));
    if (reason !== undefined) return { kind: "interface", name, up: false, reason };
  }
  if (record.state !== "failed") return undefined;
  return { kind: "static-entry", item: record.key, why: record.error ?? "deleted by others" };
}

/** Interfaces without which the kernel cannot have it. */
export function devicesOf(record: HeldRecord): readonly string[] {
  if (record.kind === "address") return [record.model.interface];
  return record.model.kind === "route" ? interfacesOf(record.model.route) : [];
}

function sameAddress(a: InterfaceAddress, b: InterfaceAddress): boolean {
  return a.address === b.address && a.prefixLength === b.prefixLength;
}
