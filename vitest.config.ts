import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "sim/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["test/interop/**", "test/e2e/**", "test/vm/**", "test/differential/**", "node_modules/**"],
    pool: "threads",
    testTimeout: 30_000,
    coverage: { include: ["src/**"], exclude: ["src/**/*.test.ts"], reporter: ["text-summary", "html"] },
  },
});
