import { defineConfig } from "vitest/config";
import { sideBySideAndAlone } from "./test/support/projects.ts";

/** Whole daemons in network namespaces: root only, `npm run build` first. */
export default defineConfig({
  test: { projects: sideBySideAndAlone("test/e2e", 4, ["lab", "large-director", "scale", "service"]) },
});
