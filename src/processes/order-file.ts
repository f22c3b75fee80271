/** The files in the runtime directory in which orders of operators outlive the daemon. */
import { readFileSync, rmSync } from "node:fs";
import { replaceFile } from "../host/dump-file.ts";

/** What stands there; undefined where there is no order. */
export function readOrders(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Keeps orders, whose instants are the wall clock's by now: those of this boot mean nothing to the next one. */
export function writeOrders(path: string, orders: readonly object[]): void {
  if (orders.length === 0) rmSync(path, { force: true });
  else replaceFile(path, JSON.stringify(orders), 0o600);
}
