/** What `global_defs` asks of the daemon as a whole: FIFOs, scripts of its start and end, mode bits. */
import { seconds } from "../base/time.ts";
import type { CommandModel } from "./command-model.ts";
import { resolveCommand, resolveIdentity, type ScriptPolicy } from "./commands.ts";
import type { ResolveContext } from "./context.ts";
import type { DraftBlock } from "./draft.ts";
import type { DaemonModel, FifoModel, TimedCommandModel } from "./model.ts";

const SCRIPT_TIMEOUT = 10;
/** Files are for their owner alone, and not executable. */
const UMASK = 0o177;

export function resolveDaemon(
  globals: DraftBlock,
  policy: ScriptPolicy,
  context: ResolveContext,
): DaemonModel {
  return {
    fifos: [
      ...resolveFifo("all", "notify_fifo", globals, policy, context),
      ...resolveFifo("vrrp", "vrrp_notify_fifo", globals, policy, context),
      ...resolveFifo("lvs", "lvs_notify_fifo", globals, policy, context),
    ],
    statesOnReload: globals.has("fifo_write_vrrp_states_on_reload"),
    startupScript: resolveTimed("startup_script", globals, policy, context),
    shutdownScript: resolveTimed("shutdown_script", globals, policy, context),
    umask: resolveUmask(globals, context),
  };
}

function resolveFifo(
  gets: FifoModel["gets"],
  keyword: string,
  globals: DraftBlock,
  policy: ScriptPolicy,
  context: ResolveContext,
): readonly FifoModel[] {
  const statement = globals.last(keyword);
  const [path, owner] = statement?.values ?? [];
  const scriptKeyword = `${keyword}_script`;
  if (path?.kind !== "text") {
    const idle = globals.last(scriptKeyword);
    if (idle !== undefined) {
      context.report.repair("no-fifo", idle.span, `${scriptKeyword} needs ${keyword}`, {
        repair: "the script does not run",
      });
    }
    return [];
  }
  if (!path.value.startsWith("/")) {
    context.report.repair("relative-path", path.span, `${keyword} '${path.value}' is no absolute path`, {
      hint: "write the whole path, from / on",
      repair: "there is no such FIFO",
    });
    return [];
  }
  const identity =
    owner?.kind === "identity"
      ? resolveIdentity(owner.value, false, context, {
          name: keyword,
          counted: true,
          consequence: "the daemon owns it",
        })
      : undefined;
  const { uid, gid } = identity ?? context.facts.self;
  const script = resolveScript(scriptKeyword, globals, policy, context);
  return [{ gets, path: path.value, uid, gid, script }];
}

function resolveTimed(
  keyword: string,
  globals: DraftBlock,
  policy: ScriptPolicy,
  context: ResolveContext,
): TimedCommandModel | undefined {
  const command = resolveScript(keyword, globals, policy, context);
  if (command === undefined) return undefined;
  return { command, timeout: seconds(globals.number(`${keyword}_timeout`) ?? SCRIPT_TIMEOUT) };
}

function resolveScript(
  keyword: string,
  globals: DraftBlock,
  policy: ScriptPolicy,
  context: ResolveContext,
): CommandModel | undefined {
  const text = globals.command(keyword);
  if (text === undefined) return undefined;
  return resolveCommand(text, undefined, { name: keyword, counted: false }, policy, context);
}

const BITS: Readonly<Record<string, number>> = Object.fromEntries(
  ["USR", "GRP", "OTH"].flatMap((who, index) => [
    [`IR${who}`, 0o400 >> (index * 3)],
    [`IW${who}`, 0o200 >> (index * 3)],
    [`IX${who}`, 0o100 >> (index * 3)],
    [`IRWX${who[0]}`, 0o700 >> (index * 3)],
  ]),
);

/** A number as C reads it, or names of bits joined by `|`. */
function resolveUmask(globals: DraftBlock, context: ResolveContext): number {
  const statement = globals.last("umask");
  if (statement === undefined) return UMASK;
  const words = statement.values.flatMap((one) => (one.kind === "words" ? one.value : []));
  const text = words.map((word) => word.text).join("");
  const value = readUmask(text);
  if (value !== undefined) return value;
  context.report.repair("invalid-value", statement.span, `'${text}' is no umask`, {
    hint: "a number such as 022, or names of bits such as IRWXG|IRWXO",
    repair: "0177 is used",
  });
  return UMASK;
}

function readUmask(text: string): number | undefined {
  if (/^\d|^0x/i.test(text)) {
    const octal = /^0([0-7]*)$/.exec(text)?.[1];
    const value = octal === undefined ? Number(text) : Number.parseInt(`0${octal}`, 8);
    return Number.isInteger(value) && value >= 0 && value <= 0o777 ? value : undefined;
  }
  let mask = 0;
  for (const name of text.split("|")) {
    const bit = BITS[name];
    if (bit === undefined) return undefined;
    mask |= bit;
  }
  return mask;
}
