/** A reload's plan in lines for a terminal and the log. */
import type { Difference } from "../model/differences.ts";
import type { PlannedService } from "../supervise/director-plan.ts";
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
    ...plan.director.services.flatMap((service) => serviceLines(service, paint, width)),
    ...plan.followers.map(
      ({ name, group, member }) => `  => ${name} follows ${member} in sync group ${group}`,
    ),
    ...plan.others.map((difference) => paint("yellow", `  ~ ${differenceText(difference)}`)),
    movementText(plan, paint),
  ];
}

/** `instances: 1 added, 12 untouched; virtual servers: 2 changed`. */
export function planSummary({ instances, untouched, director, others }: ReloadPlan): string {
  const { services } = director;
  const parts = [
    counted("instances", instances, untouched) ?? "no instance",
    counted("virtual servers", services, director.untouched),
    others.length === 0 ? undefined : `${others.length} other ${plural(others.length, "setting")} changed`,
  ];
  return parts.filter((part) => part !== undefined).join("; ");
}

function counted(
  what: string,
  list: readonly { readonly action: PlannedInstance["action"] }[],
  untouched: number,
): string | undefined {
  const count = (action: PlannedInstance["action"]): number =>
    list.filter((one) => one.action === action).length;
  const parts = [
    [count("add"), "added"],
    [count("remove"), "removed"],
    [count("replace"), "replaced"],
    [count("modify"), "changed"],
    [untouched, "untouched"],
  ] as const;
  const said = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  return said.length === 0 ? undefined : `${what}: ${said.join(", ")}`;
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

function serviceLines(service: PlannedService, paint: Paint, width: number): readonly string[] {
  const { sign, colour } = SIGNS[service.action];
  return [
    paint(colour, `  ${sign} virtual_server ${service.name}`),
    ...service.changes.flatMap((change) => wrap(differenceText(change), width, "      ", "        ")),
    ...service.servers.flatMap((server) => [
      paint(SIGNS[server.action].colour, `      ${SIGNS[server.action].sign} real_server ${server.name}`),
      ...server.changes.flatMap((change) =>
        wrap(differenceText(change), width, "          ", "            "),
      ),
    ]),
  ];
}

function movementText({ instances, followers, movement }: ReloadPlan, paint: Paint): string {
  if (movement === "no") return paint("green", "no virtual address moves");
  const sure = instances.filter((instance) => instance.movement === "yes").map(({ name }) => name);
  const possible = instances
    .filter((instance) => instance.movement === "possible")
    .map(({ name }) => name)
    .concat(followers.map(({ name }) => name));
  const unsure = [...new Set(possible)].filter((name) => !sure.includes(name)).join(", ");
  if (sure.length === 0) return paint("yellow", `virtual addresses may move: ${unsure}`);
  const more = unsure === "" ? "" : `; may move: ${unsure}`;
  return paint("red", `virtual addresses move: ${sure.join(", ")}${more}`);
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}
