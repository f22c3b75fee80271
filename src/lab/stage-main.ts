/** The first process of the lab's namespaces: when it ends, the kernel ends and removes everything else. */
import { Socket } from "node:net";
import { ansiPaint, plainPaint } from "../observe/style.ts";
import { LabFailure } from "./client-view.ts";
import { playPool } from "./pool-stage.ts";
import { play } from "./stage.ts";
import { Story } from "./story.ts";

const words = process.argv.slice(2);
const story = new Story(words.includes("--colour") ? ansiPaint : plainPaint);

/** Shell's convention for SIGINT. */
const EXIT_INTERRUPTED = 130;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    story.plain("\ninterrupted: everything goes");
    process.exit(EXIT_INTERRUPTED);
  });
}
// The command that started us holds the other end. It is dead when this end closes, whatever it died of.
// (A file stream would wait for it in a thread, and an exit waits for the threads.)
new Socket({ fd: 3, readable: true, writable: false })
  .on("close", () => process.exit(EXIT_INTERRUPTED))
  .resume();

try {
  const options = { rootless: words.includes("--rootless"), nginx: words.includes("--nginx") };
  const good = await (words.includes("--director") ? playPool : play)(story, options);
  process.exit(good ? 0 : 1);
} catch (error) {
  const text =
    error instanceof LabFailure ? error.message : error instanceof Error ? error.stack : String(error);
  story.painted("red", `\nthe lab failed: ${text}`);
  process.exit(1);
}
