/** Starting in the network namespace that the command line or the configuration names. */
import { SystemError } from "../host/native.ts";
import { namespaceFile, restartInside } from "../host/network-namespace.ts";
import { EXIT_FATAL, EXIT_PERMISSION } from "../processes/run-options.ts";
import { CommandError } from "./exit-codes.ts";

/** Comes back in the namespace, as a new start of this program; at once where none is named or this is it. */
export function moveTo(namespace: string | undefined): void {
  if (namespace === undefined) return;
  if (namespace.includes("/"))
    throw new CommandError(`'${namespace}' is no name of a network namespace`, EXIT_FATAL);
  try {
    restartInside(namespace);
  } catch (error) {
    if (error instanceof SystemError)
      throw new CommandError(
        `cannot enter network namespace ${namespace}: ${error.message}`,
        EXIT_PERMISSION,
      );
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const file = namespaceFile(namespace);
    throw new CommandError(`there is no network namespace ${namespace}: ${file} is missing`, EXIT_FATAL);
  }
}
