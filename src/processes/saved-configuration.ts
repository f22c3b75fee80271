/** Copies of what was read (`config_save_dir`), numbered, for those who look for what changed between reloads. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Saves one text; `trouble` hears why it could not be. Passwords are in it: it is for its owner alone. */
export function saveConfiguration(
  directory: string | undefined,
  lines: () => readonly string[],
  trouble: (message: string) => void,
): void {
  if (directory === undefined) return;
  try {
    makeDirectory(directory);
    for (let number = 0; !write(join(directory, nameOf(number)), lines()); number++);
  } catch (error) {
    trouble(`config_save_dir: ${(error as Error).message}`);
  }
}

/** keepalived's: the pid is the daemon's, which is our parent. */
function nameOf(number: number): string {
  return `keepalived.conf.${process.ppid}.${number}`;
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** False where there is such a file. */
function write(path: string, lines: readonly string[]): boolean {
  try {
    writeFileSync(path, lines.map((line) => `${line}\n`).join(""), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
