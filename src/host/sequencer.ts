/**
 * Keeps requests of different kinds in the order in which they were made, although they go through different threads:
 * those of one owner and kind run side by side, those of another kind wait until they are answered.
 */
interface Waiting {
  readonly kind: string;
  readonly start: (done: () => void) => void;
}

interface Line {
  kind: string;
  running: number;
  readonly waiting: Waiting[];
}

/** One request after the other, for a request that takes several sends: nothing may come between them. */
export class Turns {
  readonly #sequencer = new Sequencer();
  #count = 0;

  /** Starts when all that was asked for before has ended; `done` is called with what `start` ends with. */
  run<Value>(start: (ended: (value: Value) => void) => void, done: (value: Value) => void): void {
    // No two are of one kind, and so none run side by side.
    this.#sequencer.run("turn", String(this.#count++), (next) =>
      start((value) => {
        done(value);
        next();
      }),
    );
  }
}

export class Sequencer {
  readonly #lines = new Map<string, Line>();

  /** Starts now, or when all that was asked for before has ended. `start` calls `done` once. */
  run(owner: string, kind: string, start: (done: () => void) => void): void {
    const line = this.#lines.get(owner) ?? { kind, running: 0, waiting: [] };
    this.#lines.set(owner, line);
    line.waiting.push({ kind, start });
    this.#advance(owner, line);
  }

  #advance(owner: string, line: Line): void {
    for (;;) {
      const next = line.waiting[0];
      if (next === undefined || (line.running > 0 && next.kind !== line.kind)) break;
      line.waiting.shift();
      line.kind = next.kind;
      line.running++;
      let ended = false;
      next.start(() => {
        if (ended) return;
        ended = true;
        line.running--;
        this.#advance(owner, line);
      });
    }
    if (line.running === 0 && line.waiting.length === 0) this.#lines.delete(owner);
  }
}
