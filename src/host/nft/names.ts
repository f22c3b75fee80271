/** Names and comments of our tables of virtual servers: what an operator reads in them, and what we read back after a crash. */
import { familyOf } from "../../base/ip.ts";
import { SCHEDULERS } from "../../base/scheduler.ts";
import type { TableDestination, TableService } from "../../director/table.ts";
import type { Endpoint } from "../../model/director-models.ts";
import type { NftFamily } from "../../wire/netlink/nftables-expressions.ts";

export type ServiceHead = Omit<TableService, "destinations">;

const LOCAL = "local";

export function nftFamilyOf(endpoint: Endpoint): NftFamily {
  const family = endpoint.kind === "fwmark" ? endpoint.family : familyOf(endpoint.address);
  return family === "ipv4" ? "ip" : "ip6";
}

/** `tcp/10.0.0.1/80`, `fwm/5`: unique within a family, and a name that nft can read again. */
export function chainOf(endpoint: Endpoint): string {
  if (endpoint.kind === "fwmark") return `fwm/${endpoint.mark}`;
  return `${endpoint.protocol}/${nameOf(endpoint.address)}/${endpoint.port}`;
}

/** `tcp/10.0.0.1/80/10.1.0.2/8080`. */
export function serverChainOf(endpoint: Endpoint, { address, port }: TableDestination): string {
  return `${chainOf(endpoint)}/${nameOf(address)}/${port}`;
}

/** The chain's service, from its name alone. */
export function endpointOf(chain: string, family: NftFamily): Endpoint | undefined {
  const [kind, first = "", second] = chain.split("/");
  if (kind === "fwm") return { kind: "fwmark", mark: Number(first), family: ipFamily(family) };
  if (kind !== "tcp" && kind !== "udp" && kind !== "sctp") return undefined;
  return { kind: "address", protocol: kind, address: addressIn(first, family), port: Number(second) };
}

/** Where a server's chain leads, from its name alone, and the chain of its service. */
export function serverOf(
  chain: string,
  family: NftFamily,
): { readonly service: string; readonly address: string; readonly port: number } | undefined {
  const parts = chain.split("/");
  const [address, port] = parts.slice(-2);
  if (parts.length < 4 || address === undefined) return undefined;
  return {
    service: parts.slice(0, -2).join("/"),
    address: addressIn(address, family),
    port: Number(port),
  };
}

/** `wrr persistent=300/32`. */
export function serviceComment({ scheduler, flags, onePacket, persistence }: ServiceHead): string {
  const bits = [flags.flag1, flags.flag2, flags.flag3].map((flag) => (flag ? "1" : "0")).join("");
  return [
    scheduler,
    ...(bits === "000" ? [] : [`flags=${bits}`]),
    ...(onePacket ? ["ops"] : []),
    ...(persistence === undefined ? [] : [`persistent=${persistence.timeout}/${persistence.prefixLength}`]),
    ...(persistence?.engine === undefined ? [] : [`engine=${persistence.engine}`]),
  ].join(" ");
}

/** Undefined where the comment is none of ours. */
export function readServiceComment(endpoint: Endpoint, comment: string | undefined): ServiceHead | undefined {
  const [first, ...words] = comment?.split(" ") ?? [];
  const scheduler = SCHEDULERS.find((name) => name === first);
  if (scheduler === undefined) return undefined;
  const values = valuesOf(words);
  const bits = values.get("flags") ?? "000";
  const [timeout, prefixLength] = values.get("persistent")?.split("/").map(Number) ?? [];
  const engine = values.get("engine");
  return {
    endpoint,
    scheduler,
    flags: { flag1: bits[0] === "1", flag2: bits[1] === "1", flag3: bits[2] === "1" },
    onePacket: values.has("ops"),
    persistence:
      timeout === undefined || prefixLength === undefined ? undefined : { timeout, prefixLength, engine },
  };
}

/** `nat weight=5`; `local` is a server on this host. */
export function serverComment(destination: TableDestination, local: boolean): string {
  const { forwarding, weight, upperThreshold, lowerThreshold } = destination;
  return [
    forwarding.method,
    `weight=${weight}`,
    ...(upperThreshold === 0 ? [] : [`upper=${upperThreshold}`]),
    ...(lowerThreshold === 0 ? [] : [`lower=${lowerThreshold}`]),
    ...(local ? [LOCAL] : []),
  ].join(" ");
}

export function isLocalServer(comment: string | undefined): boolean {
  return comment?.split(" ").includes(LOCAL) === true;
}

/** Undefined where the comment is none of ours. */
export function readServerComment(
  { address, port }: { readonly address: string; readonly port: number },
  comment: string | undefined,
): TableDestination | undefined {
  const [method, ...words] = comment?.split(" ") ?? [];
  if (method !== "nat" && method !== "dr") return undefined;
  const values = valuesOf(words);
  return {
    address,
    port,
    family: familyOf(address),
    forwarding: { method },
    weight: Number(values.get("weight")),
    upperThreshold: Number(values.get("upper") ?? 0),
    lowerThreshold: Number(values.get("lower") ?? 0),
  };
}

function valuesOf(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    words.map((word) => {
      const [name = "", value = ""] = word.split("=");
      return [name, value];
    }),
  );
}

/** nft's names have no colons. */
function nameOf(address: string): string {
  return address.replaceAll(":", "-");
}

function addressIn(name: string, family: NftFamily): string {
  return family === "ip" ? name : name.replaceAll("-", ":");
}

function ipFamily(family: NftFamily): "ipv4" | "ipv6" {
  return family === "ip" ? "ipv4" : "ipv6";
}
