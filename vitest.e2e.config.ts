import { defineConfig } from "vitest/config";

/** Whole daemons in network namespaces, one test after the other: root only, `npm run build` first. */
export default defineConfig({
  test: {
    include: ["test/e2e/**/*.test.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
