/** What the log says of a configuration. */
import type { Model } from "../model/model.ts";
import { planLines } from "../observe/plan-text.ts";
import { withoutSecrets } from "../observe/secrets.ts";
import { plainPaint } from "../observe/style.ts";
import type { ReloadPlan } from "../supervise/plan.ts";
import type { ConfigurationReport } from "./configuration.ts";

/** Enough of a plan for the journal and the log. */
export function shortened(plan: ReloadPlan): readonly string[] {
  const lines = planLines(plan, plainPaint, 100);
  const left = lines.length - MOST_PLAN_LINES;
  return left > 0 ? [...lines.slice(0, MOST_PLAN_LINES), `and ${left} more lines`] : lines;
}

const MOST_PLAN_LINES = 60;

/** The report of a reload that is refused before anything is read. */
export const NOTHING_READ: ConfigurationReport = {
  files: [],
  lines: () => [],
  text: "",
  messages: [],
  notes: 0,
  repairs: 0,
};

/** The model as text, passwords masked. */
export function modelText(model: Model): string {
  return JSON.stringify(withoutSecrets(model), undefined, 2);
}
