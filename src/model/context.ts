/** What resolving needs at every step, and the checks that several steps share. */
import type { Diagnostics } from "../config/diagnostic.ts";
import type { Span } from "../config/source.ts";
import { didYouMean } from "../config/suggest.ts";
import type { DraftOptions } from "./draft.ts";
import type { HostFacts } from "./model.ts";
import type { ServiceMemo } from "./service-memo.ts";

export type BuildOptions = DraftOptions;

export interface ResolveContext {
  readonly facts: HostFacts;
  readonly options: BuildOptions;
  readonly report: Diagnostics;
  /** `dynamic_interfaces`. */
  readonly dynamicInterfaces: boolean;
  /** Interfaces that buoy will make, whether they are there by now or not. */
  readonly ownInterfaces: ReadonlySet<string>;
  readonly services: ServiceMemo;
}

/** Refuses an interface that is not there, unless it may come later. Answers whether it can be used. */
export function checkInterface(context: ResolveContext, name: string, span: Span, what: string): boolean {
  const known = context.facts.interfaces;
  if (known === undefined || known.some((one) => one.name === name)) return true;
  if (context.ownInterfaces.has(name)) return true;
  const names = known.map((one) => one.name);
  if (context.dynamicInterfaces) {
    context.report.note("interface-absent", span, `${what} '${name}' is not there yet`, {
      hint: "dynamic_interfaces waits for it, in FAULT",
    });
    return true;
  }
  const there = names.length === 0 ? "this host has none" : `this host has ${names.join(", ")}`;
  context.report.refuse("no-such-interface", span, `${what} '${name}' does not exist`, {
    hint: `${didYouMean(name, names) ?? `${there}.`} If it comes later, set dynamic_interfaces in global_defs`,
  });
  return false;
}
