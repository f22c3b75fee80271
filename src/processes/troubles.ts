/** What the system refuses or lacks, for `status`, until it is said to be mended. */
import type { SupervisorEvent } from "../observe/journal-entry.ts";

type Trouble = SupervisorEvent & { readonly kind: "Degraded" | "Mended" };

export class Troubles {
  readonly #event: (event: Trouble) => void;
  /** Sentences by what they are about. */
  readonly #list = new Map<string, string>();

  constructor(event: (event: Trouble) => void) {
    this.#event = event;
  }

  get list(): readonly string[] {
    return [...this.#list.values()];
  }

  take(trouble: Trouble): void {
    const { kind, what } = trouble;
    if (kind === "Mended") {
      this.#list.delete(what);
      this.#event({ kind, what });
      return;
    }
    const { consequence, remedy } = trouble;
    this.#list.set(what, `${what}: ${consequence}; ${remedy}`);
    this.#event({ kind, what, consequence, remedy });
  }
}
