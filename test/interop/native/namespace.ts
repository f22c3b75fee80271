/** A network namespace of a test's own, which the test's thread moves into: two ends of a cable, `eth0` and `eth1`. */
import { execFileSync } from "node:child_process";
import { enterNetworkNamespace } from "../../../src/host/system.ts";

export interface TestNamespace {
  readonly name: string;
  /** Runs a command inside and gives its output. */
  run(...command: string[]): string;
  remove(): void;
}

/** Makes it and enters it. Root only. */
export function enterNewNamespace(purpose: string): TestNamespace {
  const name = `bw-nat-${purpose}-${process.pid}`;
  execFileSync("ip", ["netns", "add", name]);
  const onExit = (): void => {
    execFileSync("ip", ["netns", "del", name]);
  };
  process.once("exit", onExit);
  enterNetworkNamespace(`/run/netns/${name}`);
  const run = (...command: string[]): string => {
    const [program = "", ...words] = command;
    return execFileSync("ip", ["netns", "exec", name, program, ...words], { encoding: "utf8" });
  };
  for (const scope of ["all", "default"]) run("sysctl", "-qw", `net.ipv6.conf.${scope}.accept_dad=0`);
  run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1");
  for (const link of ["lo", "eth0", "eth1"]) run("ip", "link", "set", link, "up");
  return {
    name,
    run,
    remove() {
      process.off("exit", onExit);
      onExit();
    },
  };
}
