/** `buoy status`: the status document as a table of at most 100 columns. */
import { formatSpan } from "../base/time.ts";
import type { VrrpState } from "../vrrp/event.ts";
import type { AddressSnapshot, HoldingsSnapshot, InstanceSnapshot } from "../vrrp/snapshot.ts";
import { bfdPathText, bfdReasonText } from "./bfd-text.ts";
import { causeText, instantText } from "./explain.ts";
import { droppedText } from "./fact-text.ts";
import { groupLines } from "./group-status.ts";
import { poolLines } from "./pool-text.ts";
import type { ChildStatus, ScriptStatus, StatusDocument } from "./status-document.ts";
import { type Colour, type Paint, plainPaint } from "./style.ts";
import { type Cell, clip, table, wrap } from "./table.ts";
import { verificationText } from "./verify-text.ts";
import { formatAge, formatMoment, parseWallClock, type Reader } from "./wall-clock.ts";

export interface StatusView {
  readonly paint: Paint;
  readonly zone: Reader["zone"];
  /** Columns at hand, 100 at most. */
  readonly width: number;
}

const STATE_COLOURS: Readonly<Record<VrrpState, Colour>> = {
  MASTER: "green",
  BACKUP: "plain",
  FAULT: "red",
  INIT: "yellow",
  STOP: "yellow",
};

/** The whole daemon as lines of text. */
export function renderStatus(document: StatusDocument, view: StatusView): readonly string[] {
  const reader: Reader = { now: parseWallClock(document.time) ?? 0, zone: view.zone };
  return [
    ...headLines(document, view, reader),
    ...orderLines(document, view, reader),
    "",
    ...instanceLines(document, view, reader),
    ...groupLines(document, view, reader, STATE_COLOURS),
    ...staticLines(document, view),
    ...bfdSessionLines(document, view, reader),
    ...poolPart(document, view, reader),
    "",
    ...processLines(document.children, view),
    ...scriptLines(document, view),
    ...troubleLines(document, view),
  ];
}

function headLines(document: StatusDocument, view: StatusView, reader: Reader): readonly string[] {
  const up = formatAge(document.at - document.startedAt);
  const head = `buoy ${document.version}, pid ${document.pid}, up ${up}, ${document.configFile}`;
  const reload = document.lastReload;
  if (reload === undefined) return [clip(head, view.width)];
  const moment = parseWallClock(reload.time);
  const when = moment === undefined ? reload.time : formatMoment(moment, reader);
  return [
    clip(head, view.width),
    view.paint(reload.outcome === "refused" ? "red" : "plain", `last reload at ${when}: ${reload.outcome}`),
    ...reload.diagnostics.flatMap((line) => wrap(line, view.width, "  ", "    ")),
  ];
}

/** What an operator who comes later must know first. */
function orderLines(document: StatusDocument, view: StatusView, reader: Reader): readonly string[] {
  const instant = instantText(document, reader);
  return document.orders.flatMap(({ kind, subject, since, until, by, why }) => {
    const whom = subject === undefined ? "" : ` ${subject}`;
    const end = until === undefined ? "" : `, until ${instant(until)}`;
    const reason = why === undefined ? "" : `: ${why}`;
    const text = `${kind.toUpperCase()}${whom} ordered by ${by} at ${instant(since)}${end}${reason}`;
    return wrap(text, view.width, "", "  ").map((line) => view.paint("yellow", line));
  });
}

const INSTANCE_HEAD = ["INSTANCE", "STATE", "FOR", "PRIORITY", "INTERFACE", "VRID", "MASTER"];

function instanceLines(document: StatusDocument, view: StatusView, reader: Reader): readonly string[] {
  if (document.vrrp === undefined)
    return [view.paint("red", "the VRRP process is not running or does not answer")];
  const { instances } = document.vrrp;
  if (instances.length === 0) return ["no VRRP instance is configured"];
  const rows = [heading(INSTANCE_HEAD), ...instances.map((instance) => instanceRow(instance, document))];
  const wide = table(rows, plainPaint).some((line) => line.length > view.width);
  // Long names with an IPv6 master: the last column moves below its row.
  const [head, ...lines] = table(wide ? rows.map((row) => row.slice(0, -1)) : rows, view.paint);
  const blocks = instances.flatMap((instance, index) => [
    lines[index] ?? "",
    ...(wide ? [`    master: ${masterText(instance)}`] : []),
    ...instanceDetails(instance, document, view, reader),
  ]);
  return [head ?? "", ...blocks];
}

function heading(words: readonly string[]): readonly Cell[] {
  return words.map((text) => ({ text, colour: "bold" }));
}

function instanceRow(instance: InstanceSnapshot, document: StatusDocument): readonly Cell[] {
  const since = instance.lastTransition;
  const { basePriority, effectivePriority } = instance;
  return [
    { text: clip(instance.name, 24) },
    { text: instance.state, colour: instance.degraded ? "yellow" : STATE_COLOURS[instance.state] },
    { text: since === undefined ? "-" : formatAge(document.at - since) },
    {
      text:
        effectivePriority === basePriority
          ? `${basePriority}`
          : `${effectivePriority} (base ${basePriority})`,
    },
    { text: clip(instance.interface, 15) },
    { text: `${instance.virtualRouterId}` },
    { text: masterText(instance) },
  ];
}

/** How far an operator's order has come with this instance. */
function progressLines({ order, frozen }: InstanceSnapshot, view: StatusView): readonly string[] {
  const lines = frozen ? ["    frozen: trackers and preemption change nothing"] : [];
  if (order !== undefined) lines.push(`    ${order.kind}: ${PROGRESS[order.state]}`);
  return lines.map((line) => view.paint("yellow", line));
}

const PROGRESS = {
  "handing-over": "handing over, waits for another router",
  kept: "still master, no other router took over",
  "in-force": "in force",
  over: "master again, because the other master fell silent",
} as const;

function masterText(instance: InstanceSnapshot): string {
  if (instance.state === "MASTER") return "this host";
  if (instance.state !== "BACKUP" || instance.masterAddress === undefined) return "-";
  const priority = instance.masterPriority === undefined ? "" : ` (${instance.masterPriority})`;
  return `${instance.masterAddress}${priority}`;
}

function instanceDetails(
  instance: InstanceSnapshot,
  document: StatusDocument,
  view: StatusView,
  reader: Reader,
): readonly string[] {
  const why = causeText(instance.cause, instantText(document, reader));
  const dropped = droppedText(instance.statistics.dropped);
  const verified = verificationText(instance.verification);
  return [
    ...holdingLines(instance, view),
    ...(instance.degraded
      ? [view.paint("yellow", "    degraded: master, but not all that belongs to it could be added")]
      : []),
    ...progressLines(instance, view),
    ...instance.faults.flatMap((fault) => wrap(`fault: ${fault}`, view.width, "    ", "      ")),
    ...(verified === undefined ? [] : wrap(verified, view.width, "    ", "      ")),
    ...(why === "" ? [] : wrap(`because ${why}`, view.width, "    ", "      ")),
    ...(dropped === undefined ? [] : wrap(dropped, view.width, "    ", "      ")),
  ];
}

const ADDRESS_COLOURS: Readonly<Record<AddressSnapshot["state"], Colour>> = {
  present: "green",
  absent: "dim",
  adding: "yellow",
  removing: "yellow",
  failed: "red",
};

function holdingLines({ addresses, routing }: HoldingsSnapshot, view: StatusView): readonly string[] {
  const routes = routing.map((held): readonly Cell[] => [
    { text: `    ${held.item}` },
    { text: held.state, colour: ADDRESS_COLOURS[held.state] },
    { text: held.error ?? "" },
  ]);
  return [...addressLines(addresses, view), ...table(routes, view.paint)];
}

function staticLines(document: StatusDocument, view: StatusView): readonly string[] {
  const statics = document.vrrp?.statics;
  if (statics === undefined || statics.addresses.length + statics.routing.length === 0) return [];
  return ["", view.paint("bold", "STATIC ENTRIES"), ...holdingLines(statics, view)];
}

function addressLines(addresses: readonly AddressSnapshot[], view: StatusView): readonly string[] {
  const rows = addresses.map((held): readonly Cell[] => [
    { text: `    ${held.address}/${held.prefixLength}` },
    { text: `dev ${held.interface}` },
    { text: held.state, colour: ADDRESS_COLOURS[held.state] },
    {
      text: [held.excluded ? "not advertised" : "", held.error ?? ""]
        .filter((part) => part !== "")
        .join(", "),
    },
  ]);
  return table(rows, view.paint);
}

function bfdSessionLines(document: StatusDocument, view: StatusView, reader: Reader): readonly string[] {
  const sessions = document.bfd?.sessions ?? [];
  if (sessions.length === 0) return [];
  const rows = sessions.map((session): readonly Cell[] => {
    const { model, memory, transmitInterval, detectionTime } = session;
    return [
      { text: clip(model.name, 31) },
      { text: memory.state, colour: memory.state === "Up" ? "green" : memory.reportedUp ? "yellow" : "red" },
      { text: memory.lastChange === undefined ? "-" : formatAge(document.at - memory.lastChange) },
      { text: bfdPathText(session) },
      { text: transmitInterval === undefined ? "-" : formatSpan(transmitInterval) },
      { text: detectionTime === undefined ? "-" : formatSpan(detectionTime) },
    ];
  });
  const [head, ...lines] = table(
    [heading(["BFD", "STATE", "FOR", "NEIGHBOUR", "SENDS EVERY", "DETECTS IN"]), ...rows],
    view.paint,
  );
  const instant = instantText(document, reader);
  const blocks = sessions.flatMap(({ memory }, index) => [
    lines[index] ?? "",
    ...wrap(`because ${bfdReasonText(memory.reason, instant)}`, view.width, "    ", "      "),
  ]);
  return ["", head ?? "", ...blocks];
}

function processLines(children: readonly ChildStatus[], view: StatusView): readonly string[] {
  const rows = children.map((child): readonly Cell[] => [
    { text: child.name },
    child.pid === undefined ? { text: "not running", colour: "red" } : { text: `${child.pid}` },
    { text: child.pid === undefined ? "-" : formatAge(child.upFor) },
    { text: `${child.restarts}`, colour: child.restarts > 0 ? "yellow" : "plain" },
  ]);
  return table([heading(["PROCESS", "PID", "UP", "RESTARTS"]), ...rows], view.paint);
}

function poolPart(document: StatusDocument, view: StatusView, reader: Reader): readonly string[] {
  if (document.pool === undefined) return [];
  return ["", ...poolLines(document.pool, { ...view, instant: instantText(document, reader) })];
}

function scriptLines(document: StatusDocument, view: StatusView): readonly string[] {
  if (document.scripts.length === 0) return [];
  const rows = document.scripts.map((script): readonly Cell[] => [
    { text: clip(script.subject, 30) },
    scriptResult(script),
    { text: script.lastDuration === undefined ? "-" : formatSpan(script.lastDuration) },
    { text: clip(script.command.join(" "), 40) },
  ]);
  return ["", ...table([heading(["SCRIPT", "RESULT", "TOOK", "COMMAND"]), ...rows], view.paint)];
}

function scriptResult(script: ScriptStatus): Cell {
  if (script.lastSignal !== undefined) return { text: script.lastSignal, colour: "red" };
  if (script.lastExit !== undefined) {
    return { text: `exit ${script.lastExit}`, colour: script.lastExit === 0 ? "green" : "red" };
  }
  return { text: script.running ? "running" : "not yet run", colour: "dim" };
}

function troubleLines(document: StatusDocument, view: StatusView): readonly string[] {
  const dropped =
    document.droppedEvents > 0 ? [`${document.droppedEvents} events were dropped: the journal has gaps`] : [];
  const trouble = [...document.degraded, ...dropped];
  if (trouble.length === 0) return [];
  const lines = trouble.flatMap((line) => wrap(line, view.width, "  - ", "    "));
  return ["", view.paint("yellow", "DEGRADED"), ...lines];
}
