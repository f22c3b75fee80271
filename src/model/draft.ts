/** A tree of statements read through the keyword tables: typed values, defaults and references not yet resolved. */
import { assert, BugError } from "../base/assert.ts";
import type { IpAddress } from "../base/ip.ts";
import type { Micros } from "../base/time.ts";
import { Diagnostics } from "../config/diagnostic.ts";
import type { Span } from "../config/source.ts";
import type { Entry, Statement, Tree } from "../config/tree.ts";
import type { KeywordRow } from "./keywords/row.ts";
import { rowMapOf } from "./keywords/table.ts";
import { type CommandText, type IdentityText, readValues, type Value, type WeightText } from "./values.ts";

/** A statement whose values were good. */
export class DraftStatement {
  readonly row: KeywordRow;
  readonly values: readonly Value[];
  readonly block: DraftBlock | undefined;
  readonly #statement: Statement;

  constructor(
    row: KeywordRow,
    values: readonly Value[],
    block: DraftBlock | undefined,
    statement: Statement,
  ) {
    this.row = row;
    this.values = values;
    this.block = block;
    this.#statement = statement;
  }

  get span(): Span {
    return this.#statement.span;
  }

  get keywordSpan(): Span {
    return this.#statement.keywordSpan;
  }

  get closeSpan(): Span | undefined {
    return this.#statement.closeSpan;
  }

  /** The text of a known block, of which nothing was read. */
  get known(): string | undefined {
    return this.#statement.known;
  }

  get entries(): readonly Entry[] {
    return this.#statement.entries ?? [];
  }
}

export interface DraftOptions {
  /** Go on although a keyword without effect could change who is master or what is reachable. */
  readonly acceptNotYet: boolean;
}

export interface Draft {
  readonly root: DraftBlock;
  /** What was wrong with single values, and what is not done yet. */
  readonly report: Diagnostics;
}

export function readDraft(tree: Tree, options: DraftOptions): Draft {
  const report = new Diagnostics();
  const root = readBlock("root", tree.statements, report, options);
  return { root, report };
}

function readBlock(
  name: string,
  statements: readonly Statement[],
  report: Diagnostics,
  options: DraftOptions,
): DraftBlock {
  const kept: DraftStatement[] = [];
  const rows = rowMapOf(name);
  for (const statement of statements) {
    const row = rows.get(statement.keyword);
    assert(row !== undefined, `a row for ${name} ${statement.keyword}, which the parser let through`);
    const draft = readStatement(row, statement, report, options);
    if (draft !== undefined) kept.push(draft);
  }
  reportRepeated(kept, report);
  return new DraftBlock(name, kept);
}

function readStatement(
  row: KeywordRow,
  statement: Statement,
  report: Diagnostics,
  options: DraftOptions,
): DraftStatement | undefined {
  if (statement.known !== undefined) return new DraftStatement(row, [], undefined, statement);
  const values = readValues(row, statement, report);
  const inner = row.args.find((arg) => arg.kind === "block");
  const block =
    inner?.kind === "block" ? readBlock(inner.block, statement.block ?? [], report, options) : undefined;
  if (values === undefined) return undefined;
  const draft = new DraftStatement(row, values, block, statement);
  reportState(draft, report, options);
  return draft;
}

/** A value that is the default anyway, or a list without lines, asks for nothing. */
function asksForNothing(statement: DraftStatement): boolean {
  const [first] = statement.values;
  if (first?.kind === "flag" && !first.value) return true;
  return statement.row.args.some((arg) => arg.kind === "entries") && statement.entries.length === 0;
}

function reportState(statement: DraftStatement, report: Diagnostics, options: DraftOptions): void {
  const { row } = statement;
  if (row.state.kind === "accepted") {
    report.note("no-effect", statement.keywordSpan, `'${row.keyword}' has no effect: ${row.state.reason}`);
    return;
  }
  if (row.state.kind !== "not-yet" || asksForNothing(statement)) return;
  reportNotYet(
    `'${row.keyword}' is not supported yet`,
    row.state.effect,
    statement.keywordSpan,
    report,
    options,
  );
}

/** Reports something buoy cannot do yet, by how much its absence matters. */
export function reportNotYet(
  what: string,
  effect: "refusal" | "repair" | "note",
  span: Span,
  report: Diagnostics,
  options: DraftOptions,
): void {
  if (effect === "note") report.note("not-yet", span, what, { hint: "it changes nothing of importance" });
  if (effect === "repair") {
    report.repair("not-yet", span, what, { repair: "it is ignored", exitClass: "silent" });
  }
  if (effect !== "refusal") return;
  if (options.acceptNotYet) {
    report.repair("not-yet", span, `${what}, and could change who is master or what is reachable`, {
      repair: "it is ignored, as --accept-not-yet asks",
    });
  } else {
    report.refuse("not-yet", span, `${what}, and could change who is master or what is reachable`, {
      hint: "take it out, or start with --accept-not-yet to go on without it",
    });
  }
}

function reportRepeated(statements: readonly DraftStatement[], report: Diagnostics): void {
  if (statements.length < 2) return;
  const last = new Map<KeywordRow, DraftStatement>();
  for (const statement of statements) {
    if (statement.row.repeat === "all") continue;
    const before = last.get(statement.row);
    last.set(statement.row, statement);
    if (before === undefined || statement.values.length === 0) continue;
    report.note("repeated", statement.keywordSpan, `'${statement.row.keyword}' stands here again`, {
      hint: `the last one counts; another is at line ${before.span.line}`,
    });
  }
}

/** The statements of one block, asked for by keyword. Asking for another kind of value than the row has is a bug. */
export class DraftBlock {
  readonly name: string;
  readonly statements: readonly DraftStatement[];
  readonly #rows: ReadonlyMap<string, KeywordRow>;

  constructor(name: string, statements: readonly DraftStatement[]) {
    this.name = name;
    this.statements = statements;
    this.#rows = rowMapOf(name);
  }

  all(keyword: string): readonly DraftStatement[] {
    const row = this.#row(keyword);
    return this.statements.filter((statement) => statement.row === row);
  }

  /** Blocks are short, and there are tens of thousands of them: the list is searched. */
  last(keyword: string): DraftStatement | undefined {
    const { statements } = this;
    const row = this.#row(keyword);
    for (let at = statements.length - 1; at >= 0; at -= 1) {
      if (statements[at]?.row === row) return statements[at];
    }
    return undefined;
  }

  #row(keyword: string): KeywordRow {
    const row = this.#rows.get(keyword);
    if (row === undefined) throw new BugError(`${this.name} knows no ${keyword}`);
    return row;
  }

  /** Whether a keyword without value is there. */
  has(keyword: string): boolean {
    return this.last(keyword) !== undefined;
  }

  flag(keyword: string): boolean | undefined {
    return this.#value(keyword, "flag")?.value;
  }

  number(keyword: string): number | undefined {
    return this.#value(keyword, "number")?.value;
  }

  span(keyword: string): Micros | undefined {
    return this.#value(keyword, "span")?.value;
  }

  text(keyword: string): string | undefined {
    return this.#value(keyword, "text")?.value;
  }

  address(keyword: string): IpAddress | undefined {
    return this.#value(keyword, "address")?.value;
  }

  command(keyword: string): CommandText | undefined {
    return this.#value(keyword, "command")?.value;
  }

  identity(keyword: string): IdentityText | undefined {
    return this.#value(keyword, "identity")?.value;
  }

  weight(keyword: string): WeightText | undefined {
    return this.#value(keyword, "weight")?.value;
  }

  #value<Kind extends Value["kind"]>(
    keyword: string,
    kind: Kind,
  ): Extract<Value, { kind: Kind }> | undefined {
    const value = this.last(keyword)?.values[0];
    if (value === undefined) return undefined;
    assert(value.kind === kind, `${keyword} has a ${kind}`);
    return value as Extract<Value, { kind: Kind }>;
  }
}

/** Name of a named block: its first word. */
export function nameOf(statement: DraftStatement): string {
  const [name] = statement.values;
  assert(name?.kind === "text", `a name for ${statement.row.keyword}`);
  return name.value;
}

/** The block of a statement whose row has one. */
export function blockOf(statement: DraftStatement): DraftBlock {
  assert(statement.block !== undefined, `a block for ${statement.row.keyword}`);
  return statement.block;
}
