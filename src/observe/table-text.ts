/** The forwarding table in ipvsadm's layout, with what differs at the end of its line. */
import type {
  FoundDestination,
  FoundService,
  TableDestination,
  TableService,
  TableStatistics,
} from "../director/table.ts";
import type { Endpoint } from "../model/director-models.ts";
import type { Colour, Paint } from "./style.ts";
import {
  type DestinationRow,
  forwardingWords,
  type RowState,
  type ServiceRow,
  serviceWords,
} from "./table-rows.ts";

export interface TableTextOptions {
  readonly paint: Paint;
  /** Connections, packets and bytes a second behind each line. */
  readonly rates: boolean;
}

const REMARKS: Readonly<Record<RowState, string>> = {
  same: "",
  unknown: "",
  changed: "",
  missing: "not in the kernel",
  foreign: "not ours",
};
const COLOURS: Readonly<Record<RowState, Colour>> = {
  same: "plain",
  unknown: "plain",
  changed: "yellow",
  missing: "red",
  foreign: "dim",
};
/** Columns of ipvsadm. */
const ADDRESS = 28;
const FORWARD = 7;
const WEIGHT = 6;
const CONNECTIONS = 10;
const RATE = 9;
/** Where the rates begin, behind a server's columns. */
const RATES_AT = "  -> ".length + ADDRESS + FORWARD + WEIGHT + 2 * CONNECTIONS + 4;

/** `title` is the first line: `IP Virtual Server version 1.2.1 (size=4096)`. */
export function tableLines(
  title: string,
  rows: readonly ServiceRow[],
  options: TableTextOptions,
): readonly string[] {
  const heads = [
    "Prot LocalAddress:Port Scheduler Flags",
    destinationColumns("RemoteAddress:Port", "Forward", "Weight", "ActiveConn", "InActConn"),
  ];
  if (options.rates) heads[1] += rateColumns(["CPS", "InPPS", "OutPPS", "InBPS", "OutBPS"]);
  return [
    title,
    ...heads.map((head) => head.trimEnd()),
    ...rows.flatMap((row) => [
      serviceLine(row, options),
      ...row.destinations.map((one) => destinationLine(one, options)),
    ]),
    ...summary(rows),
  ];
}

function serviceLine(
  { service, state, differences }: ServiceRow,
  { paint, rates }: TableTextOptions,
): string {
  const text = `${endpointWords(service.endpoint)} ${serviceWords(service)}`;
  const measured = rates ? text.padEnd(RATES_AT) + rateColumns(ratesOf(service)) : text;
  return paint(COLOURS[state], withRemark(measured, state, differences));
}

function destinationLine(row: DestinationRow, { paint, rates }: TableTextOptions): string {
  const { destination, state } = row;
  const counted = "activeConnections" in destination ? destination : undefined;
  const [method = "", ...tunnel] = forwardingWords(destination).split(" ");
  const text = destinationColumns(
    withPort(destination.address, destination.port),
    method,
    String(destination.weight),
    String(counted?.activeConnections ?? "-"),
    String(counted?.inactiveConnections ?? "-"),
  );
  const measured = rates ? text + rateColumns(ratesOf(destination)) : text;
  const details = tunnel.length === 0 ? [] : [tunnel.join(" ")];
  return paint(COLOURS[state], withRemark(measured, state, [...details, ...row.differences]));
}

function destinationColumns(
  address: string,
  forward: string,
  weight: string,
  active: string,
  inactive: string,
): string {
  const columns = [
    address.padEnd(ADDRESS),
    forward.padEnd(FORWARD),
    weight.padEnd(WEIGHT),
    active.padEnd(CONNECTIONS),
    inactive.padEnd(CONNECTIONS),
  ];
  return `  -> ${columns.join(" ")}`;
}

function rateColumns(rates: readonly (string | number)[]): string {
  return rates.map((rate) => String(rate).padStart(RATE)).join("");
}

function ratesOf(
  entry: FoundService | TableService | FoundDestination | TableDestination,
): readonly (string | number)[] {
  const statistics: TableStatistics | undefined = "statistics" in entry ? entry.statistics : undefined;
  if (statistics === undefined) return ["-", "-", "-", "-", "-"];
  const { connectionRate, packetRateIn, packetRateOut, byteRateIn, byteRateOut } = statistics;
  return [connectionRate, packetRateIn, packetRateOut, byteRateIn, byteRateOut].map((rate) => rate ?? "-");
}

function withRemark(text: string, state: RowState, more: readonly string[]): string {
  const remarks = [REMARKS[state], ...more].filter((remark) => remark !== "");
  return remarks.length === 0 ? text.trimEnd() : `${text.trimEnd()}  # ${remarks.join("; ")}`;
}

function endpointWords(endpoint: Endpoint): string {
  if (endpoint.kind === "fwmark") {
    return `FWM  ${endpoint.mark}${endpoint.family === "ipv6" ? " IPv6" : ""}`;
  }
  return `${endpoint.protocol.toUpperCase().padEnd(4)} ${withPort(endpoint.address, endpoint.port)}`;
}

function withPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What an operator looks for first, where anything differs. */
function summary(rows: readonly ServiceRow[]): readonly string[] {
  const states = rows.flatMap((row) => [row.state, ...row.destinations.map(({ state }) => state)]);
  const count = (wanted: RowState): number => states.filter((state) => state === wanted).length;
  const said = [
    [count("missing"), "missing"],
    [count("changed"), "changed"],
    [count("foreign"), "not ours"],
  ] as const;
  const parts = said.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  return parts.length === 0 ? [] : ["", `differs from what is programmed: ${parts.join(", ")}`];
}
