/**
 * Services that a reload need not resolve again: those whose block stands as it stood, and whose meaning depends on nothing
 * but their block and three settings. Which these are is found out when a configuration is resolved in full.
 */

import { equalPlain } from "../base/plain.ts";
import type { Diagnostic } from "../config/diagnostic.ts";
import { blockTextAt, countLines, isReadAlone, type KnownBlocks } from "../config/known-blocks.ts";
import { LineIndex, type SourceFile } from "../config/source.ts";
import type { CheckModel, VirtualServerModel } from "./director-models.ts";
import type { DraftStatement } from "./draft.ts";

/** Settings outside of a service's block that its meaning depends on. */
export interface ServiceDefaults {
  readonly smtpAlert: boolean | undefined;
  readonly logAllFailures: boolean;
  /** What nftables cannot do is said of its block. */
  readonly inNft: boolean;
}

/** What a reading leaves for the next one. */
export interface KnownServices {
  readonly defaults: ServiceDefaults | undefined;
  readonly byText: ReadonlyMap<string, VirtualServerModel>;
  readonly blocks: KnownBlocks;
}

const KEYWORD = "virtual_server";

export const NO_SERVICE_KNOWN: KnownServices = {
  defaults: undefined,
  byText: new Map(),
  blocks: { keyword: KEYWORD, lines: new Map() },
};

/** Goes along with one resolution. */
export class ServiceMemo {
  readonly #before: KnownServices;
  readonly #count: () => number;
  readonly #clean = new Map<DraftStatement, VirtualServerModel>();
  #defaults: ServiceDefaults | undefined;
  #outdated = false;

  /** `count` says how much has been reported so far. */
  constructor(before: KnownServices, count: () => number) {
    this.#before = before;
    this.#count = count;
  }

  /** A setting that known blocks depend on is not what it was: all of it is to be read without them. */
  get outdated(): boolean {
    return this.#outdated;
  }

  /** The service of a statement: the known one, or what `resolve` makes of it. */
  resolve(
    statement: DraftStatement,
    { smtpAlert, logAllFailures, inNft }: ServiceDefaults,
    resolve: () => VirtualServerModel | undefined,
  ): VirtualServerModel | undefined {
    this.#defaults ??= { smtpAlert, logAllFailures, inNft };
    if (statement.known !== undefined) {
      this.#outdated ||= !equalPlain(this.#before.defaults, this.#defaults);
      return this.#before.byText.get(statement.known);
    }
    const before = this.#count();
    const service = resolve();
    if (service !== undefined && this.#count() === before) this.#clean.set(statement, service);
    return service;
  }

  /** What the next reading may know. `diagnostics` are all of this one. */
  known(
    statements: readonly DraftStatement[],
    sources: ReadonlyMap<string, SourceFile>,
    diagnostics: readonly Diagnostic[],
  ): KnownServices {
    const byText = new Map<string, VirtualServerModel>();
    const lines = new Map<string, number>();
    // Where not all is said nobody knows what it was about.
    const isAllSaid = diagnostics.every(({ code }) => code !== "more-diagnostics");
    const remarked = new Set(diagnostics.map(({ span }) => `${span?.file}:${span?.line}`));
    const indices = new Map<string, LineIndex>();
    for (const statement of isAllSaid ? statements : []) {
      const service = this.#serviceOf(statement);
      const text = service && (statement.known ?? textOf(statement, sources, indices, remarked));
      if (service === undefined || text === undefined) continue;
      byText.set(text, service);
      lines.set(text, countLines(text));
    }
    return { defaults: this.#defaults, byText, blocks: { keyword: KEYWORD, lines } };
  }

  #serviceOf(statement: DraftStatement): VirtualServerModel | undefined {
    if (statement.known !== undefined) return this.#before.byText.get(statement.known);
    const service = this.#clean.get(statement);
    return service !== undefined && standsAlone(service) ? service : undefined;
  }
}

/** The whole text of a statement's block, if it can be recognised by it and nothing was said about it. */
function textOf(
  { span, closeSpan }: DraftStatement,
  sources: ReadonlyMap<string, SourceFile>,
  indices: Map<string, LineIndex>,
  remarked: ReadonlySet<string>,
): string | undefined {
  const source = sources.get(span.file);
  if (source === undefined || span.column !== 1 || closeSpan?.column !== 1 || closeSpan.file !== span.file)
    return undefined;
  const index = indices.get(span.file) ?? new LineIndex(source.text);
  indices.set(span.file, index);
  const start = index.start(span.line);
  const text = start === undefined ? undefined : blockTextAt(source.text, start);
  if (text === undefined || !text.startsWith(KEYWORD) || !isReadAlone(text)) return undefined;
  if (countLines(text) !== closeSpan.line - span.line + 1) return undefined;
  for (let line = span.line; line <= closeSpan.line; line += 1)
    if (remarked.has(`${span.file}:${line}`)) return undefined;
  return text;
}

/** Whether it names nothing that is defined elsewhere, and nothing that the host has to have. */
function standsAlone({ group, quorumUp, quorumDown, realServers }: VirtualServerModel): boolean {
  if (group !== undefined || quorumUp !== undefined || quorumDown !== undefined) return false;
  return realServers.every(
    ({ notifyUp, notifyDown, checks }) =>
      notifyUp === undefined && notifyDown === undefined && checks.every(asksTheNetworkAlone),
  );
}

function asksTheNetworkAlone({ probe }: CheckModel): boolean {
  if (probe.kind === "file" || probe.kind === "bfd" || probe.kind === "misc") return false;
  return probe.target.bindInterface === undefined;
}
