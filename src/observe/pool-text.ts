/** Services and servers as tables: `buoy pool list`, and their part of `buoy status`. */
import { directorCauseText } from "./director-text.ts";
import type { InstantText } from "./fact-text.ts";
import type { CheckStatus, PoolStatus, ServerStatus, ServiceStatus } from "./pool-view.ts";
import { NO_PLANE } from "./pool-view.ts";
import type { Paint } from "./style.ts";
import { type Cell, clip, table, wrap } from "./table.ts";
import { formatAge } from "./wall-clock.ts";

export interface PoolView {
  readonly paint: Paint;
  readonly width: number;
  readonly instant: InstantText;
}

/** Services beyond this many are summed up in `buoy status`. */
export const MOST_SERVICES = 50;

/** The data plane, and each service with its servers: `most` of them, those that are down first where not all can be shown. */
export function poolLines(pool: PoolStatus, view: PoolView, most = MOST_SERVICES): readonly string[] {
  const shown = pool.services.length <= most ? pool.services : troubledFirst(pool.services).slice(0, most);
  const left = pool.services.length - shown.length;
  return [
    ...planeLines(pool, view),
    ...shown.flatMap((service) => serviceLines(service, pool.at, view)),
    ...(left > 0 ? [`and ${left} more services: \`buoy pool list\` shows them`] : []),
  ];
}

function troubledFirst(services: readonly ServiceStatus[]): readonly ServiceStatus[] {
  const rank = ({ quorumUp, servers }: ServiceStatus): number =>
    !quorumUp ? 0 : servers.some(({ up, orders }) => !up || orders.length > 0) ? 1 : 2;
  return [...services].sort((a, b) => rank(a) - rank(b));
}

function planeLines({ plane }: PoolStatus, { paint, width }: PoolView): readonly string[] {
  const isNone = plane.name === NO_PLANE;
  const text = isNone
    ? `NO SERVICE IS IN THE KERNEL: ${plane.why}`
    : `services are kept by ${plane.name}: ${plane.why}`;
  return wrap(text, width, "", "  ").map((line) => paint(isNone ? "red" : "plain", line));
}

/** One service, its servers below it. */
export function serviceLines(service: ServiceStatus, at: number, view: PoolView): readonly string[] {
  const { name, scheduler, quorumUp, suspended, weight, quorum } = service;
  const state = quorumUp ? "UP" : "DOWN";
  const rest = suspended ? ", checks rest: its address is not on this host" : "";
  const head = `${name}  ${scheduler}  ${state}  weight ${weight} of live servers, quorum ${quorum}${rest}`;
  const rows = service.servers.map((server) => serverRow(server, at));
  const lines = rows.length === 0 ? [] : table([SERVER_HEAD, ...rows], view.paint);
  return [
    view.paint(quorumUp ? "green" : "red", head),
    ...sorryLines(service, view),
    ...(quorumUp ? [] : reasonLines(service.cause, "  ", view)),
    ...lines.flatMap((line, index) => {
      const server = service.servers[index - 1];
      return [`  ${line}`, ...(server === undefined ? [] : serverDetails(server, view))];
    }),
  ];
}

const SERVER_HEAD: readonly Cell[] = ["SERVER", "STATE", "FOR", "WEIGHT", "METHOD", "CHECKS"].map((text) => ({
  text,
  colour: "bold",
}));

function serverRow(server: ServerStatus, at: number): readonly Cell[] {
  const { name, changedAt, weight, configuredWeight, forwarding, checks } = server;
  const weights = weight === configuredWeight ? `${weight}` : `${weight} (configured ${configuredWeight})`;
  return [
    { text: name },
    stateCell(server),
    { text: changedAt === undefined ? "-" : formatAge(at - changedAt) },
    { text: weights },
    { text: forwarding },
    { text: checks.length === 0 ? "none" : checks.map(checkWord).join(", ") },
  ];
}

function stateCell({ up, orders, drained }: ServerStatus): Cell {
  if (orders.some(({ kind }) => kind === "disable")) return { text: "DISABLED", colour: "yellow" };
  if (orders.some(({ kind }) => kind === "drain"))
    return { text: drained ? "DRAINED" : "DRAINING", colour: "yellow" };
  return up ? { text: "UP", colour: "green" } : { text: "DOWN", colour: "red" };
}

function checkWord({ name, ok, blocked }: CheckStatus): string {
  const [word = name] = name.split(" ");
  if (blocked !== undefined) return `${word} not run`;
  return `${word} ${ok === undefined ? "not yet" : ok ? "ok" : "failed"}`;
}

/** What an operator wants to know of a server that is not simply up. */
function serverDetails(server: ServerStatus, view: PoolView): readonly string[] {
  const orders = server.orders.flatMap(({ kind, by, why, since }) => {
    const reason = why === undefined ? "" : `: ${why}`;
    return wrap(
      `${kind} ordered by ${by} at ${view.instant(since)}${reason}`,
      view.width,
      "      ",
      "        ",
    );
  });
  const left = server.connections;
  const progress =
    left === undefined || server.drained ? [] : [`      ${left} connection${left === 1 ? "" : "s"} left`];
  const blocked = server.checks.flatMap((check) => blockedLines(check, view));
  const failed = server.checks.filter(({ ok }) => ok === false).flatMap((check) => checkLines(check, view));
  return [
    ...[...orders, ...progress].map((line) => view.paint("yellow", line)),
    ...blocked,
    ...failed,
    ...(server.up || failed.length > 0 ? [] : reasonLines(server.cause, "      ", view)),
  ];
}

function blockedLines({ name, blocked }: CheckStatus, view: PoolView): readonly string[] {
  if (blocked === undefined) return [];
  const text = `${name} cannot be run by this host since ${view.instant(blocked.since)}: ${blocked.reason}`;
  return wrap(text, view.width, "      ", "        ").map((line) => view.paint("red", line));
}

function checkLines({ name, failures, last }: CheckStatus, view: PoolView): readonly string[] {
  if (last === undefined) return [];
  const excerpt = last.excerpt === undefined ? "" : `, its answer began with ${JSON.stringify(last.excerpt)}`;
  const times = failures > 1 ? ` (${failures} times in a row)` : "";
  const text = `${name} ${last.detail}${times} at ${view.instant(last.at)}${excerpt}`;
  return wrap(text, view.width, "      ", "        ").map((line) => view.paint("red", line));
}

function sorryLines({ sorryServer }: ServiceStatus, view: PoolView): readonly string[] {
  if (sorryServer === undefined) return [];
  const { name, inUse } = sorryServer;
  return [inUse ? view.paint("yellow", `  sorry server ${name} serves`) : `  sorry server ${name} stands by`];
}

function reasonLines(cause: ServiceStatus["cause"], indent: string, view: PoolView): readonly string[] {
  const text = directorCauseText(cause);
  return text === "" ? [] : wrap(clip(text, 400), view.width, indent, `${indent}  `);
}
