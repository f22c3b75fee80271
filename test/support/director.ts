/** A VRRP daemon under test in a host: buoy, or the real keepalived as its peer and oracle. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Host } from "./lan.ts";

export type DirectorKind = "buoy" | "keepalived";

const BUOY = fileURLToPath(new URL("../../bin/buoy", import.meta.url));
/** Ours, with keepalived's command line. */
const KEEPALIVED = fileURLToPath(new URL("../../bin/keepalived", import.meta.url));

export interface StartOptions {
  /** A command that runs the daemon in its own place. */
  readonly prefix?: readonly string[];
  /** Options of keepalived; buoy then runs by its program of that name. */
  readonly options?: readonly string[];
}

export class Director {
  readonly kind: DirectorKind;
  readonly host: Host;
  #process: ChildProcess | undefined;
  #output = "";

  constructor(kind: DirectorKind, host: Host) {
    this.kind = kind;
    this.host = host;
  }

  /** Everything the daemon printed so far. */
  get output(): string {
    return this.#output;
  }

  get runtimeDir(): string {
    return this.host.path("run");
  }

  /** Where it writes what signals ask for. */
  get dumps(): string {
    return this.host.path("dumps");
  }

  start(config: string, { prefix = [], options }: StartOptions = {}): void {
    const file = this.host.writeFile(`${this.kind}.conf`, config);
    const command =
      this.kind === "buoy" && options === undefined
        ? [process.execPath, BUOY, "run", "-f", file, "--runtime-dir", this.runtimeDir]
        : [...this.#keepalived(file), ...(options ?? [])];
    mkdirSync(this.dumps, { recursive: true });
    const child = this.host.spawn([...prefix, ...command], { TMPDIR: this.dumps });
    const collect = (chunk: Buffer): void => {
      this.#output += chunk.toString();
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    this.#process = child;
  }

  /** Gives it another configuration. */
  reload(config: string): void {
    this.host.writeFile(`${this.kind}.conf`, config);
    this.signal("SIGHUP");
  }

  #keepalived(file: string): string[] {
    const pid = (name: string): string => this.host.path(`${name}.pid`);
    const program = this.kind === "buoy" ? [process.execPath, KEEPALIVED] : ["keepalived"];
    const pidFiles = ["-p", pid("parent"), "-r", pid("vrrp"), "-c", pid("checkers"), "-b", pid("bfd")];
    return [...program, "-n", "-l", "-D", "-f", file, ...pidFiles];
  }

  /** Sends a signal to the daemon's first process. */
  signal(signal: NodeJS.Signals | number): void {
    // By its id: Node names only the usual signals to a child.
    if (this.#process?.pid !== undefined) process.kill(this.#process.pid, signal);
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Asks for a clean stop and waits for the end; returns the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null;
    child.kill("SIGTERM");
    await once(child, "exit");
    return child.exitCode;
  }
}
