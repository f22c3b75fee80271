/**
 * The advertisement that a backup hears every second, for months: the very bytes it obeyed before, from the same source in
 * the same way. All that its verdict depended on is compared with what it was then; if nothing differs, only the timer moves.
 * What is remembered here is no memory of the engine: without it the same comes about by the long way.
 */
import { equalBytes } from "../base/bytes.ts";
import type { PacketReceived } from "./input.ts";
import type { Instance } from "./instance.ts";
import { masterDownOf } from "./instance.ts";
import type { BackupPhase } from "./memory.ts";
import type { Obeyed } from "./obeyed.ts";
import { sparesMaster } from "./orders.ts";
import { compareAddressLists } from "./receive.ts";
import type { Turn } from "./turn.ts";

/** Whether the packet is the one obeyed last, once more; then it has been dealt with. */
export function hearAgain(turn: Turn, instance: Instance, packet: PacketReceived): boolean {
  const { obeyed, memory } = instance;
  if (obeyed === undefined || !isSamePacket(obeyed, packet) || !isSameState(obeyed, instance)) return false;
  memory.statistics.advertisementsReceived++;
  memory.lastHeard = turn.now;
  obeyed.phase.masterDownAt = turn.now + masterDownOf(instance);
  return true;
}

/** Remembers a packet that has just been obeyed, if its next like can be dealt with in short. */
export function rememberObeyed(turn: Turn, instance: Instance, packet: PacketReceived): void {
  const { model, memory } = instance;
  const { phase } = memory;
  instance.obeyed = undefined;
  if (phase.kind !== "BACKUP" || phase.masterDownAt !== turn.now + masterDownOf(instance)) return;
  if (memory.lastHeard !== turn.now || !isPlain(phase)) return;
  // Signed ones differ each time, and peers may be host names.
  if (model.authHmac !== undefined || model.unicast !== undefined || packet.ipHeader !== undefined) return;
  if (compareAddressLists(packet, instance.addressList, instance.addressBytes) !== undefined) return;
  instance.obeyed = {
    payload: packet.payload.slice(),
    source: packet.source,
    destination: packet.destination,
    hopLimit: packet.hopLimit,
    checksumVerified: packet.checksumVerified,
    model,
    phase,
    effectivePriority: memory.effectivePriority,
    sourceAddress: memory.sourceAddress,
    masterPriority: memory.masterPriority,
    masterInterval: memory.masterInterval,
    sparesMaster: sparesMaster(instance),
  };
}

function isSamePacket(obeyed: Obeyed, packet: PacketReceived): boolean {
  return (
    packet.source === obeyed.source &&
    packet.destination === obeyed.destination &&
    packet.hopLimit === obeyed.hopLimit &&
    packet.checksumVerified === obeyed.checksumVerified &&
    packet.ipHeader === undefined &&
    equalBytes(packet.payload, obeyed.payload)
  );
}

function isSameState(obeyed: Obeyed, instance: Instance): boolean {
  const { memory, model, group } = instance;
  return (
    memory.phase === obeyed.phase &&
    model === obeyed.model &&
    memory.masterAddress === obeyed.source &&
    memory.masterPriority === obeyed.masterPriority &&
    memory.masterInterval === obeyed.masterInterval &&
    memory.effectivePriority === obeyed.effectivePriority &&
    memory.sourceAddress === obeyed.sourceAddress &&
    sparesMaster(instance) === obeyed.sparesMaster &&
    isPlain(obeyed.phase) &&
    group?.joining !== true &&
    isEmpty(memory.droppedSince)
  );
}

/** Nothing but its timer is of interest. */
function isPlain({ preemptAt, discarded, resigned, wanted }: BackupPhase): boolean {
  return preemptAt === undefined && discarded === undefined && resigned === undefined && wanted === undefined;
}

function isEmpty(counters: object): boolean {
  for (const _ in counters) return false;
  return true;
}
