/** IP packets that pass a host's interface, as bytes: tcpdump captures, nothing of ours decodes. */
import type { Host } from "./lan.ts";
import { Tcpdump } from "./tcpdump.ts";

export class PacketLog {
  /** In hex, the IP header first. */
  readonly packets: string[] = [];
  #dump: Tcpdump | undefined;
  #packet = "";

  private constructor() {}

  static async start(host: Host, filter: string): Promise<PacketLog> {
    const log = new PacketLog();
    log.#dump = await Tcpdump.start(host, ["-i", "eth0", "-t", "-q", "-x", filter], (line) =>
      log.#read(line),
    );
    return log;
  }

  async stop(): Promise<readonly string[]> {
    await this.#dump?.stop();
    this.#flush();
    return this.packets;
  }

  #read(line: string): void {
    const hex = /^\s+0x[0-9a-f]+:\s+([0-9a-f ]+)$/.exec(line)?.[1];
    if (hex === undefined) this.#flush();
    else this.#packet += hex.replace(/ /g, "");
  }

  #flush(): void {
    if (this.#packet !== "") this.packets.push(this.#packet);
    this.#packet = "";
  }
}
