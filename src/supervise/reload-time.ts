/** The line in the file of `reload_time_file`: a time of day, or a date and a time, of this zone or of UTC (`Z`). */
export interface ReloadTime {
  /** Undefined: the next time the clock shows it. */
  readonly date: { readonly year: number; readonly month: number; readonly day: number } | undefined;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly utc: boolean;
}

const LINE = /^(?:(\d{2}|\d{4})-(\d\d)-(\d\d) )?(\d\d):(\d\d):(\d\d)(Z?)$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Reads the first line; undefined where it is none of `HH:MM:SS`, `YY-MM-DD HH:MM:SS`, `YYYY-MM-DD HH:MM:SS`. */
export function parseReloadTime(text: string): ReloadTime | undefined {
  const match = LINE.exec(text.split("\n", 1)[0] ?? "");
  if (match === null) return undefined;
  const [, century = "", month, day, ...clock] = match;
  const [hour = 0, minute = 0, second = 0] = clock.slice(0, 3).map(Number);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const time = { hour, minute, second, utc: clock[3] === "Z" };
  if (month === undefined) return { date: undefined, ...time };
  const year = Number(century) + (century.length === 2 ? 2000 : 0);
  const date = { year, month: Number(month), day: Number(day) };
  return date.day >= 1 && date.day <= daysOf(date.year, date.month) ? { date, ...time } : undefined;
}

/** 0 where there is no such month. */
function daysOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return (DAYS[month - 1] ?? 0) + (month === 2 && isLeap ? 1 : 0);
}
