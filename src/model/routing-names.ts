/** Names of routing tables, protocols and the like, as iproute2's files give them. */
import type { RoutingNames } from "./model.ts";

/** What these names mean where iproute2 has no files, and what its files cannot take away. */
const STANDING: RoutingNames = {
  tables: new Map([
    ["default", 253],
    ["main", 254],
    ["local", 255],
  ]),
  protocols: new Map([
    ["kernel", 2],
    ["boot", 3],
    ["static", 4],
    ["ra", 9],
    ["dhcp", 16],
    ["keepalived", 18],
  ]),
  scopes: new Map([
    ["global", 0],
    ["universe", 0],
    ["site", 200],
    ["link", 253],
    ["host", 254],
    ["nowhere", 255],
  ]),
  realms: new Map([["cosmos", 0]]),
  dsfields: new Map(),
  groups: new Map([["default", 0]]),
};

export type NameKind = keyof RoutingNames;

/** Every name of a kind that is known. */
export function namesOf(kind: NameKind, names: RoutingNames | undefined): ReadonlyMap<string, number> {
  return new Map([...STANDING[kind], ...(names?.[kind] ?? [])]);
}
