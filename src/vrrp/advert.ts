/** Our own advertisements. */

import type { IpAddress } from "../base/ip.ts";
import type { Micros } from "../base/time.ts";
import { advertisingInterfaceOf } from "../model/keys.ts";
import { encodeVrrp, VRRP_TYPE_ADVERTISEMENT } from "../wire/vrrp.ts";
import type { SendAdvertisement } from "./action.ts";
import { authenticationType } from "./auth-fields.ts";
import { authenticated } from "./authenticate.ts";
import type { Instance } from "./instance.ts";
import { destinationsOf } from "./peers.ts";
import type { Turn } from "./turn.ts";

const HOP_LIMIT = 255;
/** Says that the master gives up (RFC 9568 section 5.2.4). */
const RESIGNATION = 0;

/** Sends the advertisement that says who we are. Nothing goes out without a source address. */
export function advertise(turn: Turn, instance: Instance): void {
  instance.adverts ??= makeAdverts(turn, instance, instance.memory.effectivePriority);
  send(turn, instance, instance.adverts);
}

/**
 * Two masters met: the higher one may have heard nothing of us, and must tell our neighbours that it is there. In version 3
 * backups live by the interval of whom they heard last: one shorter than the higher one's could have them give up on it.
 */
export function speakLast(turn: Turn, instance: Instance, masterInterval: Micros): void {
  const { higherPrioSendAdvert, announceOnly, strictMode, version, advertisementInterval } = instance.model;
  const isHarmless = version === 2 || masterInterval <= advertisementInterval;
  if (higherPrioSendAdvert || (!announceOnly && !strictMode && isHarmless)) advertise(turn, instance);
}

/** Sends priority 0: whoever is next need not wait for the timer. */
export function resign(turn: Turn, instance: Instance): void {
  const sent = send(turn, instance, makeAdverts(turn, instance, RESIGNATION));
  if (sent) instance.memory.statistics.priorityZeroSent++;
}

function send(turn: Turn, instance: Instance, adverts: readonly SendAdvertisement[]): boolean {
  if (adverts.length === 0) return false;
  instance.memory.statistics.advertisementsSent++;
  for (const advert of authenticated(turn, instance, adverts)) turn.out.advertise(advert);
  return true;
}

/** One for each destination: over IPv4 version 3 sums the destination too. */
function makeAdverts(turn: Turn, instance: Instance, priority: number): readonly SendAdvertisement[] {
  const source = instance.memory.sourceAddress;
  if (source === undefined) return [];
  return destinationsOf(instance.model, turn.surroundings.hosts, source).map((destination) =>
    makeAdvert(instance, priority, source, destination),
  );
}

function makeAdvert(
  instance: Instance,
  priority: number,
  source: IpAddress,
  destination: IpAddress,
): SendAdvertisement {
  const { model, memory, addressList: addresses } = instance;
  const { family, virtualRouterId, advertisementInterval, unicast, multicastGroup } = model;
  const base = { type: VRRP_TYPE_ADVERTISEMENT, virtualRouterId, priority, addresses, advertisementInterval };
  const packet =
    model.version === 2
      ? {
          version: model.version,
          ...base,
          authType: authenticationType(model.authentication),
          authData: model.authentication.kind === "pass" ? instance.authData : NO_PASSWORD,
        }
      : { version: model.version, ...base };
  const isOld = unicast?.oldChecksum === "always" || memory.oldChecksum;
  const summed = unicast !== undefined && isOld ? multicastGroup : destination;
  return {
    kind: "SendAdvertisement",
    instance: model.name,
    interface: advertisingInterfaceOf(model),
    family,
    from: source,
    to: destination,
    hopLimit: unicast?.hopLimit ?? HOP_LIMIT,
    payload: encodeVrrp(packet, { family, source, destination: summed, checksum: model.v3Checksum }),
  };
}

const NO_PASSWORD = new Uint8Array(8);
