/** tcpdump in a host, line by line: a witness that shares no code with what it watches. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Host } from "./lan.ts";

export class Tcpdump {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, onLine: (line: string) => void) {
    this.#process = child;
    let pending = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      const lines = (pending + chunk.toString()).split("\n");
      pending = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    });
  }

  /** Starts it and waits until it captures. */
  static async start(host: Host, args: readonly string[], onLine: (line: string) => void): Promise<Tcpdump> {
    const child = host.spawn(["tcpdump", "-U", "-l", "-nn", ...args]);
    const dump = new Tcpdump(child, onLine);
    await new Promise<void>((resolve, reject) => {
      let text = "";
      child.stderr?.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes("listening on")) resolve();
      });
      child.once("exit", () => reject(new Error(`tcpdump ended: ${text}`)));
    });
    return dump;
  }

  /** Ends it; every line has been read then. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill("SIGINT");
    await once(this.#process, "close");
  }
}
