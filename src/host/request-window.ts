/**
 * Bounds how many requests are under way at once, and keeps their order: the kernel's answers and notifications come back in
 * helpings that the loop digests between two advertisements, however many requests there are.
 */
export class RequestWindow {
  readonly #limit: number;
  readonly #waiting: ((done: () => void) => void)[] = [];
  #underWay = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Starts now, or when earlier ones have been answered. `start` calls `done` once, later. */
  run(start: (done: () => void) => void): void {
    this.#waiting.push(start);
    this.#advance();
  }

  #advance(): void {
    while (this.#underWay < this.#limit) {
      const start = this.#waiting.shift();
      if (start === undefined) return;
      this.#underWay++;
      start(() => {
        this.#underWay--;
        this.#advance();
      });
    }
  }
}
