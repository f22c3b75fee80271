/**
 * buoy and keepalived as directors on one LAN, with the same configuration and the same real servers: twins. What each put
 * into the kernel's table and what each told of it is looked at side by side.
 */
import type { ChildProcess } from "node:child_process";
import {
  closeSync,
  constants,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { Director, type DirectorKind } from "../../support/director.ts";
import { type Behaviour, Farm } from "../../support/farm.ts";
import { type Host, Lan } from "../../support/lan.ts";

/** Last numbers of the real servers' addresses, 10.9.0.101 and fd00:9::101 and so on. */
export const SERVERS = [101, 102, 103, 104] as const;
/**
 * Stand in a configuration for what is each twin's own: its FIFO, a program that notes its arguments, a file with a number,
 * and a program that ends with that number.
 */
export const FIFO = "@FIFO@";
export const NOTE = "@NOTE@";
export const VALUE = "@VALUE@";
export const PROGRAM = "@PROGRAM@";

const CHUNK = 65_536;

export class Twin {
  readonly host: Host;
  readonly director: Director;
  /** A process that lives in the namespace. */
  readonly #inside: ChildProcess;
  #fifo: number | undefined;
  #told = "";

  constructor(kind: DirectorKind, host: Host) {
    this.host = host;
    this.director = new Director(kind, host);
    this.#inside = host.spawn(["sleep", "infinity"]);
  }

  get kind(): DirectorKind {
    return this.director.kind;
  }

  start(config: string, options: readonly string[]): void {
    rmSync(this.#fifoPath, { force: true });
    this.host.run("mkfifo", this.#fifoPath);
    // Non-blocking, as the writer opens it only later.
    this.#fifo = openSync(this.#fifoPath, constants.O_RDONLY | constants.O_NONBLOCK);
    this.forget();
    writeFileSync(this.#note, `#!/bin/sh\necho "$@" >>${this.#notes}\n`, { mode: 0o755 });
    this.say(0);
    writeFileSync(this.#program, `#!/bin/sh\nread code <${this.#value}\nexit "$code"\n`, { mode: 0o755 });
    this.director.start(this.#own(config), { options });
  }

  /** The number of the file from now on; never seen half written. */
  say(value: number): void {
    writeFileSync(`${this.#value}.new`, `${value}\n`);
    renameSync(`${this.#value}.new`, this.#value);
  }

  reload(config: string): void {
    this.director.reload(this.#own(config));
  }

  /** Returns the exit code. */
  stop(): Promise<number | null> {
    return this.director.stop();
  }

  /** What it told so far is old: only what comes now is looked at. */
  forget(): void {
    this.told();
    this.#told = "";
    writeFileSync(this.#notes, "");
  }

  /** Lines of the FIFO with their ends, as they came. */
  told(): string[] {
    const chunk = Buffer.alloc(CHUNK);
    for (;;) {
      const length = this.#readFifo(chunk);
      if (length === 0) return this.#told.split(/(?<=\n\0?)(?!\0)/).filter(Boolean);
      this.#told += chunk.toString("latin1", 0, length);
    }
  }

  /** What scripts were started with, in no order: several may run at a time. */
  notes(): string[] {
    return readFileSync(this.#notes, "utf8").split("\n").filter(Boolean).sort();
  }

  /** Lines that ipvsadm prints, in no order. */
  async table(...more: readonly string[]): Promise<string[]> {
    const commands = ["ipvsadm -S -n", ...more.map((words) => `ipvsadm -L ${words}`)];
    const lines = (await this.host.ask("sh", "-c", commands.join("; "))).split("\n");
    return lines
      .map((line) => line.trim())
      .filter(Boolean)
      .sort();
  }

  /**
   * The table in few words, without its counters: looking at it costs next to nothing. Beyond a page the kernel leaves
   * services out while other namespaces have some too: good for seeing that something changed.
   */
  glimpse(): string {
    const text = readFileSync(`/proc/${this.#inside.pid}/net/ip_vs`, "latin1");
    const lines = text.split("\n").slice(3);
    return lines.map((line) => line.replace(/^( {2}->(?: +\S+){3}).*/, "$1")).join("\n");
  }

  close(): void {
    if (this.#fifo !== undefined) closeSync(this.#fifo);
    this.#fifo = undefined;
  }

  #readFifo(chunk: Buffer): number {
    if (this.#fifo === undefined) return 0;
    try {
      return readSync(this.#fifo, chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
      throw error;
    }
  }

  #own(config: string): string {
    const own = {
      [FIFO]: this.#fifoPath,
      [NOTE]: this.#note,
      [VALUE]: this.#value,
      [PROGRAM]: this.#program,
    };
    return Object.entries(own).reduce((text, [word, path]) => text.replaceAll(word, path), config);
  }

  get #fifoPath(): string {
    return this.host.path("fifo");
  }

  get #note(): string {
    return this.host.path("note");
  }

  get #value(): string {
    return this.host.path("value");
  }

  get #program(): string {
    return this.host.path("program");
  }

  get #notes(): string {
    return this.host.path("notes");
  }
}

export class Twins {
  readonly lan = new Lan();
  readonly ours: Twin;
  readonly theirs: Twin;
  readonly farm: Farm;

  constructor() {
    const [ours, theirs, farm] = ["ours", "theirs", "farm"].map((name, index) =>
      this.lan.addHost(name, { ipv4: `10.9.0.${index + 1}/24`, ipv6: `fd00:9::${index + 1}/64` }),
    ) as [Host, Host, Host];
    farm.ip(
      ...SERVERS.flatMap((last) => [
        `addr add 10.9.0.${last}/24 dev eth0`,
        `addr add fd00:9::${last}/64 dev eth0 nodad`,
      ]),
    );
    this.ours = new Twin("buoy", ours);
    this.theirs = new Twin("keepalived", theirs);
    this.farm = new Farm(farm);
  }

  get both(): readonly [Twin, Twin] {
    return [this.ours, this.theirs];
  }

  /** Has the servers with these numbers answer on port 80, by both families, or not. */
  serve(servers: readonly number[], behaviour: "web" | "gone"): Promise<void> {
    const addresses = servers.flatMap((last) => [`10.9.0.${last}`, `fd00:9::${last}`]);
    return this.farm.behave(addresses.map((address): Behaviour => [behaviour, "tcp", address, 80]));
  }

  say(value: number): void {
    for (const twin of this.both) twin.say(value);
  }

  /** What both printed. */
  story(): string {
    return this.both.map(({ kind, director }) => `--- ${kind}\n${director.output.slice(-4_000)}`).join("\n");
  }

  destroy(): void {
    for (const twin of this.both) twin.close();
    this.lan.destroy();
  }
}

const idle: Twins[] = [];

/** Lends twins: making namespaces takes seconds, so those of a story that went well serve the next. */
export async function withTwins(story: (twins: Twins) => Promise<void>): Promise<void> {
  const twins = idle.pop() ?? new Twins();
  try {
    await twins.serve(SERVERS, "web");
    await story(twins);
  } catch (error) {
    const text = `${(error as Error).message}\n${twins.story()}`;
    twins.destroy();
    throw new Error(text, { cause: error });
  }
  for (const twin of twins.both) {
    twin.close();
    twin.host.run("ipvsadm", "-C");
  }
  idle.push(twins);
}
