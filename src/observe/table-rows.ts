/** What the director programmed beside what the kernel's table holds: rows in ipvsadm's order, each with what differs. */
import { compareIp } from "../base/ip.ts";
import { equalPlain } from "../base/plain.ts";
import type { FoundDestination, FoundService, TableDestination, TableService } from "../director/table.ts";
import type { Endpoint } from "../model/director-models.ts";

/**
 * `missing`: programmed, and not in the kernel. `foreign`: in the kernel, and not programmed. `changed`: both, and not alike.
 * `unknown`: nobody has said what is programmed.
 */
export type RowState = "same" | "missing" | "foreign" | "changed" | "unknown";

export interface ServiceRow {
  readonly state: RowState;
  /** `rr, programmed wlc`; of `changed` only. */
  readonly differences: readonly string[];
  /** The kernel's where it has one. */
  readonly service: FoundService | TableService;
  readonly destinations: readonly DestinationRow[];
}

export interface DestinationRow {
  readonly state: RowState;
  readonly differences: readonly string[];
  readonly destination: FoundDestination | TableDestination;
}

/** Every service of either side. Without `programmed` nothing is compared. */
export function tableRows(
  programmed: readonly TableService[] | undefined,
  found: readonly FoundService[],
): readonly ServiceRow[] {
  const wanted = new Map((programmed ?? []).map((service) => [endpointKey(service.endpoint), service]));
  const rows = found.map((service) => {
    const key = endpointKey(service.endpoint);
    const other = wanted.get(key);
    wanted.delete(key);
    return programmed === undefined ? unknownRow(service) : foundRow(service, other);
  });
  const missing = [...wanted.values()].map(
    (service): ServiceRow => ({
      state: "missing",
      differences: [],
      service,
      destinations: service.destinations.map((destination) => ({
        state: "missing",
        differences: [],
        destination,
      })),
    }),
  );
  return [...rows, ...missing].sort((a, b) => compareEndpoints(a.service.endpoint, b.service.endpoint));
}

function unknownRow(service: FoundService): ServiceRow {
  const destinations = service.destinations.map(
    (destination): DestinationRow => ({ state: "unknown", differences: [], destination }),
  );
  return { state: "unknown", differences: [], service, destinations: inOrder(destinations) };
}

function foundRow(service: FoundService, programmed: TableService | undefined): ServiceRow {
  const wanted = new Map(
    (programmed?.destinations ?? []).map((destination) => [destinationKey(destination), destination]),
  );
  const destinations = service.destinations.map((destination): DestinationRow => {
    const key = destinationKey(destination);
    const other = wanted.get(key);
    wanted.delete(key);
    if (other === undefined) return { state: "foreign", differences: [], destination };
    const differences = destinationDifferences(destination, other);
    return { state: differences.length === 0 ? "same" : "changed", differences, destination };
  });
  for (const destination of wanted.values()) {
    destinations.push({ state: "missing", differences: [], destination });
  }
  const differences = programmed === undefined ? [] : serviceDifferences(service, programmed);
  const both = differences.length === 0 ? "same" : "changed";
  return {
    state: programmed === undefined ? "foreign" : both,
    differences,
    service,
    destinations: inOrder(destinations),
  };
}

/** Scheduler, flags and persistence as ipvsadm writes them: `sh (sh-port) persistent 300 mask 255.255.255.0 pe sip ops`. */
export function serviceWords(service: FoundService | TableService): string {
  const { endpoint, persistence, scheduler } = service;
  const family =
    endpoint.kind === "fwmark" ? endpoint.family : endpoint.address.includes(":") ? "ipv6" : "ipv4";
  const words = [scheduler];
  const flags = flagWords(service);
  if (flags.length > 0) words.push(`(${flags.join(",")})`);
  if (persistence !== undefined) {
    words.push(`persistent ${persistence.timeout}`);
    if (family === "ipv6" && persistence.prefixLength < 128) words.push(`mask ${persistence.prefixLength}`);
    if (family === "ipv4" && persistence.prefixLength < 32)
      words.push(`mask ${dotted(persistence.prefixLength)}`);
    if (persistence.engine !== undefined) words.push(`pe ${persistence.engine}`);
  }
  if (service.onePacket) words.push("ops");
  return words.join(" ");
}

/** Method and tunnel: `Masq`, `Route`, `Tunnel gue:6080 csum`. */
export function forwardingWords({ forwarding }: TableDestination): string {
  if (forwarding.method === "nat") return "Masq";
  if (forwarding.method === "dr") return "Route";
  const port = forwarding.port === undefined ? "" : `:${forwarding.port}`;
  const checksum = forwarding.checksum === "none" ? "" : ` ${forwarding.checksum}`;
  return forwarding.type === "ipip" && checksum === ""
    ? "Tunnel"
    : `Tunnel ${forwarding.type}${port}${checksum}`;
}

/** ipvsadm has names for what two schedulers make of their flags. */
function flagWords({ flags, scheduler }: FoundService | TableService): readonly string[] {
  const named = scheduler === "sh" || scheduler === "mh";
  return [
    ...(flags.flag1 ? [named ? `${scheduler}-fallback` : "flag-1"] : []),
    ...(flags.flag2 ? [named ? `${scheduler}-port` : "flag-2"] : []),
    ...(flags.flag3 ? ["flag-3"] : []),
  ];
}

function serviceDifferences(found: FoundService, programmed: TableService): readonly string[] {
  const [is, wanted] = [serviceWords(found), serviceWords(programmed)];
  return is === wanted ? [] : [`programmed: ${wanted}`];
}

function destinationDifferences(found: FoundDestination, programmed: TableDestination): readonly string[] {
  const differences: string[] = [];
  if (!equalPlain(found.forwarding, programmed.forwarding)) {
    differences.push(`programmed: ${forwardingWords(programmed)}`);
  }
  const numbers = [
    ["weight", found.weight, programmed.weight],
    ["upper limit", found.upperThreshold, programmed.upperThreshold],
    ["lower limit", found.lowerThreshold, programmed.lowerThreshold],
  ] as const;
  for (const [what, is, wanted] of numbers) {
    if (is !== wanted) differences.push(`programmed: ${what} ${wanted}, not ${is}`);
  }
  return differences;
}

export function endpointKey(endpoint: Endpoint): string {
  if (endpoint.kind === "fwmark") return `fwmark ${endpoint.mark} ${endpoint.family}`;
  return `${endpoint.protocol} ${endpoint.address} ${endpoint.port}`;
}

export function destinationKey({ address, port }: TableDestination): string {
  return `${address} ${port}`;
}

const PROTOCOL_ORDER = ["tcp", "udp", "sctp"];

/** Addresses before marks, IPv4 before IPv6, then protocol, address and port. */
function compareEndpoints(a: Endpoint, b: Endpoint): number {
  if (a.kind === "fwmark" || b.kind === "fwmark") {
    if (a.kind !== "fwmark") return -1;
    if (b.kind !== "fwmark") return 1;
    return a.mark - b.mark || a.family.localeCompare(b.family);
  }
  const families = Number(a.address.includes(":")) - Number(b.address.includes(":"));
  const protocols = PROTOCOL_ORDER.indexOf(a.protocol) - PROTOCOL_ORDER.indexOf(b.protocol);
  return families || protocols || compareIp(a.address, b.address) || a.port - b.port;
}

function inOrder(rows: readonly DestinationRow[]): readonly DestinationRow[] {
  return [...rows].sort(
    ({ destination: a }, { destination: b }) => compareIp(a.address, b.address) || a.port - b.port,
  );
}

function dotted(prefixLength: number): string {
  return [0, 8, 16, 24]
    .map((start) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefixLength - start))))
    .join(".");
}
