/** The number in a tracked file. Pure. */

const INT32_MAX = 2_147_483_647;
const INT32_MIN = -2_147_483_648;

/**
 * The integer that a text begins with, as C's strtol reads it with base 0: blanks, a sign, then hexadecimal after `0x`,
 * octal after `0`, else decimal. 0 where there is none; more than 32 bits give the nearest bound.
 */
export function parseTrackedValue(text: string): number {
  const found = /^[ \t\n\v\f\r]*([+-]?)(?:0[xX]([0-9a-fA-F]+)|0([0-7]*)|([1-9][0-9]*))/.exec(text);
  if (found === null) return 0;
  const [, sign, hexadecimal, octal, decimal] = found;
  const size =
    hexadecimal !== undefined
      ? Number.parseInt(hexadecimal, 16)
      : decimal !== undefined
        ? Number.parseInt(decimal, 10)
        : Number.parseInt(`0${octal ?? ""}`, 8);
  const value = sign === "-" ? -size : size;
  return Math.min(INT32_MAX, Math.max(INT32_MIN, value)) + 0;
}
