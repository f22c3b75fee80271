/** `garp_group` blocks: interfaces that share one spacing of announcements. */
import type { Span } from "../config/source.ts";
import { checkInterface, type ResolveContext } from "./context.ts";
import { blockOf, type DraftBlock, type DraftStatement } from "./draft.ts";
import type { GarpGroupModel } from "./model.ts";

/** All groups. An interface stays in the first one that names it. */
export function resolveGarpGroups(root: DraftBlock, context: ResolveContext): readonly GarpGroupModel[] {
  const taken = new Set<string>();
  const groups: GarpGroupModel[] = [];
  for (const statement of root.all("garp_group")) {
    const interfaces = readInterfaces(blockOf(statement), taken, context);
    const group = resolveGarpGroup(statement, interfaces, context);
    if (group !== undefined) groups.push(group);
  }
  return groups;
}

function resolveGarpGroup(
  statement: DraftStatement,
  interfaces: readonly string[],
  context: ResolveContext,
): GarpGroupModel | undefined {
  const block = blockOf(statement);
  const garpInterval = block.span("garp_interval") ?? 0;
  const gnaInterval = block.span("gna_interval") ?? 0;
  if (garpInterval === 0 && gnaInterval === 0) {
    context.report.repair(
      "no-interval",
      statement.span,
      "garp_group has neither garp_interval nor gna_interval",
      {
        repair: "the group is ignored",
      },
    );
    return undefined;
  }
  if (interfaces.length === 0) {
    context.report.note("no-interface", statement.span, "garp_group has no interface", {
      hint: "it has no effect; add a line such as: interface eth0",
    });
    return undefined;
  }
  return { interfaces, garpInterval, gnaInterval };
}

function readInterfaces(block: DraftBlock, taken: Set<string>, context: ResolveContext): readonly string[] {
  const interfaces: string[] = [];
  const read = (name: string, span: Span): void => {
    if (!checkInterface(context, name, span, "interface of a garp_group")) return;
    if (taken.has(name)) {
      context.report.repair("second-garp-group", span, `'${name}' is in a garp_group already`, {
        repair: "it is ignored here",
      });
      return;
    }
    taken.add(name);
    interfaces.push(name);
  };
  for (const statement of block.statements) {
    const [value] = statement.values;
    if (statement.row.keyword === "interface" && value?.kind === "text") read(value.value, value.span);
    if (statement.row.keyword !== "interfaces") continue;
    for (const word of statement.entries.flatMap((entry) => entry.words)) read(word.text, word.span);
  }
  return interfaces;
}
