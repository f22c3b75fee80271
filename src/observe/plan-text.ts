/** A reload's plan in lines for a terminal and the log. */
import type { Difference } from "../model/differences.ts";
import type { PlannedInstance, ReloadPlan } from "../supervise/plan.ts";
import type { Colour, Paint } from "./style.ts";
import { wrap } from "./table.ts";

const SIGNS: Readonly<Record<PlannedInstance["action"], { readonly sign: string; readonly colour: Colour }>> =
  {
    add: { sign: "+", colour: "green" },
    remove: { sign: "-", colour: "red" },
    modify: { sign: "~", colour: "yellow" },
    replace: { sign: "-/+", colour: "red" },
  };

/** The whole plan; `width` columns at most where words allow. */
export function planLines(plan: ReloadPlan, paint: Paint, width: number): readonly string[] {
  return [
    planSummary(plan),
    ...plan.instances.flatMap((instance) => instanceLines(instance, paint, width)),
    ...plan.others.map((difference) => paint("yellow", `  ~ ${differenceText(difference)}`)),
    movementText(plan, paint),
  ];
}

/** `1 instance added, 2 changed, 12 untouched`. */
export function planSummary({ instances, untouched, others }: ReloadPlan): string {
  const count = (action: PlannedInstance["action"]): number =>
    instances.filter((instance) => instance.action === action).length;
  const parts = [
    [count("add"), "added"],
    [count("remove"), "removed"],
    [count("replace"), "replaced"],
    [count("modify"), "changed"],
    [untouched, "untouched"],
  ] as const;
  const said = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  const settings =
    others.length === 0 ? [] : [`${others.length} other ${plural(others.length, "setting")} changed`];
  const head = said.length === 0 ? "no instance" : `instances: ${said.join(", ")}`;
  return [head, ...settings].join("; ");
}

/** `priority 100 -> 90`, `+ 10.7.0.9/24`. */
export function differenceText({ what, from, to }: Difference): string {
  if (from === undefined) return `${what}: ${to} is new`;
  if (to === undefined) return `${what}: ${from} goes`;
  return `${what}: ${from} -> ${to}`;
}

function instanceLines(instance: PlannedInstance, paint: Paint, width: number): readonly string[] {
  const { sign, colour } = SIGNS[instance.action];
  const state = instance.state === undefined ? "" : ` (${instance.state} here)`;
  return [
    paint(colour, `  ${sign} ${instance.name}${state}`),
    ...instance.changes.flatMap((change) => wrap(differenceText(change), width, "      ", "        ")),
    ...instance.effects.flatMap((effect) => wrap(`=> ${effect}`, width, "      ", "         ")),
  ];
}

function movementText({ instances, movement }: ReloadPlan, paint: Paint): string {
  const named = (worst: string): string =>
    instances
      .filter((instance) => instance.movement === worst)
      .map(({ name }) => name)
      .join(", ");
  if (movement === "no") return paint("green", "no virtual address moves");
  if (movement === "yes") return paint("red", `virtual addresses move: ${named("yes")}`);
  return paint("yellow", `virtual addresses may move: ${named("possible")}`);
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}
