import { defineConfig } from "vitest/config";
import { sideBySideAndAlone } from "./test/support/projects.ts";

/** Tests in network namespaces against real daemons: root only. */
export default defineConfig({ test: { projects: sideBySideAndAlone("test/interop", 6) } });
