/** Configurations of `examples/`, read as on the host that they are for. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadConfiguration } from "../../src/processes/load-configuration.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));

/** Reads a host's `keepalived.conf` beside other files of its example, as they lie there when they are installed. */
export function loadExample(
  example: string,
  host: string,
  others: readonly string[] = [],
): ReturnType<typeof loadConfiguration> {
  const folder = mkdtempSync(join(tmpdir(), "buoy-example-"));
  try {
    for (const file of [`${host}/keepalived.conf`, ...others])
      cpSync(join(EXAMPLES, example, file), join(folder, basename(file)));
    return loadConfiguration(join(folder, "keepalived.conf"), {
      facts: () => ({
        hostName: host,
        interfaces: undefined,
        users: undefined,
        groups: undefined,
        self: { name: "root", uid: 0, gid: 0, groups: [] },
        scripts: undefined,
        routingNames: undefined,
      }),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
