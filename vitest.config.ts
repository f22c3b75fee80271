import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "sim/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["test/interop/**", "test/e2e/**", "test/vm/**", "test/differential/**", "node_modules/**"],
    pool: "threads",
    // The simulator and the mutants take most of the time, and two processors: the usual number of workers leaves one idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    coverage: { include: ["src/**"], exclude: ["src/**/*.test.ts"], reporter: ["text-summary", "html"] },
  },
});
