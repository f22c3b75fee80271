/** Reading what a configuration says about the process itself. */
import { readFileSync } from "node:fs";
import { type DaemonIdentity, identityOf } from "./identity.ts";

/** Without one of these words nothing is said, and the parser need not be loaded, which takes longer than the rest. */
const TELLING = /\b(?:net_namespace|instance|use_pid_dir|include\w*)\b|\$/;

/** `namespace` is the command line's and comes before the file's. */
export async function readIdentity(
  file: string,
  configId: string | undefined,
  namespace: string | undefined,
): Promise<DaemonIdentity> {
  if (!isTelling(file)) return { namespace, instance: undefined, pidDirectory: false };
  const { readTree } = await import("./load-configuration.ts");
  return identityOf(readTree(file, { configId }), namespace);
}

/** What cannot be read here (a pattern, a missing file) is the parser's affair. */
function isTelling(file: string): boolean {
  try {
    return TELLING.test(readFileSync(file, "utf8"));
  } catch {
    return true;
  }
}
