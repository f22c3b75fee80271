/** Sync groups in the status: their state, its cause, and who keeps them from what the others would be. */
import type { VrrpState } from "../vrrp/event.ts";
import type { GroupSnapshot } from "../vrrp/snapshot.ts";
import { causeText, instantText } from "./explain.ts";
import type { StatusDocument } from "./status-document.ts";
import type { Colour, Paint } from "./style.ts";
import { type Cell, clip, table, wrap } from "./table.ts";
import { formatAge, type Reader } from "./wall-clock.ts";

const HEAD = ["SYNC GROUP", "STATE", "FOR", "MEMBERS"].map((text): Cell => ({ text, colour: "bold" }));

/** One row for each group with what there is to say below it; nothing where there are none. */
export function groupLines(
  document: StatusDocument,
  view: { readonly paint: Paint; readonly width: number },
  reader: Reader,
  colours: Readonly<Record<VrrpState, Colour>>,
): readonly string[] {
  const groups = document.vrrp?.groups ?? [];
  if (groups.length === 0) return [];
  const rows = groups.map(({ name, state, lastTransition, members }): readonly Cell[] => [
    { text: clip(name, 24) },
    { text: state, colour: colours[state] },
    { text: lastTransition === undefined ? "-" : formatAge(document.at - lastTransition) },
    { text: clip(members.join(", "), 50) },
  ]);
  const [head, ...lines] = table([HEAD, ...rows], view.paint);
  const blocks = groups.flatMap((group, index) => {
    const why = causeText(group.cause, instantText(document, reader));
    const news = [...(why === "" ? [] : [`because ${why}`]), ...groupNews(group, document)];
    return [lines[index] ?? "", ...news.flatMap((line) => wrap(line, view.width, "    ", "      "))];
  });
  return ["", head ?? "", ...blocks];
}

function groupNews({ members, willing, faulty }: GroupSnapshot, document: StatusDocument): readonly string[] {
  const instances = document.vrrp?.instances.filter(({ name }) => members.includes(name)) ?? [];
  const states = new Set(instances.map(({ state }) => state));
  const missing = instances.filter(({ name, state }) => state === "BACKUP" && !willing.includes(name));
  return [
    ...(states.size > 1
      ? [`a reload has brought its members together, which are ${[...states].join(" and ")}`]
      : []),
    ...(faulty.length > 0 ? [`fault of ${faulty.join(", ")}`] : []),
    ...(willing.length > 0
      ? [`${willing.join(", ")} would be MASTER and waits for ${missing.map(({ name }) => name).join(", ")}`]
      : []),
  ];
}
