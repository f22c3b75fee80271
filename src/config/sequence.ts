/** `~SEQ`, `~SEQx` and `~LST`: a line said once per value. */
import type { Binding } from "./source.ts";

/** A well-formed prefix. */
export interface Sequence {
  /** How many repetitions there are. */
  readonly length: number;
  /** The variables of one repetition, counted from 0. */
  readonly at: (index: number) => readonly Binding[];
}

/** Where in a line the prefix's parts are; `problem` where it is none that can be read. */
export type SequencePrefix =
  | {
      readonly kind: "prefix";
      readonly name: string;
      readonly parametersStart: number;
      readonly parametersEnd: number;
      /** Index after the closing parenthesis. */
      readonly end: number;
    }
  | { readonly kind: "malformed"; readonly problem: string };

/** Finds `~NAME( ... )` at the beginning of a line; the parameters end at the first `)` outside `${ }`. */
export function sequencePrefix(text: string): SequencePrefix {
  const head = /^~([A-Za-z]*)[ \t]*(\(?)/.exec(text);
  const name = head?.[1] ?? "";
  if (name !== "SEQ" && name !== "SEQx" && name !== "LST") {
    return { kind: "malformed", problem: `'~${name}' is not one of ~SEQ, ~SEQx and ~LST` };
  }
  if (head?.[2] !== "(")
    return { kind: "malformed", problem: `~${name} needs its parameters in parentheses` };
  const parametersStart = head[0].length;
  const close = text.indexOf(")", parametersStart);
  if (close < 0) return { kind: "malformed", problem: `the parentheses of ~${name} are not closed` };
  return { kind: "prefix", name, parametersStart, parametersEnd: close, end: close + 1 };
}

/** The repetitions for parameters whose references are already replaced, or what is wrong with them. */
export function readSequence(name: string, parameters: string): Sequence | { readonly problem: string } {
  return name === "LST" ? readList(parameters) : readNumbers(parameters, name === "SEQx");
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

function readNumbers(parameters: string, hexadecimal: boolean): Sequence | { readonly problem: string } {
  const parts = parameters.split(",").map((part) => part.trim());
  const [variable = "", ...rest] = parts;
  if (!VARIABLE.test(variable)) return { problem: `'${variable}' cannot be a variable's name` };
  if (rest.length < 1 || rest.length > 3) return { problem: "the form is (VARIABLE, [START, [STEP,]] END)" };
  const numbers: number[] = [];
  for (const part of rest) {
    const value = readNumber(part);
    if (value === undefined) return { problem: `'${part}' is not a whole number` };
    numbers.push(value);
  }
  const end = numbers.at(-1) ?? 0;
  const start = rest.length > 1 ? (numbers[0] ?? 0) : end < 0 ? -1 : 1;
  const step = rest.length > 2 ? (numbers[1] ?? 0) : end < start ? -1 : 1;
  if (step === 0) return { problem: "a step of 0 never ends" };
  if (Math.sign(end - start) === -Math.sign(step)) {
    return { problem: `a step of ${step} never gets from ${start} to ${end}` };
  }
  if (hexadecimal && (start < 0 || end < 0)) return { problem: "~SEQx knows no negative numbers" };
  const radix = hexadecimal ? 16 : 10;
  return {
    length: Math.floor((end - start) / step) + 1,
    at: (index) => [{ name: variable, value: (start + index * step).toString(radix) }],
  };
}

function readNumber(text: string): number | undefined {
  if (!/^[+-]?(0[xX][0-9a-fA-F]{1,8}|[0-9]{1,10})$/.test(text)) return undefined;
  const digits = text.replace(/^[+-]/, "");
  const value = Number(digits);
  return text.startsWith("-") && value !== 0 ? -value : value;
}

function readList(parameters: string): Sequence | { readonly problem: string } {
  const [names, ...values] = splitTuples(parameters);
  if (names === undefined || values.length === 0) {
    return { problem: "the form is (VARIABLE, VALUE, ...) or ({A,B}, {A1,B1}, ...)" };
  }
  for (const variable of names.parts) {
    if (!VARIABLE.test(variable)) return { problem: `'${variable}' cannot be a variable's name` };
  }
  for (const value of values) {
    if (value.parts.length > names.parts.length) {
      return { problem: `'${value.text}' has more values than there are variables` };
    }
    if (value.parts.some((part) => /[ \t]/.test(part))) {
      return { problem: `the value '${value.text}' holds a blank` };
    }
  }
  return {
    length: values.length,
    at: (index) => names.parts.map((name, which) => ({ name, value: values[index]?.parts[which] ?? "" })),
  };
}

interface Tuple {
  readonly text: string;
  readonly parts: readonly string[];
}

/** Splits at commas outside braces; `{a,b}` becomes its parts. */
function splitTuples(parameters: string): Tuple[] {
  const texts: string[] = [];
  let from = 0;
  let depth = 0;
  for (let at = 0; at < parameters.length; at++) {
    const character = parameters[at];
    if (character === "{") depth += 1;
    else if (character === "}") depth = Math.max(0, depth - 1);
    else if (character === "," && depth === 0) {
      texts.push(parameters.slice(from, at).trim());
      from = at + 1;
    }
  }
  texts.push(parameters.slice(from).trim());
  return texts.map((text) => {
    const inner = /^\{(.*)\}$/.exec(text)?.[1];
    return { text, parts: inner === undefined ? [text] : inner.split(",").map((part) => part.trim()) };
  });
}
