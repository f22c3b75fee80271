/** How a virtual router's advertisements are addressed and authenticated: drawn apart from what else its members are. */
import type { IpAddress, IpFamily } from "../src/base/ip.ts";
import type { Prng } from "../src/base/prng.ts";
import type { Micros } from "../src/base/time.ts";
import type { AuthHmacModel, UnicastModel, UnicastPeerModel } from "../src/model/advertising.ts";
import type { VrrpInstanceModel } from "../src/model/model.ts";

/** The machine's own address on the LAN, by its place in the world. */
export function routerAddress(index: number, family: IpFamily): IpAddress {
  const number = 10 + index;
  return family === "ipv4" ? `10.0.0.${number}` : `fe80::${number.toString(16)}`;
}

/** Undefined where a router does not take part. */
type Members = readonly (VrrpInstanceModel | undefined)[];

/** Some virtual routers advertise to peers, some sign, some wrap; of some the members do not fit together. */
export function drawDelivery(members: Members, unit: Micros, random: Prng): Members {
  const first = members.find((member) => member !== undefined);
  if (first === undefined) return members;
  const { version, family } = first;
  const isUnicast = random.chance(0.3);
  const isWrapped = version === 2 && family === "ipv4" && random.chance(0.3);
  const isSigned = !isWrapped && random.chance(0.4);
  let drawn = members;
  // One count for all needs that all hear each other.
  if (isUnicast) drawn = drawPeers(drawn, isWrapped || random.chance(0.7), random);
  if (isSigned) drawn = drawSigning(drawn, unit, random);
  if (!isWrapped) return drawn;
  const password = random.pick(["secret", "12345678", "a"]);
  return drawn.map((member) => member && { ...member, authentication: { kind: "ah", password } });
}

function drawPeers(members: Members, isWhole: boolean, random: Prng): Members {
  const family = members.find((member) => member !== undefined)?.family ?? "ipv4";
  const hopLimit = random.pick([255, 255, 64]);
  const listsAll = random.chance(0.3);
  const checkSource = random.chance(0.5);
  const oldChecksum = random.chance(0.7) ? "never" : random.pick(["auto", "auto", "always"] as const);
  // One of them lists another wrongly.
  const odd = isWhole ? -1 : random.integer(0, members.length - 1);
  return members.map((member, index) => {
    if (member === undefined) return undefined;
    let peers = members.flatMap((_, other): UnicastPeerModel[] => {
      if (other === index && !listsAll) return [];
      const address = routerAddress(other, family);
      const [minTtl, maxTtl] = random.pick([[], [], [hopLimit, 255], [1, hopLimit]] as const);
      return [{ host: address, address, minTtl, maxTtl }];
    });
    if (index === odd) peers = spoil(peers, routerAddress(index, family), hopLimit, random);
    const mine = routerAddress(index, family);
    const isAlone = peers.every(({ address }) => address === mine);
    const unicast: UnicastModel = { peers: isAlone ? [] : peers, hopLimit, checkSource, oldChecksum };
    return { ...member, unicast, ...(random.chance(0.5) ? { sourceAddress: mine } : {}) };
  });
}

/** A peer that is missing, one whose window keeps it out, or none at all. */
function spoil(
  peers: readonly UnicastPeerModel[],
  own: IpAddress,
  hopLimit: number,
  random: Prng,
): UnicastPeerModel[] {
  const others = peers.filter(({ address }) => address !== own);
  const chosen = random.pick(others);
  const how = random.pick(["missing", "missing", "missing", "window", "window", "none"]);
  if (how === "none") return [];
  if (how === "missing") return peers.filter((peer) => peer !== chosen);
  const window = hopLimit === 255 ? { minTtl: 1, maxTtl: 254 } : { minTtl: 255, maxTtl: 255 };
  return peers.map((peer) => (peer === chosen ? { ...peer, ...window } : peer));
}

/** Keys that everybody knows of. */
const KEYS = [
  { id: 1, secret: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" },
  { id: 7, secret: "7365637265743132" },
] as const;

/** From not signing at all to taking nothing unsigned; of neighbours in this order each believes the other. */
const MODES = ["unsigned", "receive-only", "permissive", "enforce"] as const;

function drawSigning(members: Members, unit: Micros, random: Prng): Members {
  const antiReplay = random.chance(0.65) ? "time" : "monotonic";
  const timeWindow = random.pick([Math.max(5, Math.ceil((3 * unit) / 1_000_000)), 300]);
  const style = random.pick(["enforce", "enforce", "enforce", "migrating", "migrating", "any"]);
  const step = random.integer(0, MODES.length - 2);
  const keys = random.chance(0.4) ? KEYS.slice(0, 1) : KEYS;
  return members.map((member) => {
    if (member === undefined) return undefined;
    const mode =
      style === "enforce" ? style : random.pick(style === "any" ? MODES : MODES.slice(step, step + 2));
    if (mode === "unsigned") return member;
    const activeKey = random.pick(keys).id;
    return { ...member, authHmac: { keys, activeKey, timeWindow, antiReplay, mode } };
  });
}

/** What a rollover, a mistake or the next step of a migration makes of it. */
export function drawResigning(authHmac: AuthHmacModel, random: Prng): AuthHmacModel {
  switch (random.pick(["active", "active", "keys", "mode", "mode"])) {
    case "active":
      return { ...authHmac, activeKey: random.pick(authHmac.keys).id };
    case "keys": {
      const keys = authHmac.keys.length === 1 ? KEYS : KEYS.slice(0, 1);
      const isKnown = keys.some(({ id }) => id === authHmac.activeKey);
      return { ...authHmac, keys, activeKey: isKnown ? authHmac.activeKey : 1 };
    }
    default:
      return { ...authHmac, mode: random.pick(["enforce", "permissive", "permissive", "receive-only"]) };
  }
}
