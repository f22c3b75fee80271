/** Our own advertisements. */

import { advertisingInterfaceOf } from "../model/keys.ts";
import { encodeVrrp, VRRP_TYPE_ADVERTISEMENT } from "../wire/vrrp.ts";
import type { SendAdvertisement } from "./action.ts";
import type { Instance } from "./instance.ts";
import { authenticationType } from "./receive.ts";
import type { Turn } from "./turn.ts";

const HOP_LIMIT = 255;
/** Says that the master gives up (RFC 9568 section 5.2.4). */
const RESIGNATION = 0;

/** Sends the advertisement that says who we are. Nothing goes out without a source address. */
export function advertise(turn: Turn, instance: Instance): void {
  instance.advert ??= makeAdvert(instance, instance.memory.effectivePriority);
  if (instance.advert === undefined) return;
  instance.memory.statistics.advertisementsSent++;
  turn.out.advertise(instance.advert);
}

/** Sends priority 0: whoever is next need not wait for the timer. */
export function resign(turn: Turn, instance: Instance): void {
  const advert = makeAdvert(instance, RESIGNATION);
  if (advert === undefined) return;
  instance.memory.statistics.advertisementsSent++;
  instance.memory.statistics.priorityZeroSent++;
  turn.out.advertise(advert);
}

function makeAdvert(instance: Instance, priority: number): SendAdvertisement | undefined {
  const { model, memory, addressList: addresses } = instance;
  const source = memory.sourceAddress;
  if (source === undefined) return undefined;
  const { family, virtualRouterId, advertisementInterval, multicastGroup: destination } = model;
  const base = { type: VRRP_TYPE_ADVERTISEMENT, virtualRouterId, priority, addresses, advertisementInterval };
  const packet =
    model.version === 2
      ? {
          version: model.version,
          ...base,
          authType: authenticationType(model.authentication),
          authData: instance.authData,
        }
      : { version: model.version, ...base };
  return {
    kind: "SendAdvertisement",
    instance: model.name,
    interface: advertisingInterfaceOf(model),
    family,
    from: source,
    to: destination,
    hopLimit: HOP_LIMIT,
    payload: encodeVrrp(packet, { family, source, destination, checksum: model.v3Checksum }),
  };
}
