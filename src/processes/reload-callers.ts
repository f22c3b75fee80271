/** Who asked for a reload over the control socket and waits to hear how it went. */
import type { ControlClient } from "../host/control-server.ts";
import type { ControlReply } from "../observe/control-protocol.ts";
import type { ReloadPlan } from "../supervise/plan.ts";
import type { ReloadOutcome } from "../supervise/reload.ts";

/** Asks for a reload and waits for no answer. */
export const NOBODY = 0;

export class ReloadCallers {
  readonly #waiting = new Map<number, ControlClient>();
  #next = NOBODY + 1;

  /** The number that the outcome will come back with. */
  add(client: ControlClient): number {
    const asker = this.#next++;
    this.#waiting.set(asker, client);
    client.onClose(() => this.#waiting.delete(asker));
    return asker;
  }

  /** `plan` is what the last reload that changed something did. */
  answer(askers: readonly number[], outcome: ReloadOutcome, plan: ReloadPlan | undefined): void {
    for (const asker of askers) {
      const client = this.#waiting.get(asker);
      this.#waiting.delete(asker);
      client?.reply(replyTo(outcome, plan));
    }
  }
}

function replyTo(outcome: ReloadOutcome, plan: ReloadPlan | undefined): ControlReply {
  const { kind, diagnostics } = outcome;
  if (kind === "refused") return { ok: false, error: outcome.error, diagnostics };
  return {
    ok: true,
    command: "reload",
    outcome: kind,
    plan: kind === "applied" ? plan : undefined,
    diagnostics,
  };
}
