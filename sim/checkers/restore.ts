/**
 * An engine restored from its snapshot at the same instant is indistinguishable from the original: both get the same
 * inputs from then on, and every answer, deadline and later snapshot of one is that of the other.
 */
import type { VrrpSnapshot } from "../../src/vrrp/snapshot.ts";
import { clone } from "../machine.ts";
import type { Checker, EngineFactory, Handling, RouterNode, VrrpEngine } from "../node.ts";
import { Violation } from "../violation.ts";
import { sameActions } from "./order.ts";

export class RestoreEquivalence implements Checker {
  readonly name = "restore-equivalence";
  readonly #originals = new Map<RouterNode, VrrpEngine>();
  readonly #factory: EngineFactory;

  constructor(factory: EngineFactory) {
    this.#factory = factory;
  }

  /** Puts a restored engine in the node's place; the original goes on in its shadow. */
  replace(node: RouterNode): void {
    node.replaceEngine((engine) => {
      const restored = this.#factory.restore(clone(engine.snapshot(node.now)), node.now);
      this.#originals.set(node, engine);
      if (restored.nextDeadline() !== engine.nextDeadline()) {
        throw new Violation(
          this.name,
          `${node.name} restored wakes at ${restored.nextDeadline()}, not at ${engine.nextDeadline()}`,
        );
      }
      this.#compareSnapshots(node, engine, restored);
      return restored;
    });
  }

  handled({ node, now, input, actions }: Handling): void {
    const original = this.#originals.get(node);
    if (original === undefined || node.engine === undefined) return;
    const expected = original.handle(now, input);
    if (!sameActions(expected, actions)) {
      throw new Violation(
        this.name,
        `${node.name} answers ${input.kind} by ${kinds(actions)}, the original by ${kinds(expected)}`,
      );
    }
    const deadline = node.engine.nextDeadline();
    if (original.nextDeadline() !== deadline) {
      throw new Violation(
        this.name,
        `${node.name} wakes at ${deadline}, the original at ${original.nextDeadline()} after ${input.kind}`,
      );
    }
    if (actions.some(({ kind }) => kind === "Emit")) this.#compareSnapshots(node, original, node.engine);
  }

  ended(node: RouterNode): void {
    this.#originals.delete(node);
  }

  #compareSnapshots(node: RouterNode, original: VrrpEngine, restored: VrrpEngine): void {
    const difference = firstDifference(original.snapshot(node.now), restored.snapshot(node.now));
    if (difference !== undefined) {
      throw new Violation(this.name, `${node.name}'s snapshots differ at ${difference}`);
    }
  }
}

/** Path of the first member in which two snapshots differ, whatever the order of members. */
function firstDifference(a: VrrpSnapshot, b: VrrpSnapshot): string | undefined {
  return differenceIn(clone(a), clone(b), "");
}

function differenceIn(a: unknown, b: unknown, path: string): string | undefined {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return a === b ? undefined : `${path}: ${String(a)} and ${String(b)}`;
  }
  const left = new Map(Object.entries(a));
  const right = new Map(Object.entries(b));
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const found = differenceIn(left.get(key), right.get(key), `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function kinds(actions: readonly { readonly kind: string }[]): string {
  return `[${actions.map(({ kind }) => kind).join(" ")}]`;
}
