import { defineConfig } from "vitest/config";

/** Twin runs of keepalived and buoy: root only. Most of the time is waiting, so many run side by side. */
export default defineConfig({
  test: {
    include: ["test/differential/**/*.test.ts"],
    pool: "forks",
    maxConcurrency: 20,
    testTimeout: 600_000,
    // On a busy machine a step may end before one of the twins has done what it was asked. That passes; a difference stays.
    retry: 2,
  },
});
