/** Who runs a script, and whether it may run at all. */
import type { Span } from "../config/source.ts";
import type { CommandModel } from "./command-model.ts";
import type { ResolveContext } from "./context.ts";
import type { DraftBlock } from "./draft.ts";
import type { ScriptFact } from "./model.ts";
import type { CommandText, IdentityText } from "./values.ts";

export const SHELL = "/bin/sh";
/** keepalived 1.x gave commands to a shell; expressions written for it use bash's words. */
export const EXPRESSION_SHELL = "/bin/bash";
/** The account that keepalived uses for scripts, where it exists. */
export const SCRIPT_ACCOUNT = "keepalived_script";

const SHELL_SYNTAX = /&&|\|\||[|;<>`]|\$\(|\[\[/;

/** Whose command it is, for messages; and whether keepalived's config test counts what is wrong with it. */
export interface ScriptSubject {
  readonly name: string;
  readonly counted: boolean;
  /** What a user or group that is not there leads to; default: the script does not run. */
  readonly consequence?: string;
}

interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** Settings of `global_defs` that every script depends on. */
export interface ScriptPolicy {
  readonly security: boolean;
  /** Without a user of its own a script runs as this; undefined: it does not run, for the reason given. */
  readonly fallback: Identity | { readonly refused: string };
  readonly supplementaryGroups: boolean;
}

/** keepalived's order: `script_user`, the account keepalived_script, the daemon's own user (not with script security). */
export function resolveScriptPolicy(globals: DraftBlock, context: ResolveContext): ScriptPolicy {
  const security = globals.has("enable_script_security");
  const supplementaryGroups = globals.flag("set_supplementary_groups") ?? false;
  const settings = { security, supplementaryGroups };
  const named = globals.identity("script_user");
  if (named !== undefined) {
    const identity = resolveIdentity(named, supplementaryGroups, context, {
      name: "script_user",
      counted: true,
      consequence: "scripts without a user of their own do not run",
    });
    return { ...settings, fallback: identity ?? { refused: "script_user names nobody" } };
  }
  const account = context.facts.users?.get(SCRIPT_ACCOUNT);
  if (account !== undefined) {
    const groups = supplementaryGroups ? account.groups : [];
    return { ...settings, fallback: { uid: account.uid, gid: account.gid, groups } };
  }
  if (security && context.facts.users !== undefined) {
    const refused = `enable_script_security is set, there is no script_user, and no account ${SCRIPT_ACCOUNT}`;
    return { ...settings, fallback: { refused } };
  }
  const { uid, gid } = context.facts.self;
  return { ...settings, fallback: { uid, gid, groups: [] } };
}

/** The ids of a named user and group, or undefined, which has been reported then. */
export function resolveIdentity(
  identity: IdentityText,
  supplementaryGroups: boolean,
  context: ResolveContext,
  subject: ScriptSubject,
): Identity | undefined {
  const { users, groups, self } = context.facts;
  if (users === undefined || groups === undefined) return { uid: self.uid, gid: self.gid, groups: [] };
  const user = users.get(identity.user);
  if (user === undefined) {
    context.report.repair(
      "no-such-user",
      identity.span,
      `${subject.name}: there is no user '${identity.user}'`,
      {
        hint: "a second word after a command is a user; arguments belong inside the quotes of the command",
        repair: subject.consequence ?? "the script does not run",
        ...uncounted(subject),
      },
    );
    return undefined;
  }
  const gid = identity.group === undefined ? user.gid : groups.get(identity.group);
  if (gid === undefined) {
    context.report.repair(
      "no-such-group",
      identity.span,
      `${subject.name}: there is no group '${identity.group}'`,
      {
        repair: subject.consequence ?? "the script does not run",
      },
    );
    return undefined;
  }
  const wantsGroups = identity.supplementary || supplementaryGroups;
  return { uid: user.uid, gid, groups: wantsGroups ? user.groups : [] };
}

/**
 * The command as it will be run, or undefined where it will not; the reason has been reported then. `identity` is one
 * given apart from the command (`user`).
 */
export function resolveCommand(
  command: CommandText,
  identity: IdentityText | undefined,
  subject: ScriptSubject,
  policy: ScriptPolicy,
  context: ResolveContext,
): CommandModel | undefined {
  const as = chooseIdentity(identity ?? command.identity, subject, policy, command.span, context);
  if (as === undefined) return undefined;
  const shape = isShellExpression(command, context)
    ? shellCommand(command, subject, context)
    : { path: command.argv[0] ?? "", argv: command.argv };
  const fact = context.facts.scripts?.get(shape.path);
  if (context.facts.scripts === undefined || fact === undefined) return { ...shape, ...as };
  if (!mayRun(shape.path, fact, subject, policy, command.span, context)) return undefined;
  if (shape.path === command.argv[0]) noteStrayOperators(command, subject, context);
  return { ...runnable(shape, fact, subject, command.span, context), ...as };
}

function uncounted(subject: ScriptSubject): { readonly exitClass?: "silent" } {
  return subject.counted ? {} : { exitClass: "silent" };
}

function chooseIdentity(
  own: IdentityText | undefined,
  subject: ScriptSubject,
  policy: ScriptPolicy,
  span: Span,
  context: ResolveContext,
): Identity | undefined {
  if (own !== undefined) return resolveIdentity(own, policy.supplementaryGroups, context, subject);
  if (!("refused" in policy.fallback)) return policy.fallback;
  context.report.repair(
    "no-script-user",
    span,
    `${subject.name}: no user to run it as: ${policy.fallback.refused}`,
    {
      hint: "set script_user in global_defs, or a user after the command",
      repair: "the script does not run",
    },
  );
  return undefined;
}

/**
 * An expression for a shell: operators, and a first word that is no program. `[` is a program, but one that always
 * fails when anything follows its `]`.
 */
export function isShellExpression(command: CommandText, context: ResolveContext): boolean {
  if (!SHELL_SYNTAX.test(command.text)) return false;
  const [first] = command.argv;
  if (first === undefined) return false;
  if (first === "[") return true;
  if (context.facts.scripts === undefined) return first === "[[";
  const fact = context.facts.scripts.get(first);
  return !first.startsWith("/") && (fact === undefined || fact.resolved === undefined);
}

function shellCommand(
  command: CommandText,
  subject: ScriptSubject,
  context: ResolveContext,
): { readonly path: string; readonly argv: readonly string[] } {
  context.report.note(
    "shell-expression",
    command.span,
    `${subject.name}: this is an expression for a shell`,
    {
      hint: `${EXPRESSION_SHELL} -c runs it, as keepalived 1.x did; today's keepalived would not find '${command.argv[0]}' or would fail`,
    },
  );
  return { path: EXPRESSION_SHELL, argv: [EXPRESSION_SHELL, "-c", command.text] };
}

function noteStrayOperators(command: CommandText, subject: ScriptSubject, context: ResolveContext): void {
  const operator = command.argv.slice(1).find((word) => /^(&&|\|\||[|;<>]|>>|2>&1|&)$/.test(word));
  if (operator === undefined) return;
  context.report.note(
    "no-shell",
    command.span,
    `${subject.name}: '${operator}' goes to ${command.argv[0]} as an argument`,
    {
      hint: `no shell is involved; put the line into a script file, or write ${SHELL} -c '...'`,
    },
  );
}

function mayRun(
  path: string,
  fact: ScriptFact,
  subject: ScriptSubject,
  policy: ScriptPolicy,
  span: Span,
  context: ResolveContext,
): boolean {
  const disable = (code: string, message: string, hint?: string): false => {
    context.report.repair(code, span, `${subject.name}: ${message}`, {
      ...(hint === undefined ? {} : { hint }),
      repair: "the script does not run",
      ...uncounted(subject),
    });
    return false;
  };
  if (fact.resolved === undefined) {
    const where = path.includes("/") ? "does not exist" : "is not found along PATH";
    return disable(
      "no-such-script",
      `'${path}' ${where}`,
      path.includes("/") ? undefined : "write its whole path",
    );
  }
  if (!fact.regular) return disable("no-such-script", `'${path}' is no regular file`);
  if (!fact.executable) return disable("no-such-script", `'${path}' is not executable`, `chmod +x ${path}`);
  if (fact.insecure === undefined) return true;
  const { element, reason } = fact.insecure;
  if (policy.security) {
    return disable("insecure-script", `'${path}' could be changed by others than root: ${element} ${reason}`);
  }
  context.report.note(
    "insecure-script",
    span,
    `${subject.name}: '${path}' could be changed by others than root`,
    {
      hint: `${element} ${reason}`,
      exitClass: "script-security",
    },
  );
  return true;
}

function runnable(
  shape: { readonly path: string; readonly argv: readonly string[] },
  fact: ScriptFact,
  subject: ScriptSubject,
  span: Span,
  context: ResolveContext,
): { readonly path: string; readonly argv: readonly string[] } {
  const path = shape.path.startsWith("/") ? shape.path : (fact.resolved ?? shape.path);
  if (path !== shape.path) {
    context.report.note(
      "path-search",
      span,
      `${subject.name}: '${shape.path}' was found along PATH as ${path}`,
      {
        hint: "write its whole path, so that it cannot become another one",
      },
    );
  }
  if (fact.hasInterpreter) return { path, argv: shape.argv };
  context.report.note("no-interpreter", span, `${subject.name}: '${path}' has no #! line`, {
    hint: `${SHELL} runs it`,
  });
  return { path: SHELL, argv: [SHELL, path, ...shape.argv.slice(1)] };
}
