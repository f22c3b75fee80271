/** A packet's way to the automaton: whose it is, whether it counts, and what is said about it if not. */
import type { VrrpHeader } from "../wire/vrrp.ts";
import { peekVrrp } from "../wire/vrrp.ts";
import { receiveAdvertisement } from "./automaton.ts";
import type { DropReason } from "./event.ts";
import type { PacketReceived } from "./input.ts";
import type { Instance } from "./instance.ts";
import { compareAddressLists, describeDrop, dropReason } from "./receive.ts";
import type { Roster } from "./roster.ts";
import type { Turn } from "./turn.ts";
import { emit, reportOnce } from "./turn.ts";

/** Handles one packet and returns the instance it concerned, if any. */
export function receivePacket(turn: Turn, roster: Roster, packet: PacketReceived): Instance | undefined {
  const header = peekVrrp(packet.payload, packet.family);
  if (header === undefined) {
    count(turn.memory.dropped, "too-short");
    return undefined;
  }
  const instance = roster.at(packet.interface, packet.family, header.virtualRouterId);
  if (instance === undefined) {
    count(turn.memory.dropped, "unknown-virtual-router");
    return undefined;
  }
  const { memory, model, authData } = instance;
  const { kind } = memory.phase;
  if (kind !== "MASTER" && kind !== "BACKUP") {
    count(memory.statistics.dropped, "not-ready");
    return instance;
  }
  const reason = dropReason(packet, header, { model, ownAddress: memory.sourceAddress, authData });
  if (reason === undefined) {
    const trusted = model.skipCheckAdvAddr && packet.source === memory.masterAddress;
    receiveAdvertisement(turn, instance, packet, header);
    if (!trusted) checkAddressList(turn, instance, packet);
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
  const suppressed = reportOnce(instance, `${reason} ${source}`);
  if (suppressed === undefined) return;
  const detail = describeDrop(reason, packet, header, model);
  emit(turn, instance, { kind: "PacketDropped", reason, source, detail, suppressed });
}

/** Another list of addresses is a mistake in somebody's configuration, and no reason to have two masters. */
function checkAddressList(turn: Turn, instance: Instance, packet: PacketReceived): void {
  const { source } = packet;
  const difference = compareAddressLists(packet, instance.addressList, instance.addressBytes);
  if (difference === undefined) return;
  instance.memory.statistics.addressListErrors++;
  if (reportOnce(instance, `address list ${source}`) === undefined) return;
  emit(turn, instance, { kind: "AddressListDiffers", source, ...difference });
}

function count(counters: Partial<Record<DropReason, number>>, reason: DropReason): void {
  counters[reason] = (counters[reason] ?? 0) + 1;
}
