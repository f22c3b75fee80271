/** How many servers a service needs. */
import type { ResolveContext } from "./context.ts";
import type { RealServerModel, VirtualServerModel } from "./director-models.ts";
import type { DraftBlock, DraftStatement } from "./draft.ts";

/** No more than all servers together can give, and a margin below it. */
export function readQuorum(
  block: DraftBlock,
  name: string,
  statement: DraftStatement,
  servers: readonly RealServerModel[],
  { report }: ResolveContext,
): Pick<VirtualServerModel, "quorum" | "hysteresis"> {
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  const wanted = block.number("quorum") ?? 1;
  const quorum = Math.min(wanted, total);
  if (quorum < wanted) {
    const span = block.last("quorum")?.span ?? statement.keywordSpan;
    const message = `quorum ${wanted} of ${name} is more than all its servers weigh (${total})`;
    report.repair("quorum", span, message, { repair: `${quorum} is used` });
  }
  const margin = block.number("hysteresis") ?? 0;
  const hysteresis = Math.min(margin, Math.max(quorum - 1, 0));
  if (hysteresis < margin) {
    const span = block.last("hysteresis")?.span;
    report.repair("hysteresis", span, `hysteresis ${margin} must be less than the quorum, ${quorum}`, {
      repair: `${hysteresis} is used`,
    });
  }
  return { quorum, hysteresis };
}
