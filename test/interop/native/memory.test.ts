import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** Path of a sanitizer's library, or undefined where the compiler has none. */
function libraryOf(name: string): string | undefined {
  const found = spawnSync("cc", [`-print-file-name=${name}`], { encoding: "utf8" });
  const path = found.stdout?.trim();
  return path === undefined || path === name || path === "" ? undefined : path;
}

it("touches no memory it may not, nor does it overflow or shift wrongly", () => {
  const libraries = ["libasan.so", "libubsan.so"].map(libraryOf);
  if (libraries.includes(undefined)) {
    process.stdout.write("the compiler has no sanitizers: the addon's memory accesses are not checked\n");
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), "buoy-memory-"));
  try {
    const addon = join(directory, "buoy.node");
    const sources = readdirSync(join(ROOT, "native")).filter((name) => name.endsWith(".c"));
    const headers = (createRequire(import.meta.url)("node-api-headers") as { include_dir: string })
      .include_dir;
    const built = spawnSync(
      "cc",
      [
        ..."-std=c11 -O1 -g -fPIC -shared -pthread -fvisibility=hidden -fno-strict-aliasing".split(" "),
        ..."-fno-omit-frame-pointer -fsanitize=address,undefined -Wall -Wextra -Wconversion -Wno-sign-conversion".split(
          " ",
        ),
        ...["-D_GNU_SOURCE", "-Werror", "-isystem", headers, "-o", addon],
        ...sources.map((name) => join(ROOT, "native", name)),
      ],
      { encoding: "utf8" },
    );
    expect(built.stderr).toBe("");
    const run = spawnSync(process.execPath, ["--expose-gc", join(ROOT, "test/interop/native/exercise.cjs")], {
      encoding: "utf8",
      env: {
        ...process.env,
        ADDON: addon,
        LD_PRELOAD: libraries.join(" "),
        // V8 frees nothing at the end; leaks of ours would drown in its own.
        ASAN_OPTIONS: "detect_leaks=0",
      },
    });
    expect(run.stderr).toBe("");
    expect(run.stdout).toBe("done, 2 left open\n");
    expect(run.status).toBe(0);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
