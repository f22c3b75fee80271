/** Where the instances of a model need sockets. */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import type { VrrpModel } from "../model/model.ts";

export interface WantedSocket {
  readonly interface: string;
  readonly family: IpFamily;
  readonly multicastGroup: IpAddress;
  /** Advertisements are heard at the base of a VMAC; from the VMAC they are only sent. */
  readonly receives: boolean;
}

export interface WantedReceiver {
  readonly interface: string;
  readonly family: IpFamily;
  readonly mac: MacAddress;
  readonly base: string;
}

/** Raw sockets by {@link socketKey}. */
export function socketsOf(model: VrrpModel): ReadonlyMap<string, WantedSocket> {
  const wanted = new Map<string, WantedSocket>();
  for (const {
    interface: name,
    virtualInterface: own,
    transmitBase,
    family,
    multicastGroup,
  } of model.instances) {
    if (own !== undefined && !transmitBase && !wanted.has(socketKey(name, family)))
      wanted.set(socketKey(name, family), { interface: name, family, multicastGroup, receives: false });
    const base = own?.base ?? name;
    wanted.set(socketKey(base, family), { interface: base, family, multicastGroup, receives: true });
  }
  return wanted;
}

/** VMACs that others with the same MAC are to be heard at. */
export function receiversOf(model: VrrpModel): ReadonlyMap<string, WantedReceiver> {
  const wanted = new Map<string, WantedReceiver>();
  for (const { virtualInterface: own, family } of model.instances) {
    if (own?.mac === undefined) continue;
    const { name, mac, base } = own;
    wanted.set(socketKey(name, family), { interface: name, family, mac, base });
  }
  return wanted;
}

export function socketKey(interfaceName: string, family: IpFamily): string {
  return `${interfaceName} ${family}`;
}
