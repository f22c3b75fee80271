/** Every advertisement that leaves a machine is what the configuration says, read by a second decoder. */
import { bytesToIp } from "../../src/base/ip.ts";
import type { AuthHmacModel } from "../../src/model/advertising.ts";
import type { VrrpInstanceModel } from "../../src/model/model.ts";
import type { SendAdvertisement } from "../../src/vrrp/action.ts";
import type { AdvertReading, ChecksumReading } from "../independent.ts";
import { readAdvert } from "../independent.ts";
import type { LanPacket } from "../network.ts";
import type { Checker, Handling, RouterNode } from "../node.ts";
import type { VrrpLanPacket } from "../packets.ts";
import { advertsOf, messageOf } from "../packets.ts";
import { readAh, readTrailer, signatureFor, splitAhPacket, TRAILER_BYTES } from "../signatures.ts";
import type { InstanceView } from "../view.ts";
import { viewNamed } from "../view.ts";
import { Violation } from "../violation.ts";
import { numberToSign } from "./marks.ts";
import type { Receptions } from "./reception.ts";

/** Numbers that a master may pass over when it starts again. */
const MOST_PASSED = 64;

export class WireValid implements Checker {
  readonly name = "wire-valid";
  readonly #receptions: Receptions;
  /** Numbers said in the handling under way: all peers are told one. */
  readonly #said = new Map<string, { readonly number: bigint; readonly to: Set<string> }>();

  constructor(receptions: Receptions) {
    this.#receptions = receptions;
  }

  /** All who are to hear it are told. */
  handled({ node, actions }: Handling): void {
    if (!actions.some(({ kind }) => kind === "SendAdvertisement")) return;
    for (const { model } of node.views.values()) {
      const told = new Map<string, number>();
      for (const { to } of advertsOf(actions, model.name)) told.set(to, (told.get(to) ?? 0) + 1);
      if (told.size === 0) continue;
      expect(node, "to", [...told.keys()].sort().join(), audienceOf(node, model).sort().join());
      if (new Set(told.values()).size > 1) refuse(node, "to some oftener than to others");
      this.#said.delete(`${node.name} ${model.key}`);
    }
  }

  sent(node: RouterNode, action: SendAdvertisement, packet: LanPacket): void {
    const view = viewNamed(node.views, action.instance);
    if (view === undefined || packet.kind !== "vrrp") refuse(node, `unknown instance ${action.instance}`);
    const { model } = view;
    const message = messageOf(packet);
    const { source, destination, family } = packet;
    const reading = readAdvert(message, source, destination, family, model.multicastGroup);
    if (reading === undefined) refuse(node, "message shorter than it says");
    expect(node, "interface", action.interface, model.interface);
    expect(node, "family", family, model.family);
    expect(node, "source", source, node.spec[model.family]);
    expect(node, "hop limit", packet.hopLimit, model.unicast?.hopLimit ?? 255);
    expect(node, "version", reading.version, model.version);
    expect(node, "type", reading.type, 1);
    expect(node, "virtual router", reading.virtualRouterId, model.virtualRouterId);
    expect(node, "interval", reading.interval, model.advertisementInterval);
    const addresses = model.virtualAddresses.map((vip) => vip.address).join();
    expect(node, "addresses", reading.addresses.join(), addresses);
    const { authentication, authHmac } = model;
    expect(node, "authentication type", reading.authType, { none: 0, pass: 1, ah: 2 }[authentication.kind]);
    expect(node, "password", reading.password, authentication.kind === "pass" ? authentication.password : "");
    const checksum = this.#checksumOf(node, model);
    if (!reading.checksums.includes(checksum)) refuse(node, `no ${checksum} checksum`);
    if (reading.priority !== 0) expect(node, "priority", reading.priority, view.effectivePriority);
    const signs = authHmac !== undefined && authHmac.mode !== "receive-only";
    expect(node, "bytes after the message", reading.trailing, signs ? TRAILER_BYTES : 0);
    if (signs) this.#checkTrailer(node, view, packet, reading, authHmac);
    expect(
      node,
      "protocol",
      packet.ipHeader === undefined ? 112 : 51,
      authentication.kind === "ah" ? 51 : 112,
    );
    if (authentication.kind === "ah") this.#checkHeader(node, view, action, authentication.password);
  }

  #checksumOf(node: RouterNode, model: VrrpInstanceModel): ChecksumReading {
    if (model.version === 2) return "message-only";
    if (model.family === "ipv6") return "pseudo-header";
    if (model.v3Checksum === "message-only") return "message-only";
    const { unicast, key } = model;
    const sumsGroup = unicast?.oldChecksum === "always" || this.#receptions.marks(node, key).sumsGroup;
    return unicast !== undefined && sumsGroup ? "group" : "pseudo-header";
  }

  #checkTrailer(
    node: RouterNode,
    { model }: InstanceView,
    { payload, source, destination, family }: VrrpLanPacket,
    { length }: AdvertReading,
    authHmac: AuthHmacModel,
  ): void {
    const bytes = payload.subarray(length);
    const trailer = readTrailer(bytes);
    if (trailer === undefined) refuse(node, "a trailer that is none");
    expect(node, "key", trailer.keyId, authHmac.activeKey);
    const { secret = "" } = authHmac.keys.find(({ id }) => id === authHmac.activeKey) ?? {};
    const wanted = signatureFor(payload.subarray(0, length), bytes, secret, source, family);
    expect(node, "signature", trailer.signature, wanted);
    const last = this.#receptions.marks(node, model.key).signed;
    const number = numberToSign(last, this.#receptions.wallClock(node, node.now), authHmac);
    this.#checkNumber(node, model.key, destination, trailer.number, number);
  }

  /** A whole packet, whose header the kernel finishes. */
  #checkHeader(node: RouterNode, { model }: InstanceView, action: SendAdvertisement, password: string): void {
    const { ipHeader, body } = splitAhPacket(action.payload);
    const [first, trafficClass, high = 0, low = 0, idHigh = 0, idLow = 0] = ipHeader;
    expect(node, "IP version and length", first ?? 0, 0x45);
    expect(node, "traffic class", trafficClass ?? 0, 0xc0);
    expect(node, "IP length", high * 256 + low, action.payload.length);
    if (idHigh + idLow === 0) refuse(node, "an identification that the kernel would fill in");
    expect(node, "TTL", ipHeader[8] ?? 0, action.hopLimit);
    expect(node, "IP protocol", ipHeader[9] ?? 0, 51);
    expect(node, "IP source", bytesToIp(ipHeader.subarray(12, 16)), action.from);
    expect(node, "IP destination", bytesToIp(ipHeader.subarray(16, 20)), action.to);
    const number = readAh(ipHeader, body, password);
    if (number === undefined) refuse(node, "an Authentication Header with a wrong value");
    const { ah: last, ahFloor } = this.#receptions.marks(node, model.key);
    if (ahFloor !== undefined) {
      if (number <= ahFloor || number > ahFloor + MOST_PASSED)
        refuse(node, `number ${number} after a restart, and had said ${ahFloor}`);
      this.#said.set(`${node.name} ${model.key}`, { number: BigInt(number), to: new Set([action.to]) });
      return;
    }
    this.#checkNumber(node, model.key, action.to, BigInt(number), BigInt(last + 1));
  }

  /** All peers are told the same number; then comes the next one. */
  #checkNumber(node: RouterNode, key: string, to: string, number: bigint, next: bigint): void {
    const at = `${node.name} ${key}`;
    const said = this.#said.get(at);
    if (said?.number === number && !said.to.has(to)) {
      said.to.add(to);
      return;
    }
    expect(node, "number", `${number}`, `${next}`);
    this.#said.set(at, { number, to: new Set([to]) });
  }
}

/** Where its advertisements have to go. */
function audienceOf({ spec }: RouterNode, { unicast, multicastGroup, family }: VrrpInstanceModel): string[] {
  if (unicast === undefined) return [multicastGroup];
  const addresses = new Set(unicast.peers.map(({ address }) => address ?? "unknown"));
  return [...addresses].filter((address) => address !== spec[family]);
}

function expect(node: RouterNode, what: string, found: string | number, wanted: string | number): void {
  if (found !== wanted) refuse(node, `${what} ${found}, not ${wanted}`);
}

function refuse(node: RouterNode, what: string): never {
  throw new Violation("wire-valid", `${node.name} sends ${what}`);
}
