/** Where the instances of a model need sockets. */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import type { VrrpModel } from "../model/model.ts";

export interface WantedSocket {
  /** Empty for an instance of no interface: it has a socket for its source address. */
  readonly interface: string;
  readonly family: IpFamily;
  /** Protocol 51 rather than 112. */
  readonly ah: boolean;
  readonly source: IpAddress;
  /** The VRF of an instance of no interface. */
  readonly vrf: string | undefined;
  /** None where all instances are unicast. */
  readonly multicastGroups: IpAddress[];
  /** Advertisements are heard at the base of a VMAC; from the VMAC they are only sent. */
  readonly receives: boolean;
}

export interface WantedReceiver {
  readonly interface: string;
  readonly family: IpFamily;
  readonly mac: MacAddress;
  readonly base: string;
}

/** Raw sockets by {@link socketKey}, one for each: with two, every packet would come twice. */
export function socketsOf(model: VrrpModel): ReadonlyMap<string, WantedSocket> {
  const wanted = new Map<string, WantedSocket>();
  for (const {
    interface: name,
    virtualInterface: own,
    family,
    authentication,
    ...instance
  } of model.instances) {
    const { transmitBase, multicastGroup, unicast, vrf } = instance;
    const source = instance.sourceAddress ?? "";
    for (const ah of authentication.kind === "ah" ? [false, true] : [false]) {
      const fresh = { family, ah, source, vrf };
      const sending = socketKey(name, family, ah, source);
      if (own !== undefined && !transmitBase && !wanted.has(sending))
        wanted.set(sending, { ...fresh, interface: name, multicastGroups: [], receives: false });
      const base = own?.base ?? name;
      const key = socketKey(base, family, ah, source);
      const known = wanted.get(key);
      const groups = known?.receives === true ? known.multicastGroups : [];
      wanted.set(key, { ...fresh, interface: base, multicastGroups: groups, receives: true });
      if (unicast === undefined && !groups.includes(multicastGroup)) groups.push(multicastGroup);
    }
  }
  return wanted;
}

/** VMACs that others with the same MAC are to be heard at. */
export function receiversOf(model: VrrpModel): ReadonlyMap<string, WantedReceiver> {
  const wanted = new Map<string, WantedReceiver>();
  for (const { virtualInterface: own, family } of model.instances) {
    if (own?.mac === undefined) continue;
    const { name, mac, base } = own;
    wanted.set(`${name} ${family}`, { interface: name, family, mac, base });
  }
  return wanted;
}

export function socketKey(interfaceName: string, family: IpFamily, ah: boolean, source: IpAddress): string {
  return `${interfaceName} ${family}${ah ? " ah" : ""}${interfaceName === "" ? ` ${source}` : ""}`;
}
