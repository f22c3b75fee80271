/** `virtual_server_group` in keepalived's lines: its addresses, ranges and marks, and how many live servers stand behind. */
import { familyOf, type IpFamily, ipAfter } from "../../base/ip.ts";
import type { Endpoint, Protocol } from "../../model/director-models.ts";
import type { ServiceDump } from "./director-source.ts";
import { yesNo } from "./words.ts";

type Address = Endpoint & { readonly kind: "address" };
type Mark = Endpoint & { readonly kind: "fwmark" };

/** Every group once, whatever services span it. */
export function groupLines(services: readonly ServiceDump[]): readonly string[] {
  const groups = new Map<string, ServiceDump[]>();
  for (const service of services) {
    const { group } = service.model;
    if (group === undefined) continue;
    const users = groups.get(group);
    if (users === undefined) groups.set(group, [service]);
    else users.push(service);
  }
  return [...groups].flatMap(([name, users]) => linesOf(name, users));
}

function linesOf(name: string, users: readonly ServiceDump[]): readonly string[] {
  const endpoints = users[0]?.model.endpoints ?? [];
  const addresses = endpoints.filter((one): one is Address => one.kind === "address");
  const marks = endpoints.filter((one): one is Mark => one.kind === "fwmark");
  const has = (family: IpFamily): string =>
    yesNo(addresses.some(({ address }) => familyOf(address) === family)).toLowerCase();
  const alive = (matches: (service: ServiceDump) => boolean): number =>
    users
      .filter(matches)
      .reduce((sum, { servers }) => sum + servers.filter(({ memory }) => memory.up).length, 0);
  const of = (protocol: Protocol): string =>
    `${alive(({ model }) => model.protocol === protocol)} ${protocol}`;
  const behind = (family: IpFamily): number => alive(({ model }) => model.family === family);
  return [
    " ------< Virtual server group >------",
    ` Virtual Server Group = ${name}, IPv4 = ${has("ipv4")}, IPv6 = ${has("ipv6")}`,
    ...ranges(addresses).flatMap((range) => [
      `   ${rangeText(range)}`,
      `     Alive: ${of("tcp")}, ${of("udp")}, ${of("sctp")}`,
    ]),
    ...marks.flatMap(({ mark }) => [
      `   FWMARK = ${mark}`,
      `     Alive: ${behind("ipv4")} IPv4, ${behind("ipv6")} IPv6`,
    ]),
  ];
}

interface Range {
  readonly first: Address;
  readonly last: Address;
}

/** The model has every address for itself; those that follow each other stood in one line, or could have. */
function ranges(addresses: readonly Address[]): readonly Range[] {
  const found: Range[] = [];
  for (const one of addresses) {
    const before = found.at(-1);
    const continues =
      before !== undefined &&
      before.last.port === one.port &&
      familyOf(before.last.address) === familyOf(one.address) &&
      ipAfter(before.last.address, 1) === one.address;
    if (continues) found[found.length - 1] = { first: before.first, last: one };
    else found.push({ first: one, last: one });
  }
  return found;
}

function rangeText({ first, last }: Range): string {
  if (first === last) return `VIP = ${first.address}, VPORT = ${first.port}`;
  return `VIP Range = ${first.address}-${last.address}, VPORT = ${first.port}`;
}
