/** `buoy plan` */
import { resolve } from "node:path";
import type { Command } from "commander";
import { planLines } from "../observe/plan-text.ts";
import { type ClientOptions, withRuntimeDir } from "./client-command.ts";
import { ask } from "./control-client.ts";
import { EXIT_REFUSED } from "./exit-codes.ts";
import { painterFor, printJson, printLines, widthOf } from "./terminal.ts";

/** As for a reload: a large configuration takes a while to read. */
const PLAN_TIMEOUT_MS = 30_000;

export function registerPlan(program: Command): void {
  withRuntimeDir(program.command("plan"))
    .description("say what a reload would change, and whether a virtual address would move; changes nothing")
    .argument("[file]", "compare with this file instead of the daemon's own")
    .option("--json", "the plan as JSON")
    .action(async (file: string | undefined, options: ClientOptions & { readonly json?: true }) => {
      const wanted = file === undefined ? undefined : resolve(file);
      const answer = await ask(options.runtimeDir, { command: "plan", file: wanted }, PLAN_TIMEOUT_MS);
      const { refused, plan, diagnostics } = answer;
      if (refused !== undefined) process.exitCode = EXIT_REFUSED;
      if (options.json) return printJson(answer);
      if (diagnostics !== "") process.stderr.write(`${diagnostics.trimEnd()}\n`);
      const paint = painterFor(process.stdout, process.env);
      if (plan !== undefined) printLines(planLines(plan, paint, widthOf(process.stdout)));
      if (refused !== undefined) printLines([paint("red", `a reload would change nothing: ${refused}`)]);
    });
}
