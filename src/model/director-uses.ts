/** What the virtual servers need of the rest. */
import type { DirectorModel } from "./director-models.ts";

/** Names of the files that some check follows. */
export function followedFiles({ virtualServers }: DirectorModel): ReadonlySet<string> {
  const files = new Set<string>();
  for (const { realServers } of virtualServers) {
    for (const { checks } of realServers) {
      for (const { probe } of checks) if (probe.kind === "file") files.add(probe.file);
    }
  }
  return files;
}

/** Whether any script would run for them. */
export function hasScripts({ virtualServers }: DirectorModel): boolean {
  return virtualServers.some(
    ({ quorumUp, quorumDown, realServers }) =>
      quorumUp !== undefined ||
      quorumDown !== undefined ||
      realServers.some(
        ({ notifyUp, notifyDown, checks }) =>
          notifyUp !== undefined ||
          notifyDown !== undefined ||
          checks.some(({ probe }) => probe.kind === "misc"),
      ),
  );
}
