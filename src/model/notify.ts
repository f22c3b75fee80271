/** Notify scripts of an instance or a sync group. */
import type { Micros } from "../base/time.ts";
import type { CommandModel } from "./command-model.ts";
import { resolveCommand, type ScriptPolicy } from "./commands.ts";
import type { ResolveContext } from "./context.ts";
import type { DraftBlock } from "./draft.ts";
import { findRow } from "./keywords/table.ts";
import type { NotifyModel } from "./model.ts";

/** The script that a keyword of a block names, if it does and may run; `owner` is whose it is, for messages. */
export function scriptOf(
  block: DraftBlock,
  keyword: string,
  owner: string,
  policy: ScriptPolicy,
  context: ResolveContext,
): CommandModel | undefined {
  const text = block.command(keyword);
  if (text === undefined) return undefined;
  return resolveCommand(text, undefined, { name: `${keyword} of ${owner}`, counted: false }, policy, context);
}

export function resolveNotify(
  block: DraftBlock,
  name: string,
  policy: ScriptPolicy,
  timeout: Micros,
  context: ResolveContext,
): NotifyModel {
  // A sync group knows fewer of them.
  const knows = (keyword: string): boolean => findRow(block.name, keyword) !== undefined;
  const command = (keyword: string): CommandModel | undefined =>
    knows(keyword) ? scriptOf(block, keyword, `'${name}'`, policy, context) : undefined;
  return {
    master: command("notify_master"),
    backup: command("notify_backup"),
    fault: command("notify_fault"),
    stop: command("notify_stop"),
    deleted: command("notify_deleted"),
    saysDeleted: knows("notify_deleted") && block.has("notify_deleted"),
    any: command("notify"),
    masterRxLowerPri: command("notify_master_rx_lower_pri"),
    timeout,
  };
}
