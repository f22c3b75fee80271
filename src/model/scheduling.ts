/** `vrrp_priority`, `checker_rt_priority`, `vrrp_cpu_affinity` and so on. */
import type { Word } from "../config/tree.ts";
import type { ResolveContext } from "./context.ts";
import type { DraftBlock } from "./draft.ts";
import type { SchedulingModel } from "./scheduling-model.ts";

/** `child` is the words' beginning. */
export function resolveScheduling(
  globals: DraftBlock,
  child: "vrrp" | "checker",
  context: ResolveContext,
): SchedulingModel {
  const words = globals.last(`${child}_cpu_affinity`)?.values[0];
  return {
    niceValue: globals.number(`${child}_priority`),
    realtimePriority: globals.number(`${child}_rt_priority`),
    realtimeLimit: globals.span(`${child}_rlimit_rttime`) ?? globals.span(`${child}_rlimit_rtime`),
    cpuAffinity: words?.kind === "words" ? readCpus(words.value, context) : undefined,
    noSwap: globals.has(`${child}_no_swap`),
  };
}

function readCpus(words: readonly Word[], context: ResolveContext): readonly number[] | undefined {
  const cpus: number[] = [];
  for (const word of words) {
    if (/^\d{1,4}$/.test(word.text)) cpus.push(Number(word.text));
    else
      context.report.repair("invalid-value", word.span, `'${word.text}' is no processor`, {
        repair: "it is left out",
      });
  }
  return cpus.length === 0 ? undefined : cpus;
}
