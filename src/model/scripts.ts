/** `vrrp_script` blocks. */
import { seconds } from "../base/time.ts";
import type { Span } from "../config/source.ts";
import { resolveCommand, type ScriptPolicy } from "./commands.ts";
import type { ResolveContext } from "./context.ts";
import { blockOf, type DraftBlock, type DraftStatement, nameOf } from "./draft.ts";
import type { TrackScriptModel } from "./model.ts";

export interface DefinedScripts {
  /** Scripts that can run, by name. */
  readonly scripts: ReadonlyMap<string, TrackScriptModel>;
  /** Names defined, among them those of scripts that cannot run. */
  readonly defined: ReadonlyMap<string, Span>;
}

export function resolveTrackScripts(
  root: DraftBlock,
  policy: ScriptPolicy,
  context: ResolveContext,
): DefinedScripts {
  const scripts = new Map<string, TrackScriptModel>();
  const defined = new Map<string, Span>();
  for (const statement of root.all("vrrp_script")) {
    const name = nameOf(statement);
    if (scripts.has(name)) {
      context.report.repair("duplicate-name", statement.span, `vrrp_script '${name}' is defined already`, {
        repair: "this block is ignored",
      });
      continue;
    }
    defined.set(name, statement.span);
    const script = resolveTrackScript(name, statement, policy, context);
    if (script !== undefined) scripts.set(name, script);
  }
  return { scripts, defined };
}

function resolveTrackScript(
  name: string,
  statement: DraftStatement,
  policy: ScriptPolicy,
  context: ResolveContext,
): TrackScriptModel | undefined {
  const block = blockOf(statement);
  const command = block.command("script");
  if (command === undefined) {
    context.report.repair("no-script", statement.span, `vrrp_script '${name}' has no script`, {
      repair: "the block is ignored",
    });
    return undefined;
  }
  if (command.identity !== undefined) {
    context.report.repair(
      "surplus-words",
      command.identity.span,
      "words after the command are not its arguments",
      {
        hint: "put the command and its arguments into one pair of quotes; the user goes to a line of its own",
        repair: "they are ignored",
        exitClass: "silent",
      },
    );
  }
  const bare = { ...command, identity: undefined };
  const model = resolveCommand(
    bare,
    block.identity("user"),
    { name: `vrrp_script '${name}'`, counted: true },
    policy,
    context,
  );
  if (model === undefined) return undefined;
  const interval = block.span("interval") ?? seconds(1);
  const weight = block.weight("weight") ?? { weight: 0, reverse: false };
  return {
    name,
    command: model,
    interval,
    timeout: block.span("timeout") ?? interval,
    rise: block.number("rise") ?? 1,
    fall: block.number("fall") ?? 1,
    weight: weight.weight,
    reverse: weight.reverse,
    initFail: block.has("init_fail"),
  };
}
