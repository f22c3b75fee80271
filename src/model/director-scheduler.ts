/** Which server takes the next connection. */
import type { Scheduler } from "../base/scheduler.ts";
import type { ResolveContext } from "./context.ts";
import type { ServiceHead } from "./director-head.ts";
import type { Protocol, SchedulerFlags, VirtualServerModel } from "./director-models.ts";
import type { DraftBlock, DraftStatement } from "./draft.ts";

const NO_FLAGS: SchedulerFlags = { flag1: false, flag2: false, flag3: false };
/** What each word sets, and for which scheduler. */
const FLAGS: ReadonlyMap<string, { readonly flag: keyof SchedulerFlags; readonly of?: Scheduler }> = new Map([
  ["flag-1", { flag: "flag1" }],
  ["flag-2", { flag: "flag2" }],
  ["flag-3", { flag: "flag3" }],
  ["sh-fallback", { flag: "flag1", of: "sh" }],
  ["sh-port", { flag: "flag2", of: "sh" }],
  ["mh-fallback", { flag: "flag1", of: "mh" }],
  ["mh-port", { flag: "flag2", of: "mh" }],
]);

export function resolveSchedule(
  block: DraftBlock,
  name: string,
  head: ServiceHead,
  protocol: Protocol,
  statement: DraftStatement,
  context: ResolveContext,
): Pick<VirtualServerModel, "scheduler" | "flags" | "onePacket"> {
  const { report } = context;
  const { scheduler, flags } = readFlags(block, context);
  if (scheduler === undefined) {
    report.repair("missing-value", statement.keywordSpan, `virtual_server ${name} has no lvs_sched`, {
      repair: "wlc is used",
    });
  }
  const ops = block.last("ops");
  const onePacket = ops !== undefined && (protocol === "udp" || head.kind === "fwmark");
  if (ops !== undefined && !onePacket) {
    report.repair("one-packet", ops.keywordSpan, "ops (one-packet scheduling) is for UDP", {
      repair: "the line is ignored",
    });
  }
  return { scheduler: scheduler ?? "wlc", flags, onePacket };
}

/** Flags named after a scheduler count only below its line. */
function readFlags(
  block: DraftBlock,
  { report }: ResolveContext,
): { readonly scheduler: Scheduler | undefined; readonly flags: SchedulerFlags } {
  let scheduler: Scheduler | undefined;
  let flags = NO_FLAGS;
  for (const { row, values, keywordSpan } of block.statements) {
    const [value] = values;
    if ((row.keyword === "lvs_sched" || row.keyword === "lb_algo") && value?.kind === "text") {
      // The row's choice has let nothing else through.
      scheduler = value.value as Scheduler;
    }
    const flag = FLAGS.get(row.keyword);
    if (flag === undefined) continue;
    if (flag.of === undefined || flag.of === scheduler) flags = { ...flags, [flag.flag]: true };
    else {
      const message = `${row.keyword} counts only below 'lvs_sched ${flag.of}'`;
      report.repair("flag", keywordSpan, message, { repair: "the line is ignored" });
    }
  }
  return { scheduler, flags };
}
