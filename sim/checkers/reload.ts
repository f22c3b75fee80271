/** The same configuration again changes nothing: no packet, no write to the kernel, no script, no other deadline. */
import type { Checker, Handling } from "../node.ts";
import { Violation } from "../violation.ts";

export class ReloadOfTheSame implements Checker {
  readonly name = "reload-of-the-same";

  handled({ node, now, input, actions, before, deadlineBefore }: Handling): void {
    if (input.kind !== "ConfigChanged") return;
    // The first one starts the engine.
    if ([...before.values()].every(({ state }) => state === "INIT")) return;
    // What was due anyway comes along.
    if (deadlineBefore !== undefined && deadlineBefore <= now) return;
    const done = actions.filter(({ kind }) => kind !== "Emit");
    if (done.length > 0) {
      throw new Violation(this.name, `${node.name} answers by ${done.map(({ kind }) => kind).join(" ")}`);
    }
    if (node.engine?.nextDeadline() !== deadlineBefore) {
      throw new Violation(this.name, `${node.name} wakes at another time`);
    }
  }
}
