/**
 * The lab's LAN. The stage's own network namespace is the switch; every host is a process in a network, mount and host
 * name namespace of its own. Nothing has a name outside these processes, so nothing is left when they end.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type HostPlan, PREFIX_LENGTH, type Switch } from "./plan.ts";
import { type AgentReport, parseReport } from "./report.ts";

const run = promisify(execFile);
const AGENT = fileURLToPath(new URL("./agent-main.js", import.meta.url));

/** One host: its agent keeps the namespaces alive. */
export interface Host {
  readonly plan: HostPlan;
  readonly agent: ChildProcess;
  readonly pid: number;
  /** The host's file system seen from the stage. */
  readonly root: string;
}

/** Runs one command of iproute2; its own message is the error. */
export async function ip(words: string): Promise<void> {
  await run("ip", words.split(" "));
}

/** Makes a switch in the stage's own namespace. */
export async function buildSwitch(name: Switch = "lan"): Promise<void> {
  await ip("link set lo up");
  // Without a forwarding delay a new port works at once, and without snooping VRRP's group reaches everybody.
  await ip(`link add ${name} type bridge forward_delay 0 mcast_snooping 0`);
  await ip(`link set ${name} up`);
}

/** Starts a host's agent and connects the host to the switch; returns once the agent is ready. */
export async function addHost(plan: HostPlan, hear: (report: AgentReport) => void): Promise<Host> {
  // The host name is for the reader only: without a way to set it the host keeps this machine's.
  const naming = `hostname ${plan.name} 2>/dev/null || true`;
  const boot = `mount -t tmpfs -o mode=0755 lab /run && { ${naming}; } && exec "$@"`;
  const words = ["-n", "-m", "-u", "--propagation", "private", "--", "sh", "-c", boot, "sh"];
  const agent = spawn("unshare", [...words, process.execPath, AGENT, plan.role, plan.name], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await new Promise<void>((resolve, reject) => {
    agent.once("error", reject);
    agent.once("exit", (code, signal) => reject(new Error(`${plan.name} ended at once: ${signal ?? code}`)));
    createInterface({ input: agent.stdout }).on("line", (line) => {
      const report = parseReport(line);
      if (report?.kind === "ready") resolve();
      else if (report !== undefined) hear(report);
    });
  });
  // unshare and sh became the agent: the pid is the same.
  const pid = agent.pid ?? 0;
  const host = { plan, agent, pid, root: `/proc/${pid}/root` };
  await connect(host);
  return host;
}

async function connect(host: Host): Promise<void> {
  const { name, address, second, gateway } = host.plan;
  const setUp = async (command: string): Promise<void> => {
    await run("nsenter", [...enter(host), "sh", "-c", command]).catch((error: Error) => {
      throw new Error(`cannot set up ${name}: ${error.message}`);
    });
  };
  await setUp("ip link set lo up");
  await plug(host, "eth0", host.plan.switch ?? "lan");
  await setUp(linkWords("eth0", address));
  if (second !== undefined) {
    await plug(host, "eth1", "back");
    await setUp(linkWords("eth1", second));
  }
  if (gateway !== undefined) await setUp(`ip route add default via ${gateway}`);
}

async function plug(host: Host, device: Device, into: Switch): Promise<void> {
  const port = portOf(host, device);
  await ip(`link add ${port} type veth peer name ${device} netns ${host.pid}`);
  await ip(`link set ${port} master ${into} up`);
}

function linkWords(device: Device, address: string): string {
  return `ip addr add ${address}/${PREFIX_LENGTH} brd + dev ${device} && ip link set ${device} up`;
}

type Device = "eth0" | "eth1";

function portOf(host: Host, device: Device = "eth0"): string {
  return `${device === "eth0" ? "to" : "back"}-${host.plan.name}`;
}

/** nsenter's words in front of a command that shall run in this host. */
function enter(host: Host): readonly string[] {
  return ["-t", `${host.pid}`, "-n", "-m", "-u", "--"];
}

/** Runs a command in a host to its end. */
export async function runIn(host: Host, command: readonly string[]): Promise<void> {
  await run("nsenter", [...enter(host), ...command]);
}

/** Starts a process in a host. */
export function spawnIn(host: Host, command: readonly string[]): ChildProcess {
  return spawn("nsenter", [...enter(host), ...command], { stdio: ["ignore", "pipe", "pipe"] });
}

export async function pullPlug(host: Host): Promise<void> {
  await ip(`link set ${portOf(host)} down`);
}

export async function plugIn(host: Host): Promise<void> {
  await ip(`link set ${portOf(host)} up`);
}
