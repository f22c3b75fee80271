/** Paths as text: what the reader and the pattern walk need, without asking any file system. */

/** The directory part of an absolute path. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

/** A path seen from an absolute directory; `.` and empty elements go, `..` stays as it may cross a link. */
export function resolvePath(directory: string, path: string): string {
  const whole = path.startsWith("/") ? path : `${directory}/${path}`;
  const elements = whole.split("/").filter((element) => element !== "" && element !== ".");
  return `/${elements.join("/")}`;
}

/** The path as seen from a directory that holds it, else the path itself. */
export function relativeTo(directory: string, path: string): string {
  const prefix = directory.endsWith("/") ? directory : `${directory}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : path;
}
