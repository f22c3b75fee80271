/**
 * Writes a snapshot as JSON text piece by piece: that of tens of thousands of servers takes most of a second, in which no
 * check would begin. What is written is as it was at the beginning, because memories are replaced and never written into.
 */
import type { Micros } from "../base/time.ts";
import type { Loop } from "../host/loop.ts";
import type { VrrpModel } from "../model/model.ts";
import type { VrrpSnapshot } from "../vrrp/snapshot.ts";
import type { VrrpChildSnapshot } from "./messages.ts";

/** Elements of a list in one piece. */
const PIECE = 16;
/** Between two pieces others have their turn once so much time has passed. */
const SLICE: Micros = 2_000;

/** The JSON text of a plain value in pieces; they are short wherever long lists are reached through records. */
export function* jsonPieces(value: unknown): Generator<string> {
  if (Array.isArray(value)) yield* listPieces(value);
  else if (typeof value === "object" && value !== null) yield* recordPieces(value);
  else yield JSON.stringify(value);
}

function* listPieces(list: readonly unknown[]): Generator<string> {
  yield "[";
  for (let at = 0; at < list.length; at += PIECE) {
    const text = JSON.stringify(list.slice(at, at + PIECE)).slice(1, -1);
    yield at === 0 ? text : `,${text}`;
  }
  yield "]";
}

function* recordPieces(record: object): Generator<string> {
  let separator = "{";
  for (const [key, value] of Object.entries(record)) {
    if (value === undefined) continue;
    yield `${separator}${JSON.stringify(key)}:`;
    yield* jsonPieces(value);
    separator = ",";
  }
  yield separator === "{" ? "{}" : "}";
}

/** What goes with the engine's part; the other engine may not be there yet. */
interface VrrpParts {
  readonly bfd: VrrpChildSnapshot["bfd"] | undefined;
  readonly kernelRequests: number;
}

/** Snapshots of the vrrp process as JSON text. A model stays for hours, and is written once. */
export class VrrpSnapshotText {
  #model: VrrpModel | undefined;
  #modelText = "";

  of(view: VrrpSnapshot, others: VrrpParts): string {
    const { model, ...rest } = view;
    if (model !== this.#model) {
      this.#model = model;
      this.#modelText = JSON.stringify(model);
    }
    // Neither record is ever empty.
    return `{"vrrp":{"model":${this.#modelText},${JSON.stringify(rest).slice(1)},${JSON.stringify(others).slice(1)}`;
  }
}

/** Calls back with the whole text, later; `spent` is the time that it took of this process. */
export function writeSnapshot(
  loop: Loop,
  snapshot: object,
  done: (text: string, spent: Micros) => void,
): void {
  const pieces = jsonPieces(snapshot);
  const written: string[] = [];
  let spent = 0;
  const go = (): void => {
    const begun = loop.now();
    for (;;) {
      const piece = pieces.next();
      if (piece.done === true) {
        const text = written.join("");
        done(text, spent + loop.now() - begun);
        return;
      }
      written.push(piece.value);
      if (loop.now() - begun >= SLICE) break;
    }
    spent += loop.now() - begun;
    setImmediate(go);
  };
  setImmediate(go);
}
