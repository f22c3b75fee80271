/** MISC_CHECK: a program of the operator's says how the server is. */
import { formatSpan, MICROS_PER_MILLI } from "../../base/time.ts";
import type { ProbeModel } from "../../model/director-models.ts";
import type { Loop } from "../loop.ts";
import { type RunningScript, runScript, type ScriptEnd } from "../scripts.ts";
import type { Attempt, Verdict } from "./attempt.ts";

type MiscModel = Extract<ProbeModel, { kind: "misc" }>;

/** After TERM, and after KILL. */
const GRACE_MILLIS = 2_000;

export function startMisc(loop: Loop, probe: MiscModel, attempt: Attempt): void {
  let timer: NodeJS.Timeout | undefined;
  let late = false;
  let script: RunningScript | undefined;
  const terminate = (): void => {
    script?.signal("TERM");
    timer = setTimeout(() => {
      script?.signal("KILL");
      timer = setTimeout(() => attempt.fail(tooLong(probe)), GRACE_MILLIS);
    }, GRACE_MILLIS);
  };
  const ended = (end: ScriptEnd): void => {
    script = undefined;
    clearTimeout(timer);
    if (late) attempt.fail(tooLong(probe));
    else if (end.error !== undefined) attempt.cannotRun(end.error);
    else attempt.settle(judge(probe, end));
  };
  // Nobody would be there to end one that heeds no TERM.
  script = runScript(loop, probe.command, ended, -1, "SIGKILL");
  const timedOut = (): void => {
    // It has ended, or is ended already.
    if (script === undefined || attempt.isSettled) return;
    late = true;
    terminate();
  };
  // Where this process stood still, the end of the script may be yet to be read.
  timer = setTimeout(() => setImmediate(timedOut), probe.timeout / MICROS_PER_MILLI);
  attempt.holds(() => {
    clearTimeout(timer);
    if (script !== undefined) terminate();
  });
}

function tooLong(probe: MiscModel): string {
  return `took longer than ${formatSpan(probe.timeout)}`;
}

/** keepalived's: 0 is good, 1 is bad, and with `misc_dynamic` every higher status is good and sets the weight to itself - 2. */
function judge(probe: MiscModel, { exitCode, signal }: ScriptEnd): Verdict {
  if (exitCode === undefined) return { ok: false, detail: `ended by ${signal}` };
  const detail = `exit status ${exitCode}`;
  if (exitCode < 2 || !probe.dynamic) return { ok: exitCode === 0, detail };
  return { ok: true, detail, setsWeight: exitCode - 2 };
}
