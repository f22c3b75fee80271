/** Searches with a bound: a pattern may try more ways through a page than there is time for, and all checks wait meanwhile. */
import { createContext, Script } from "node:vm";

/** Milliseconds. Sixteen megabytes take a fifth of it, unless the pattern goes back and forth; a whole batch of sockets may have one. */
const MOST = 100;
/** For one that has used up its time again and again: hundreds of servers may have the same page. */
const LEAST = 10;

/** Only what runs as a script of its own can be ended by the clock. */
const SEARCH = new Script("expression.exec(text)");
const room = createContext({ expression: undefined, text: "" });

export class PatternSearch {
  readonly #expression: RegExp;
  #limit = MOST;

  /** The expression is global. */
  constructor(expression: RegExp) {
    this.#expression = expression;
  }

  /** Milliseconds that the next search has: half as many after each that came to no end, all of them after one that did. */
  get limit(): number {
    return this.#limit;
  }

  /** The first match from there on, or null; undefined where the time was over before either was known. */
  from(offset: number, text: string): RegExpExecArray | null | undefined {
    this.#expression.lastIndex = offset;
    Object.assign(room, { expression: this.#expression, text });
    try {
      const match = SEARCH.runInContext(room, { timeout: this.#limit }) as RegExpExecArray | null;
      this.#limit = MOST;
      return match;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      this.#limit = Math.max(LEAST, Math.floor(this.#limit / 2));
      return undefined;
    } finally {
      Object.assign(room, { expression: undefined, text: "" });
    }
  }
}
