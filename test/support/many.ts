/** Many virtual routers: hosts with a cable into each of several segments, and configurations with hundreds of instances. */
import type { Host, Lan } from "./lan.ts";

/** Virtual routers of one segment; a segment's VRIDs are 1 to 255. */
export const A_SEGMENT = 250;

/** Gives every host a cable `seg0`, `seg1`, ... into each of that many separate segments, with addresses of 10.20.x. */
export function addSegments(lan: Lan, hosts: readonly Host[], count: number): void {
  for (let segment = 0; segment < count; segment++) {
    const bridge = `br-seg${segment}`;
    const plain = ["forward_delay", "0", "mcast_snooping", "0"];
    lan.switch("ip", "link", "add", bridge, "type", "bridge", ...plain);
    lan.switch("ip", "link", "set", bridge, "up");
    for (const [index, host] of hosts.entries()) {
      const port = `s${segment}-${host.name}`;
      const device = `seg${segment}`;
      lan.switch("ip", "link", "add", port, "type", "veth", "peer", "name", device, "netns", host.namespace);
      host.run("ip", "link", "set", device, "up");
      host.run("ip", "addr", "add", `10.20.${segment}.${index + 1}/24`, "dev", device);
      lan.switch("ip", "link", "set", port, "master", bridge, "up");
    }
  }
}

export interface ManyOptions {
  readonly count: number;
  readonly priority: number;
  /** Seconds. */
  readonly interval?: number;
  /** Virtual addresses of each instance. */
  readonly addresses?: number;
}

/** `count` instances, {@link A_SEGMENT} to a segment, named VI_1 and so on. */
export function manyInstances({ count, priority, interval = 1, addresses = 1 }: ManyOptions): string {
  const instance = (index: number): string => {
    const segment = Math.floor(index / A_SEGMENT);
    const vrid = (index % A_SEGMENT) + 1;
    const vips = Array.from({ length: addresses }, (_, one) => `    ${manyAddress(index, one)}/32`);
    return [
      `vrrp_instance VI_${index + 1} {`,
      `  interface seg${segment}`,
      `  virtual_router_id ${vrid}`,
      `  version 3\n  priority ${priority}\n  advert_int ${interval}`,
      `  virtual_ipaddress {\n${vips.join("\n")}\n  }`,
      "}",
    ].join("\n");
  };
  return `global_defs {\n  router_id many\n}\n${Array.from({ length: count }, (_, index) => instance(index)).join("\n")}\n`;
}

/** The virtual address of an instance: 10.30.0.0/15, 256 for each instance where it has many. */
export function manyAddress(index: number, one = 0): string {
  const number = one * 1_024 + index;
  return `10.${30 + Math.floor(number / 65_536)}.${Math.floor(number / 256) % 256}.${number % 256}`;
}
