/** `vrrp_track_process` blocks. */
import type { ResolveContext } from "./context.ts";
import { blockOf, type DraftBlock, type DraftStatement } from "./draft.ts";
import { type Defined, resolveDefined } from "./track-files.ts";
import type { ProcessMatch, TrackProcessModel } from "./tracker-models.ts";

/** The kernel's name of a process has no more bytes. */
const LONGEST_NAME = 15;

export function resolveTrackProcesses(root: DraftBlock, context: ResolveContext): Defined<TrackProcessModel> {
  return resolveDefined(root.all("vrrp_track_process"), "vrrp_track_process", context, resolveTrackProcess);
}

function resolveTrackProcess(
  name: string,
  statement: DraftStatement,
  context: ResolveContext,
): TrackProcessModel | undefined {
  const block = blockOf(statement);
  const match = resolveMatch(block);
  if (match === undefined) {
    context.report.repair("no-process", statement.span, `vrrp_track_process '${name}' has no process`, {
      repair: "the block is ignored",
    });
    return undefined;
  }
  reportPath(name, match, block, context);
  const { weight, reverse } = block.weight("weight") ?? { weight: 0, reverse: false };
  const delay = block.span("delay") ?? 0;
  return {
    name,
    match,
    ...resolveQuorum(name, block, context),
    forkDelay: block.span("fork_delay") ?? delay,
    terminateDelay: block.span("terminate_delay") ?? delay,
    weight,
    reverse,
  };
}

/** Arguments, `param_match` and `full_command` each ask for the command line instead of the kernel's short name. */
function resolveMatch(block: DraftBlock): ProcessMatch | undefined {
  const words = (block.last("process")?.values ?? []).flatMap((one) =>
    one.kind === "words" ? one.value : [],
  );
  const [command, ...parameters] = words.map((word) => word.text);
  if (command === undefined || command === "") return undefined;
  const wanted = block.has("param_match") ? (block.text("param_match") ?? "exact") : undefined;
  if (wanted === undefined && parameters.length === 0) {
    if (!block.has("full_command")) return { by: "name", name: shortName(command) };
    return { by: "command", command, parameters: "any", words: [] };
  }
  const how = wanted === "partial" ? "words" : wanted === "initial" ? "text" : "exact";
  return { by: "command", command, parameters: how, words: parameters };
}

function shortName(command: string): string {
  return command.slice(0, LONGEST_NAME);
}

function reportPath(name: string, match: ProcessMatch, block: DraftBlock, context: ResolveContext): void {
  if (match.by !== "name") return;
  const span = block.last("process")?.span;
  if (match.name.includes("/")) {
    context.report.repair(
      "never-matches",
      span,
      `vrrp_track_process '${name}' finds nothing: the kernel's name of a process is no path`,
      {
        hint: "write the last part of the path, or add full_command",
        repair: "it is looked for all the same",
      },
    );
  }
}

function resolveQuorum(
  name: string,
  block: DraftBlock,
  context: ResolveContext,
): Pick<TrackProcessModel, "quorum" | "quorumMax"> {
  const quorum = block.number("quorum");
  const quorumMax = block.number("quorum_max");
  // `quorum_max 0` alone asks that none runs.
  if (quorumMax === 0 && quorum === undefined) return { quorum: 0, quorumMax };
  const fewest = quorum ?? 1;
  if (quorumMax === undefined || quorumMax >= fewest) return { quorum: fewest, quorumMax };
  context.report.repair(
    "quorum",
    block.last("quorum_max")?.span,
    `vrrp_track_process '${name}' wants at least ${fewest} and at most ${quorumMax}`,
    { repair: `quorum_max ${fewest} is used` },
  );
  return { quorum: fewest, quorumMax: fewest };
}
