import { defineConfig } from "vitest/config";

/** Tests in a virtual machine with a kernel of its own: root only. */
export default defineConfig({
  test: { include: ["test/vm/**/*.test.ts"], pool: "forks", fileParallelism: false },
});
