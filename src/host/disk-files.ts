/** The file system as the configuration's reader wants it. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { FileTree } from "../config/glob.ts";

/** The disk. Only regular files that are not executable are read, as keepalived does. */
export const DISK: FileTree = {
  list: (directory) => {
    try {
      return readdirSync(directory);
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  },
  exists: (path) => existsSync(path),
  read: (path) => {
    try {
      const stats = statSync(path);
      if (stats.isDirectory()) return { skip: "directory" };
      if (!stats.isFile()) return { skip: "not-regular" };
      if ((stats.mode & 0o111) !== 0) return { skip: "executable" };
      return { text: readFileSync(resolve(path), "utf8") };
    } catch (error) {
      if (isRefusal(error)) return { skip: "unreadable", detail: error.code };
      throw error;
    }
  },
};

function isRefusal(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
