/** What the lab needs of this machine, and what to say when it is missing. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Words for unshare in front of the stage, and whether the stage is in a user namespace. */
export type Preflight =
  | { readonly ok: true; readonly unshare: readonly string[]; readonly rootless: boolean }
  | { readonly ok: false; readonly reason: string };

const NAMESPACES = [
  "-n",
  "-m",
  "--propagation",
  "private",
  "-p",
  "-f",
  "--mount-proc",
  "--kill-child=SIGKILL",
];

/** Finds out how namespaces can be had here: as root, else in a user namespace. */
export function preflight(uid: number): Preflight {
  for (const [program, debian] of [
    ["ip", "iproute2"],
    ["unshare", "util-linux"],
    ["nsenter", "util-linux"],
    ["mount", "mount"],
  ]) {
    if (program !== undefined && !isInstalled(program))
      return { ok: false, reason: missing(program, debian ?? program) };
  }
  if (uid === 0 && tryUnshare(NAMESPACES) === undefined)
    return { ok: true, unshare: NAMESPACES, rootless: false };
  const words = ["-U", "-r", ...NAMESPACES];
  const refusal = tryUnshare(words);
  if (refusal === undefined) return { ok: true, unshare: words, rootless: true };
  return { ok: false, reason: forbidden(uid, refusal) };
}

/** Whether a program is on PATH. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ["--help"], { stdio: "ignore" }).error === undefined;
}

function missing(program: string, debian: string): string {
  return `the lab needs \`${program}\`, which is not here: install it with \`apt-get install ${debian}\` (or its like)`;
}

/** Undefined if namespaces can be made, mounted into and used; else what was answered. */
function tryUnshare(words: readonly string[]): string | undefined {
  const trial = "mount -t tmpfs lab /run && ip link add lab type bridge";
  const { status, stderr, error } = spawnSync("unshare", [...words, "--", "sh", "-c", trial], {
    encoding: "utf8",
  });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : stderr.trim();
}

function forbidden(uid: number, refusal: string): string {
  const said = `this machine refuses network namespaces: ${refusal}`;
  if (uid === 0) {
    return `${said}\nroot lacks CAP_SYS_ADMIN or CAP_NET_ADMIN here, as in most containers: start the container with \`--cap-add SYS_ADMIN --cap-add NET_ADMIN\` (or \`--privileged\`)`;
  }
  const ways = [...sysctlWays(), "run it as root: `sudo npm start`"];
  return [said, "Ways to allow it:", ...ways.map((way) => `  - ${way}`)].join("\n");
}

/** The switches by which distributions restrict user namespaces, where they stand against us. */
function sysctlWays(): readonly string[] {
  const ways: readonly (readonly [string, string, string])[] = [
    [
      "kernel/apparmor_restrict_unprivileged_userns",
      "1",
      "sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    ],
    ["kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"],
    ["user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000"],
  ];
  return ways.filter(([name, bad]) => sysctl(name) === bad).map(([, , command]) => `as root: \`${command}\``);
}

function sysctl(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, "utf8").trim();
  } catch {
    // This kernel has no such switch, so it cannot stand against us.
    return undefined;
  }
}
