/** Searches with a bound: a pattern may try more ways through a page than there is time for, and all checks wait meanwhile. */
import { createContext, Script } from "node:vm";

/** Milliseconds. Sixteen megabytes take a tenth of it, unless the pattern goes back and forth. */
export const SEARCH_LIMIT = 250;

/** Only what runs as a script of its own can be ended by the clock. */
const SEARCH = new Script("expression.exec(text)");
const room = createContext({ expression: undefined, text: "" });

/** The first match from `expression.lastIndex` on, or null; undefined where the time was over before either was known. */
export function searchWithin(expression: RegExp, text: string): RegExpExecArray | null | undefined {
  Object.assign(room, { expression, text });
  try {
    return SEARCH.runInContext(room, { timeout: SEARCH_LIMIT }) as RegExpExecArray | null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    return undefined;
  } finally {
    Object.assign(room, { expression: undefined, text: "" });
  }
}
