/** The routes and rules of one block. */
import type { Entry } from "../config/tree.ts";
import type { ResolveContext } from "./context.ts";
import type { DraftBlock } from "./draft.ts";
import type { RoutingModel } from "./model.ts";
import { type ReadRouting, readRoute } from "./routes.ts";
import { type FreePreferences, readRule } from "./rules.ts";

/** What a `vrrp_instance` holds of routes and rules. */
export function resolveRouting(
  block: DraftBlock,
  preferences: FreePreferences,
  context: ResolveContext,
): readonly RoutingModel[] {
  const routes = readRouting(block, "virtual_routes", (entry) => readRoute(entry, false, context));
  const rules = readRouting(block, "virtual_rules", (entry) => readRule(entry, false, preferences, context));
  return withoutTwins([...routes, ...rules], context);
}

/** The routes and rules of an instance, or of the static entries, each once. */
export function withoutTwins(read: readonly ReadRouting[], context: ResolveContext): readonly RoutingModel[] {
  const kept = new Map<string, RoutingModel>();
  for (const { model, span } of read) {
    if (!kept.has(model.key)) kept.set(model.key, model);
    else {
      context.report.repair("duplicate-entry", span, `this ${model.kind} stands here already`, {
        repair: "the line is ignored",
      });
    }
  }
  return [...kept.values()];
}

/** The entries of every block of a keyword, as far as they can be used. */
export function readRouting(
  block: DraftBlock,
  keyword: string,
  read: (entry: Entry) => ReadRouting | undefined,
): readonly ReadRouting[] {
  return block
    .all(keyword)
    .flatMap((statement) => statement.entries)
    .map(read)
    .filter((entry) => entry !== undefined);
}
