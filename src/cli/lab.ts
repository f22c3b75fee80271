/** `buoy lab` */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { isInstalled, preflight } from "../lab/preflight.ts";
import { ansiPaint } from "../observe/style.ts";
import { CommandError, EXIT_FAILED } from "./exit-codes.ts";
import { painterFor } from "./terminal.ts";

const STAGE = fileURLToPath(new URL("../lab/stage-main.js", import.meta.url));

interface LabOptions {
  /** False with `--no-nginx`. */
  readonly nginx: boolean;
  readonly director?: true;
}

export function registerLab(program: Command): void {
  program
    .command("lab")
    .description("show a failover on this machine: a LAN in network namespaces, gone afterwards")
    .option("--director", "show a pool of web servers behind two directors instead")
    .option("--no-nginx", "use stand-ins of Node even where nginx is installed")
    .action(async (options: LabOptions) => {
      process.exitCode = await runLab(options);
    });
}

async function runLab(options: LabOptions): Promise<number> {
  const ground = preflight(process.getuid?.() ?? 0);
  if (!ground.ok) throw new CommandError(ground.reason, EXIT_FAILED);
  const nginx = options.nginx && !ground.rootless && isInstalled("nginx");
  if (!nginx) process.stdout.write(`${whyStandIns(options, ground.rootless)}\n`);
  const words = [
    ...(painterFor(process.stdout, process.env) === ansiPaint ? ["--colour"] : []),
    ...(ground.rootless ? ["--rootless"] : []),
    ...(nginx ? ["--nginx"] : []),
    ...(options.director ? ["--director"] : []),
  ];
  // The fourth descriptor is never written: it closes when this process dies, whatever it dies of.
  const stage = spawn("unshare", [...ground.unshare, "--", process.execPath, STAGE, ...words], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const interrupt = (): void => {
    stage.stdio[3]?.destroy();
  };
  // The terminal sends Ctrl-C to the stage too, which says so; here it only must not end us before the stage.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupt);
  const [code, signal] = (await once(stage, "exit")) as [number | null, NodeJS.Signals | null];
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(name, interrupt);
  stage.stdio[3]?.destroy();
  if (code === null) throw new CommandError(`the lab was ended by ${signal}`, EXIT_FAILED);
  return code;
}

function whyStandIns(options: LabOptions, rootless: boolean): string {
  const reason = !options.nginx
    ? "as asked"
    : rootless
      ? "an ordinary user has one uid in a user namespace, and nginx wants two"
      : "nginx is not installed";
  return `stand-ins of Node play nginx (${reason})`;
}
