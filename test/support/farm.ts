/** Servers in a host that die, fail and come back on request (`farm.mjs`). */
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Host } from "./lan.ts";

const PROGRAM = fileURLToPath(new URL("../../test/support/farm.mjs", import.meta.url));

export type Transport = "tcp" | "udp";

/** What it does, and where; `gone` where nobody answers any more. */
export type Behaviour = readonly [behaviour: string, transport: Transport, address: string, port: number];

export class Farm {
  readonly host: Host;
  readonly #process: ChildProcess;
  readonly #waiting: { readonly done: () => void; readonly failed: (error: Error) => void }[] = [];
  #complaints = "";

  constructor(host: Host) {
    this.host = host;
    this.#process = host.spawn([process.execPath, PROGRAM], {}, "pipe");
    const { stdout, stderr } = this.#process;
    if (stdout !== null) createInterface({ input: stdout }).on("line", () => this.#waiting.shift()?.done());
    stderr?.on("data", (chunk: Buffer) => {
      this.#complaints += chunk.toString();
    });
    this.#process.once("exit", () => {
      for (const { failed } of this.#waiting.splice(0))
        failed(new Error(`the farm ended: ${this.#complaints}`));
    });
  }

  /** Resolves when all of them behave so. */
  behave(behaviours: readonly Behaviour[]): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ done, failed });
      this.#process.stdin?.write(`${JSON.stringify(behaviours)}\n`);
    });
  }
}
