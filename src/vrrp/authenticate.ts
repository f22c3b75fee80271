/**
 * Authentication of advertisements, both ways: the Authentication Header of version 2, and keepalived's signed trailer. What
 * they remember (sequence numbers) is in the instance's memory and changes only for what has been verified.
 */
import { concatBytes, fromHex } from "../base/bytes.ts";
import type { Instant, Micros } from "../base/time.ts";
import { MICROS_PER_SECOND } from "../base/time.ts";
import type { AuthHmacModel } from "../model/advertising.ts";
import { AH_LENGTH, encodeAhPacket, isVrrpAh, peekAh, verifyAh } from "../wire/ah.ts";
import type { AuthSequence, AuthSubject } from "../wire/auth-hmac.ts";
import {
  AUTH_TRAILER_LENGTH,
  decodeAuthTrailer,
  isAfter,
  nextSequence,
  secondsBetween,
  sequenceOf,
  signMessage,
  verifyTrailer,
} from "../wire/auth-hmac.ts";
import type { VrrpHeader } from "../wire/vrrp.ts";
import { vrrpTrailer } from "../wire/vrrp.ts";
import type { SendAdvertisement } from "./action.ts";
import type { DropReason } from "./event.ts";
import type { PacketReceived } from "./input.ts";
import type { Instance } from "./instance.ts";
import type { AuthSender, InstanceMemory } from "./memory.ts";
import type { Turn } from "./turn.ts";

/** Senders that are no peers are remembered up to this number, the ones heard last. */
const MOST_STRANGERS = 4;
const LAST_SEQUENCE = 0xffff_ffff;
const LAST_IDENTIFICATION = 0xffff;
/** Advertisements that a master may have sent between two of its regular ones. */
const UNSEEN_ANSWERS = 16;

/** The advertisements of one moment as they leave: signed, wrapped, or as they are. */
export function authenticated(
  turn: Turn,
  instance: Instance,
  adverts: readonly SendAdvertisement[],
): readonly SendAdvertisement[] {
  const { model } = instance;
  if (model.authHmac !== undefined && model.authHmac.mode !== "receive-only") {
    return signed(turn, instance, model.authHmac, adverts);
  }
  return model.authentication.kind === "ah" ? wrapped(instance, adverts) : adverts;
}

/** Signed once: the signature says nothing of the destination. */
function signed(
  turn: Turn,
  instance: Instance,
  authHmac: AuthHmacModel,
  adverts: readonly SendAdvertisement[],
): readonly SendAdvertisement[] {
  const { model, memory } = instance;
  const [first] = adverts;
  const key = authHmac.keys.find(({ id }) => id === authHmac.activeKey);
  if (first === undefined || key === undefined) return adverts;
  const { family, version, virtualRouterId } = model;
  const sequence = takeSequence(memory, authHmac, sequenceOf(wallClock(turn)));
  const subject = { family, version, virtualRouterId, source: first.from };
  const trailer = signMessage(first.payload, subject, key.id, fromHex(key.secret), sequence);
  return adverts.map((advert) => ({ ...advert, payload: concatBytes(advert.payload, trailer) }));
}

/** The wall clock or one more than last time, whichever is greater; after a step back of the clock, the clock. */
function takeSequence(memory: InstanceMemory, authHmac: AuthHmacModel, clock: AuthSequence): AuthSequence {
  const last = memory.authSent;
  let next = clock;
  if (last !== undefined && !isAfter(clock, last)) {
    const ahead = secondsBetween(clock.seconds, last.seconds);
    const stranded = authHmac.antiReplay === "time" && ahead > authHmac.timeWindow;
    if (!stranded) next = nextSequence(last);
  }
  memory.authSent = next;
  return next;
}

/** All with one number, as keepalived has it. */
function wrapped(instance: Instance, adverts: readonly SendAdvertisement[]): readonly SendAdvertisement[] {
  const { memory, authData } = instance;
  memory.ahSequence = memory.ahSequence >= LAST_SEQUENCE ? 1 : memory.ahSequence + 1;
  memory.ahOwn = true;
  memory.ipIdentification = (memory.ipIdentification % LAST_IDENTIFICATION) + 1;
  const shared = {
    identification: memory.ipIdentification,
    sequence: memory.ahSequence,
    key: authData,
  };
  return adverts.map((advert) => {
    const { from: source, to: destination, hopLimit: ttl } = advert;
    return {
      ...advert,
      ah: true,
      payload: encodeAhPacket(advert.payload, { ...shared, source, destination, ttl }),
    };
  });
}

/**
 * A snapshot is as old as the last event, and its master has spoken ever since: it goes on past all that it may have said,
 * because the others take what they have heard for old.
 */
export function passAhSequence({ model, memory }: Instance, advertAt: Instant, now: Instant): void {
  if (model.authentication.kind !== "ah") return;
  const missed = Math.max(0, Math.ceil((now - advertAt) / model.advertisementInterval));
  memory.ahSequence = Math.min(LAST_SEQUENCE, memory.ahSequence + missed + UNSEEN_ANSWERS);
}

/** The message of a packet without its Authentication Header. */
export function withoutAh(packet: PacketReceived): PacketReceived {
  return packet.ipHeader === undefined ? packet : { ...packet, payload: packet.payload.subarray(AH_LENGTH) };
}

/** The first check on a packet's Authentication Header that fails; `packet` is as it came. */
export function ahDropReason(packet: PacketReceived, instance: Instance): DropReason | undefined {
  const { model, memory, authData } = instance;
  const { ipHeader, payload } = packet;
  if (ipHeader === undefined) return model.authentication.kind === "ah" ? "ah-missing" : undefined;
  if (model.authentication.kind !== "ah") return "authentication-type";
  const header = peekAh(payload);
  if (header === undefined || !isVrrpAh(header)) return "ah-malformed";
  if (!verifyAh(ipHeader, payload, authData)) return "ah-invalid";
  if (!isNewAhSequence(memory, header.sequence)) return "ah-replay";
  memory.ahSequence = header.sequence;
  memory.ahOwn = false;
  return undefined;
}

/**
 * Whether nobody else has used the number. Two masters that speak at once say the same one: taken for old by both, it would
 * leave both master for as long as their timers keep step.
 */
function isNewAhSequence({ ahSequence, ahOwn }: InstanceMemory, sequence: number): boolean {
  return sequence > ahSequence || (ahOwn && sequence === ahSequence);
}

/**
 * Goes on from the number of a router that we outrank, or that outranks us: keepalived's routers share one count, and would
 * take ours for old.
 */
export function syncAhSequence(instance: Instance, packet: PacketReceived, change: 1 | -1): void {
  if (instance.model.authentication.kind !== "ah" || packet.ipHeader === undefined) return;
  instance.memory.ahSequence = Math.max(0, instance.memory.ahSequence + change);
}

/** The first check on a packet's trailer that fails. */
export function trailerDropReason(
  turn: Turn,
  instance: Instance,
  packet: PacketReceived,
  header: VrrpHeader,
  isPeer: boolean,
): DropReason | undefined {
  const { model, memory } = instance;
  const { authHmac } = model;
  if (authHmac === undefined) return undefined;
  const bytes = vrrpTrailer(packet.payload, header.length);
  if (bytes.length !== AUTH_TRAILER_LENGTH) {
    if (authHmac.mode === "enforce") return "auth-ext-missing";
    memory.statistics.unsignedReceived++;
    return undefined;
  }
  const trailer = decodeAuthTrailer(bytes);
  if (trailer === undefined) return "auth-ext-malformed";
  const seconds = sequenceOf(wallClock(turn)).seconds;
  if (authHmac.antiReplay === "time" && isOutside(trailer.sequence, seconds, authHmac))
    return "auth-ext-stale";
  const key = authHmac.keys.find(({ id }) => id === trailer.keyId);
  if (key === undefined) return "auth-ext-unknown-key";
  const subject: AuthSubject = {
    family: model.family,
    version: header.version,
    virtualRouterId: header.virtualRouterId,
    source: packet.source,
  };
  const message = packet.payload.subarray(0, header.length);
  if (!verifyTrailer(message, bytes, subject, fromHex(key.secret))) return "auth-ext-invalid";
  if (!noteSender(memory, authHmac, { source: packet.source, isPeer, sequence: trailer.sequence }, seconds)) {
    return "auth-ext-replay";
  }
  memory.statistics.signedReceived++;
  return undefined;
}

/** How far the clock of a good trailer's sender is from ours, if that is more than half of what is allowed. */
export function clockSkew(
  turn: Turn,
  instance: Instance,
  packet: PacketReceived,
  header: VrrpHeader,
): Micros | undefined {
  const { authHmac } = instance.model;
  if (authHmac?.antiReplay !== "time") return undefined;
  const trailer = decodeAuthTrailer(vrrpTrailer(packet.payload, header.length));
  if (trailer === undefined) return undefined;
  const skew = secondsBetween(sequenceOf(wallClock(turn)).seconds, trailer.sequence.seconds);
  return Math.abs(skew) * 2 > authHmac.timeWindow ? skew * MICROS_PER_SECOND : undefined;
}

/** Remembers a verified number; false if the sender has used it, or a later one, already. */
function noteSender(
  memory: InstanceMemory,
  authHmac: AuthHmacModel,
  heard: AuthSender,
  now: number,
): boolean {
  const known = memory.authSenders.find(({ source }) => source === heard.source);
  const expired =
    known !== undefined && authHmac.antiReplay === "time" && isOutside(known.sequence, now, authHmac);
  if (known !== undefined && !expired && !isAfter(heard.sequence, known.sequence)) return false;
  const others = memory.authSenders.filter(({ source }) => source !== heard.source);
  let strangers = heard.isPeer ? 0 : 1;
  memory.authSenders = [heard, ...others.filter(({ isPeer }) => isPeer || ++strangers <= MOST_STRANGERS)];
  return true;
}

function isOutside(sequence: AuthSequence, now: number, { timeWindow }: AuthHmacModel): boolean {
  return Math.abs(secondsBetween(sequence.seconds, now)) > timeWindow;
}

/** Microseconds since 1970, by what the engine was last told of the clock. */
function wallClock(turn: Turn): Micros {
  return turn.now + (turn.memory.wallClockOffset ?? 0);
}
