/** The frames of questions to neighbours. Undefined where we lack the address or the station that one would need. */
import type { IpAddress } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import type { VirtualAddressModel } from "../model/model.ts";
import { encodeArpQuestion } from "../wire/arp.ts";
import { encodeEchoQuestion } from "../wire/icmp-echo.ts";
import { encodeNeighbourQuestion } from "../wire/ndisc.ts";
import type { Turn } from "./turn.ts";

const SCOPE_LINK = 253;

/** Asks so that the answer proves, and the question teaches, that we have the address. */
export function teachingFrame(
  turn: Turn,
  held: VirtualAddressModel,
  target: IpAddress,
  destination: MacAddress | undefined,
): Uint8Array | undefined {
  const mac = macOf(turn, held.interface);
  if (mac === undefined) return undefined;
  const question = { address: held.address, mac, target, destination };
  return held.family === "ipv4"
    ? encodeArpQuestion(question)
    : encodeNeighbourQuestion({ ...question, teaches: true });
}

/** Asks so that nothing is taught: the answer reaches us only if the neighbour maps the address to us already. */
export function probingFrame(
  turn: Turn,
  held: VirtualAddressModel,
  target: IpAddress,
  destination: MacAddress,
): Uint8Array | undefined {
  const mac = macOf(turn, held.interface);
  if (mac === undefined) return undefined;
  const question = { address: held.address, mac, target, destination };
  return held.family === "ipv4"
    ? encodeEchoQuestion(question)
    : encodeNeighbourQuestion({ ...question, teaches: false });
}

/** Asks in our own name where an address is: for a neighbour's station, or for a second owner of a virtual address. */
export function resolvingFrame(
  turn: Turn,
  held: VirtualAddressModel,
  target: IpAddress,
): Uint8Array | undefined {
  const mac = macOf(turn, held.interface);
  const address = ownAddress(turn, held);
  if (mac === undefined || address === undefined) return undefined;
  const question = { address, mac, target };
  return held.family === "ipv4"
    ? encodeArpQuestion(question)
    : encodeNeighbourQuestion({ ...question, teaches: true });
}

/** The host's own address on that interface; of IPv6 the link-local one. */
export function ownAddress(turn: Turn, held: VirtualAddressModel): IpAddress | undefined {
  const known = turn.surroundings.addresses.get(held.interface) ?? [];
  return known.find(
    ({ address, family, scope, tentative }) =>
      family === held.family &&
      (family === "ipv4" || scope === SCOPE_LINK) &&
      !tentative &&
      !turn.virtualAddresses.has(address),
  )?.address;
}

function macOf(turn: Turn, name: string): MacAddress | undefined {
  return turn.surroundings.links.get(name)?.mac;
}
