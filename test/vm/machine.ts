/**
 * A virtual machine with Debian's kernel, the host's files and no network of the host's. Emulated (TCG), so that it runs
 * where there is no hardware virtualisation. Slow: seconds inside are seconds, but programs start ten times slower.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Image } from "./image.mjs";

const BUILD = fileURLToPath(new URL("../../build/vm", import.meta.url));
/** First port of the virtio-serial device, as the machine sees it; what is written there arrives as a line here. */
const RESULTS = "/dev/vport0p1";
/**
 * Where the kernel distrusts the emulated clock, each look at the time leaves the machine; with that, and with defences that
 * nobody needs here, everything takes twice as long.
 */
const HASTE = [
  "tsc=reliable",
  "clocksource=tsc",
  "mitigations=off",
  "init_on_alloc=0",
  "nokaslr",
  "norandmaps",
  "audit=0",
];
const CONSOLE_TAIL = 6_000;

export interface MachineOptions {
  /** A shell script that runs in the machine as its first process; it finds the results' device in $RESULTS. */
  readonly program: string;
  /** Milliseconds after which the machine is ended. */
  readonly timeout: number;
  /** Gets each line written to $RESULTS. */
  readonly line: (line: string) => void;
}

export class Machine {
  /** Resolves when the machine is gone, whatever the reason. */
  readonly ended: Promise<void>;
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #deadline: NodeJS.Timeout;
  readonly #onExit = (): void => this.stop();
  #why = "";
  #console: string | undefined;

  constructor(image: Image, options: MachineOptions) {
    this.#folder = mkdtempSync(join(BUILD, "run-"));
    const program = join(this.#folder, "program.sh");
    const path = `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${dirname(process.execPath)}`;
    const words = [`export PATH=${path} RESULTS=${RESULTS}`, options.program, "busybox reboot -f"];
    writeFileSync(program, `${words.join("\n")}\n`);
    // The machine must not outlive this process, even where that is killed. Its standard input stays open and unused: at
    // the end of it the results' device would have no listener, and a write to it would wait for ever.
    this.#process = spawn("setpriv", ["--pdeathsig", "KILL", ...qemu(image, program, this.#consoleFile)], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    process.once("exit", this.#onExit);
    this.#deadline = setTimeout(() => {
      this.#why = `it was ended after ${options.timeout / 1000} s`;
      this.stop();
    }, options.timeout);
    eachLine(this.#process, options.line);
    this.#process.stderr?.on("data", (chunk: Buffer) => {
      this.#why += chunk.toString();
    });
    this.ended = new Promise<void>((resolve) => {
      this.#process.once("error", (error) => {
        this.#why = error.message;
        resolve();
      });
      this.#process.once("close", () => resolve());
    }).then(() => this.#cleanUp());
  }

  /** Why it ended, as far as that is known, and the end of what it printed to its console. */
  get story(): string {
    return `${this.#why}\n--- console of the machine\n${this.#console ?? this.#readConsole()}`;
  }

  /** Ends it at once. */
  stop(): void {
    this.#process.kill("SIGKILL");
  }

  get #consoleFile(): string {
    return join(this.#folder, "console");
  }

  #readConsole(): string {
    try {
      return readFileSync(this.#consoleFile, "utf8").slice(-CONSOLE_TAIL);
    } catch (error) {
      return `(none: ${(error as Error).message})`;
    }
  }

  #cleanUp(): void {
    process.removeListener("exit", this.#onExit);
    clearTimeout(this.#deadline);
    this.#console = this.#readConsole();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function qemu(image: Image, program: string, consoleFile: string): string[] {
  const kernelLine = ["console=ttyS0", "loglevel=5", "panic=-1", ...HASTE, `program=${program}`];
  return [
    "qemu-system-x86_64",
    ...[
      "-accel",
      "tcg,thread=multi",
      "-cpu",
      "max",
      "-smp",
      String(Math.min(2, cpus().length)),
      "-m",
      "2048",
    ],
    ...["-display", "none", "-nodefaults", "-no-reboot", "-nic", "none"],
    ...["-kernel", image.kernel, "-initrd", image.initrd, "-append", kernelLine.join(" ")],
    ...["-serial", `file:${consoleFile}`],
    ...["-device", "virtio-serial-pci", "-chardev", "stdio,id=results,signal=off"],
    ...["-device", "virtserialport,chardev=results,name=results"],
    ...["-fsdev", "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"],
    ...["-device", "virtio-9p-pci,fsdev=root,mount_tag=host"],
  ];
}

function eachLine(child: ChildProcess, listener: (line: string) => void): void {
  let pending = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    const lines = (pending + chunk.toString()).split("\n");
    pending = lines.pop() ?? "";
    for (const line of lines) listener(line);
  });
}
