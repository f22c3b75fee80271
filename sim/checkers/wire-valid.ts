/** Every advertisement that leaves a machine is what the configuration says, read by a second decoder. */
import type { VrrpInstanceModel } from "../../src/model/model.ts";
import type { SendAdvertisement } from "../../src/vrrp/action.ts";
import { readAdvert } from "../independent.ts";
import type { LanPacket } from "../network.ts";
import type { Checker, RouterNode } from "../node.ts";
import { viewNamed } from "../view.ts";
import { Violation } from "../violation.ts";

export class WireValid implements Checker {
  readonly name = "wire-valid";

  sent(node: RouterNode, action: SendAdvertisement, packet: LanPacket): void {
    const view = viewNamed(node.views, action.instance);
    if (view === undefined || packet.kind !== "vrrp") refuse(node, `unknown instance ${action.instance}`);
    const { model } = view;
    const reading = readAdvert(packet.payload, packet.source, packet.destination, packet.family);
    if (reading === undefined) refuse(node, "message shorter than it says");
    expect(node, "interface", action.interface, model.interface);
    expect(node, "family", packet.family, model.family);
    expect(node, "source", packet.source, model.family === "ipv4" ? node.spec.ipv4 : node.spec.ipv6);
    expect(node, "destination", packet.destination, model.multicastGroup);
    expect(node, "hop limit", packet.hopLimit, 255);
    expect(node, "version", reading.version, model.version);
    expect(node, "type", reading.type, 1);
    expect(node, "virtual router", reading.virtualRouterId, model.virtualRouterId);
    expect(node, "interval", reading.interval, model.advertisementInterval);
    expect(
      node,
      "addresses",
      reading.addresses.join(),
      model.virtualAddresses.map((vip) => vip.address).join(),
    );
    expect(node, "bytes after the message", reading.trailing, 0);
    const { authentication } = model;
    expect(node, "authentication type", reading.authType, authentication.kind === "pass" ? 1 : 0);
    expect(node, "password", reading.password, authentication.kind === "pass" ? authentication.password : "");
    const checksum = checksumKind(model);
    if (!reading.checksums.includes(checksum)) refuse(node, `no ${checksum} checksum`);
    if (reading.priority !== 0) expect(node, "priority", reading.priority, view.effectivePriority);
  }
}

function checksumKind(model: VrrpInstanceModel): "pseudo-header" | "message-only" {
  if (model.version === 2) return "message-only";
  return model.family === "ipv6" ? "pseudo-header" : model.v3Checksum;
}

function expect(node: RouterNode, what: string, found: string | number, wanted: string | number): void {
  if (found !== wanted) refuse(node, `${what} ${found}, not ${wanted}`);
}

function refuse(node: RouterNode, what: string): never {
  throw new Violation("wire-valid", `${node.name} sends ${what}`);
}
