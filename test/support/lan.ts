/**
 * A LAN made of network namespaces: one bridge, hosts with an `eth0` each on a port of it; and a second one with their
 * `eth1`s where a test asks for it. Names carry a prefix and the pid
 * of the test, so that what a killed run left behind is recognised and removed by the next.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
const PREFIX = "bwt";
let counter = 0;

export interface HostOptions {
  readonly ipv4?: string;
  readonly ipv6?: string;
}

export class Lan {
  readonly directory: string;
  readonly #name: string;
  readonly #hosts: Host[] = [];
  readonly #onExit = (): void => this.destroy();

  constructor() {
    removeStale();
    this.#name = `${PREFIX}-${process.pid}-${counter++}`;
    this.directory = mkdtempSync(join(tmpdir(), `${PREFIX}-`));
    process.once("exit", this.#onExit);
    run("ip", "netns", "add", this.#name);
    this.switch("ip", "link", "add", "br0", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0");
    this.switch("ip", "link", "set", "br0", "up");
  }

  /** Runs a command in the switch's namespace. */
  switch(...command: string[]): string {
    return run("ip", "netns", "exec", this.#name, ...command);
  }

  addHost(name: string, options: HostOptions = {}): Host {
    const namespace = `${this.#name}-${name}`;
    const port = `p-${name}`;
    run("ip", "netns", "add", namespace);
    const host = new Host(this, name, namespace, port);
    this.#hosts.push(host);
    this.switch("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace);
    const setup = ["link set lo up", "link set eth0 up"];
    if (options.ipv4 !== undefined) setup.push(`addr add ${options.ipv4} dev eth0`);
    if (options.ipv6 !== undefined) setup.push(`addr add ${options.ipv6} dev eth0 nodad`);
    const undetected = ["all", "default", "eth0"].map((name) => `net.ipv6.conf.${name}.accept_dad=0`);
    host.run("sysctl", "-qw", ...undetected);
    host.ip(...setup);
    this.switch("ip", "link", "set", port, "master", "br0", "up");
    return host;
  }

  /** Gives hosts an `eth1` each, with this IPv4 address, on a bridge of their own. */
  addSecondLan(addresses: ReadonlyMap<Host, string>): void {
    this.switch("ip", "link", "add", "br1", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0");
    this.switch("ip", "link", "set", "br1", "up");
    for (const [host, address] of addresses) {
      const port = secondPort(host);
      this.switch("ip", "link", "add", port, "type", "veth", "peer", "name", "eth1", "netns", host.namespace);
      host.run("ip", "link", "set", "eth1", "up");
      host.run("ip", "addr", "add", address, "dev", "eth1");
      this.switch("ip", "link", "set", port, "master", "br1", "up");
    }
  }

  /** Plugs the cable of a host in or pulls it. */
  setCable(host: Host, plugged: boolean, device: "eth0" | "eth1" = "eth0"): void {
    const port = device === "eth0" ? host.port : secondPort(host);
    this.switch("ip", "link", "set", port, plugged ? "up" : "down");
  }

  /** Ends every process in the namespaces and removes all of it. Safe to call twice. */
  destroy(): void {
    process.removeListener("exit", this.#onExit);
    for (const host of this.#hosts.splice(0)) removeNamespace(host.namespace);
    removeNamespace(this.#name);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export class Host {
  readonly lan: Lan;
  readonly name: string;
  readonly namespace: string;
  /** The bridge port its cable is plugged into. */
  readonly port: string;

  constructor(lan: Lan, name: string, namespace: string, port: string) {
    this.lan = lan;
    this.name = name;
    this.namespace = namespace;
    this.port = port;
  }

  /** Runs a command to its end and returns what it printed; throws with stderr if it fails. */
  run(...command: string[]): string {
    return run("ip", "netns", "exec", this.namespace, ...command);
  }

  /** As {@link run}, while others go on. */
  async ask(...command: string[]): Promise<string> {
    const { stdout } = await execute("ip", ["netns", "exec", this.namespace, ...command]);
    return stdout;
  }

  /** Carries out lines of `ip -batch` (without the word ip). */
  ip(...lines: readonly string[]): void {
    execFileSync("ip", ["-n", this.namespace, "-batch", "-"], {
      input: lines.map((line) => `${line}\n`).join(""),
      stdio: ["pipe", "ignore", "pipe"],
    });
  }

  /** Starts a command; it ends with the LAN at the latest. */
  spawn(
    command: readonly string[],
    environment: NodeJS.ProcessEnv = {},
    input: "ignore" | "pipe" = "ignore",
  ): ChildProcess {
    return spawn("ip", ["netns", "exec", this.namespace, ...command], {
      stdio: [input, "pipe", "pipe"],
      env: { ...process.env, ...environment },
    });
  }

  /** Addresses of an interface as `10.0.0.1/24`. */
  addresses(device = "eth0"): string[] {
    const [link] = JSON.parse(this.run("ip", "-j", "addr", "show", "dev", device)) as [
      { addr_info: { local: string; prefixlen: number }[] },
    ];
    return link.addr_info.map((info) => `${info.local}/${info.prefixlen}`);
  }

  holds(address: string, device = "eth0"): boolean {
    return this.addresses(device).some((held) => held === address || held.startsWith(`${address}/`));
  }

  mac(): string {
    const [link] = JSON.parse(this.run("ip", "-j", "link", "show", "dev", "eth0")) as [{ address: string }];
    return link.address;
  }

  /** Writes a file into this host's own folder and returns its path. */
  writeFile(name: string, text: string, mode = 0o644): string {
    const path = join(this.lan.directory, `${this.name}-${name}`);
    writeFileSync(path, text, { mode });
    return path;
  }

  path(name: string): string {
    return join(this.lan.directory, `${this.name}-${name}`);
  }
}

function secondPort(host: Host): string {
  return `q-${host.name}`;
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function namespaces(): string[] {
  try {
    return readdirSync("/run/netns");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function removeNamespace(name: string): void {
  try {
    clearAway(name);
  } catch (error) {
    // Another process that tidies up was faster.
    if (namespaces().includes(name)) throw error;
  }
}

function clearAway(name: string): void {
  if (!namespaces().includes(name)) return;
  for (const pid of run("ip", "netns", "pids", name).split("\n").filter(Boolean)) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
  run("ip", "netns", "del", name);
}

/** Removes the namespaces of test processes that are gone. */
function removeStale(): void {
  for (const name of namespaces()) {
    const pid = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || Number(pid) === process.pid) continue;
    try {
      process.kill(Number(pid), 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ESRCH") removeNamespace(name);
    }
  }
}
