import { defineConfig } from "vitest/config";

/** Tests in network namespaces against real daemons: root only, one file after the other. */
export default defineConfig({
  test: {
    include: ["test/interop/**/*.test.ts"],
    pool: "forks",
    fileParallelism: false,
    maxConcurrency: 4,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
