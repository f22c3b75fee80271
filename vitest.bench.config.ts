import { defineConfig } from "vitest/config";

/** Benchmarks: root only, one after the other; they write their tables into bench/RESULTS.md. */
export default defineConfig({
  test: {
    include: ["bench/**/*.bench.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 1_800_000,
    hookTimeout: 60_000,
  },
});
