/** IP packets that pass a host's interface, as bytes: tcpdump captures, nothing of ours decodes. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Host } from "./lan.ts";

export class PacketLog {
  readonly #process: ChildProcess;
  /** In hex, the IP header first. */
  readonly packets: string[] = [];
  #pending = "";
  #packet = "";

  private constructor(child: ChildProcess) {
    this.#process = child;
    child.stdout?.on("data", (chunk: Buffer) => this.#read(chunk.toString()));
  }

  static async start(host: Host, filter: string): Promise<PacketLog> {
    const child = host.spawn(["tcpdump", "-i", "eth0", "-U", "-l", "-nn", "-t", "-q", "-x", filter]);
    const log = new PacketLog(child);
    await new Promise<void>((resolve, reject) => {
      let text = "";
      child.stderr?.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes("listening on")) resolve();
      });
      child.once("exit", () => reject(new Error(`tcpdump ended: ${text}`)));
    });
    return log;
  }

  async stop(): Promise<readonly string[]> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill("SIGINT");
      await once(this.#process, "close");
    }
    this.#flush();
    return this.packets;
  }

  #read(text: string): void {
    this.#pending += text;
    const lines = this.#pending.split("\n");
    this.#pending = lines.pop() ?? "";
    for (const line of lines) {
      const hex = /^\s+0x[0-9a-f]+:\s+([0-9a-f ]+)$/.exec(line)?.[1];
      if (hex === undefined) this.#flush();
      else this.#packet += hex.replace(/ /g, "");
    }
  }

  #flush(): void {
    if (this.#packet !== "") this.packets.push(this.#packet);
    this.#packet = "";
  }
}
