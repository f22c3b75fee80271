/** A host that pings an address all the time, and when it was answered. */
import type { ChildProcess } from "node:child_process";
import type { Host } from "./lan.ts";

export class PingLog {
  /** When each answer came, in seconds since the epoch. */
  readonly answers: number[] = [];
  readonly #child: ChildProcess;
  #pending = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on("data", (chunk: Buffer) => this.#read(chunk.toString()));
  }

  /** Every 4 ms. */
  static start(host: Host, address: string): PingLog {
    return new PingLog(host.spawn(["ping", "-n", "-D", "-i", "0.004", "-W", "1", address]));
  }

  firstAfter(moment: number): number | undefined {
    return this.answers.find((at) => at > moment);
  }

  stop(): void {
    this.#child.kill("SIGINT");
  }

  #read(text: string): void {
    this.#pending += text;
    const lines = this.#pending.split("\n");
    this.#pending = lines.pop() ?? "";
    for (const line of lines) {
      const at = /^\[(\d+\.\d+)\] \d+ bytes from/.exec(line)?.[1];
      if (at !== undefined) this.answers.push(Number(at));
    }
  }
}
