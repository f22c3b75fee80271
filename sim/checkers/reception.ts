/** What a receiver has to accept, read by the simulator's own decoder. */
import type { VrrpInstanceModel } from "../../src/model/model.ts";
import type { PacketReceived } from "../../src/vrrp/input.ts";
import type { AdvertReading } from "../independent.ts";
import { readAdvert } from "../independent.ts";
import type { RouterNode } from "../node.ts";

/** What the message says, if it passes all checks of a receiver of this instance. */
export function acceptable(
  node: RouterNode,
  packet: PacketReceived,
  model: VrrpInstanceModel,
): AdvertReading | undefined {
  const { payload, source, destination, family, hopLimit } = packet;
  const reading = readAdvert(payload, source, destination, family);
  if (reading === undefined || family !== model.family || hopLimit !== 255) return undefined;
  if (destination !== model.multicastGroup || reading.type !== 1) return undefined;
  if (reading.version !== model.version || reading.virtualRouterId !== model.virtualRouterId)
    return undefined;
  if (reading.checksums.length === 0) return undefined;
  if (source === node.spec.ipv4 || source === node.spec.ipv6) return undefined;
  if (model.version === 3) return reading.interval > 0 ? reading : undefined;
  const { authentication } = model;
  const password = authentication.kind === "pass" ? authentication.password : undefined;
  if (reading.authType !== (password === undefined ? 0 : 1)) return undefined;
  if (password !== undefined && reading.password !== password) return undefined;
  return reading.interval === model.advertisementInterval ? reading : undefined;
}
