/** A packet's way to the automaton: whose it is, whether it counts, and what is said about it if not. */
import type { VrrpHeader } from "../wire/vrrp.ts";
import { peekVrrp } from "../wire/vrrp.ts";
import { ahDropReason, clockSkew, withoutAh } from "./authenticate.ts";
import { receiveAdvertisement } from "./automaton.ts";
import { describeDrop } from "./drop-text.ts";
import type { DropReason } from "./event.ts";
import type { PacketReceived } from "./input.ts";
import type { Instance } from "./instance.ts";
import { compareAddressLists, dropReason } from "./receive.ts";
import { hearAgain, rememberObeyed } from "./repeat.ts";
import { noteUnheeded } from "./rival.ts";
import type { Roster } from "./roster.ts";
import type { Turn } from "./turn.ts";
import { emit, reportOnce } from "./turn.ts";

/** Handles one packet and returns the instance it concerned, if any. */
export function receivePacket(turn: Turn, roster: Roster, whole: PacketReceived): Instance | undefined {
  const packet = withoutAh(whole);
  const header = peekVrrp(packet.payload, packet.family);
  if (header === undefined) {
    count(turn.memory.dropped, "too-short");
    return undefined;
  }
  const instance = roster.at(packet, header.virtualRouterId);
  if (instance === undefined) {
    count(turn.memory.dropped, "unknown-virtual-router");
    return undefined;
  }
  if (hearAgain(turn, instance, whole)) return instance;
  const { memory, model } = instance;
  const { kind } = memory.phase;
  if (kind !== "MASTER" && kind !== "BACKUP") {
    count(memory.statistics.dropped, "not-ready");
    return instance;
  }
  const reason = ahDropReason(whole, instance) ?? dropReason(turn, instance, packet, header);
  if (reason === undefined) {
    const trusted = model.skipCheckAdvAddr && packet.source === memory.masterAddress;
    receiveAdvertisement(turn, instance, packet, header);
    if (!trusted) checkAddressList(turn, instance, packet, header);
    reportClockSkew(turn, instance, packet, header);
    rememberObeyed(turn, instance, whole);
  } else {
    drop(turn, instance, reason, packet, header);
  }
  return instance;
}

function drop(
  turn: Turn,
  instance: Instance,
  reason: DropReason,
  packet: PacketReceived,
  header: VrrpHeader,
): void {
  const { memory, model } = instance;
  count(memory.statistics.dropped, reason);
  count(memory.droppedSince, reason);
  const { source } = packet;
  if (isUnheeded(instance, reason, packet, header)) noteUnheeded(turn, instance, source);
  const suppressed = reportOnce(instance, `${reason} ${source}`);
  if (suppressed === undefined) return;
  const detail = describeDrop(reason, packet, header, model);
  emit(turn, instance, { kind: "PacketDropped", reason, source, detail, suppressed });
  if (IS_WELL_FORMED.has(reason)) reportClash(turn, instance, packet, header);
}

/** Somebody's good advertisement, by other rules than ours. */
const IS_WELL_FORMED: ReadonlySet<DropReason> = new Set([
  "version",
  "authentication-type",
  "authentication",
  "advertisement-interval",
  "auth-ext-missing",
  "auth-ext-unknown-key",
  "auth-ext-invalid",
  "destination",
  "unicast-source",
] as const);

/** Whether it is the advertisement of a master that holds an address of ours. */
function isUnheeded(
  instance: Instance,
  reason: DropReason,
  packet: PacketReceived,
  header: VrrpHeader,
): boolean {
  if (!IS_WELL_FORMED.has(reason) && reason !== "ah-invalid" && reason !== "ah-missing") return false;
  if (header.priority === 0) return false;
  const difference = compareAddressLists(packet, instance.addressList, instance.addressBytes);
  return difference === undefined || difference.missing.length < instance.addressList.length;
}

/** Says once that a router which shares no address with us uses our virtual router id. */
function reportClash(turn: Turn, instance: Instance, packet: PacketReceived, header: VrrpHeader): void {
  const { source } = packet;
  const difference = compareAddressLists(packet, instance.addressList, instance.addressBytes);
  if (difference === undefined || difference.extra.length === 0) return;
  if (difference.missing.length < instance.addressList.length) return;
  if (reportOnce(instance, `clash ${source}`) === undefined) return;
  const { virtualRouterId } = header;
  emit(turn, instance, {
    kind: "VirtualRouterIdClash",
    source,
    virtualRouterId,
    addresses: difference.extra,
  });
}

function reportClockSkew(turn: Turn, instance: Instance, packet: PacketReceived, header: VrrpHeader): void {
  const ahead = clockSkew(turn, instance, packet, header);
  if (ahead === undefined || reportOnce(instance, `clock ${packet.source}`) === undefined) return;
  emit(turn, instance, { kind: "ClockSkew", source: packet.source, ahead });
}

/** Another list of addresses is a mistake in somebody's configuration, and no reason to have two masters. */
function checkAddressList(turn: Turn, instance: Instance, packet: PacketReceived, header: VrrpHeader): void {
  const { source } = packet;
  const difference = compareAddressLists(packet, instance.addressList, instance.addressBytes);
  if (difference === undefined) return;
  instance.memory.statistics.addressListErrors++;
  if (reportOnce(instance, `address list ${source}`) === undefined) return;
  emit(turn, instance, { kind: "AddressListDiffers", source, ...difference });
  reportClash(turn, instance, packet, header);
}

function count(counters: Partial<Record<DropReason, number>>, reason: DropReason): void {
  counters[reason] = (counters[reason] ?? 0) + 1;
}
