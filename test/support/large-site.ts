/** A site as large as the largest known ones in one host: its director, all its servers, and a witness on the LAN. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { directorFile, LARGEST } from "../../bench/director-file.ts";
import { processOf } from "../e2e/daemon.ts";
import { Director } from "./director.ts";
import { Lan } from "./lan.ts";
import { systemTimes } from "./processor-time.ts";
import { startServerFarm } from "./server-farm.ts";
import type { Stalls } from "./stall-watch.ts";
import { pause, waitFor } from "./wait.ts";
import { WireLog } from "./wire-log.ts";

const BUOY = fileURLToPath(new URL("../../bin/buoy", import.meta.url));

/** Seconds between two advertisements. */
export const ADVERT_INTERVAL = 0.1;

const ELECTION = `
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 100
  version 3
  advert_int ${ADVERT_INTERVAL}
  virtual_ipaddress {
    10.9.0.100/24
  }
}
`;

export interface LargeSite {
  readonly director: Director;
  readonly wire: WireLog;
  /** Milliseconds until the daemon ran with all of it, and until all of it was in the kernel. */
  readonly startedIn: number;
  readonly programmedIn: number;
  /** Gives one server in the middle another weight and reads the file again, until the kernel has it. */
  reload(weight: number): Promise<Reload>;
}

export interface Reload {
  readonly said: string;
  /** Milliseconds until the command had ended. */
  readonly took: number;
  /** Seconds between two advertisements: the longest time from the command's beginning until shortly after the change. */
  readonly gap: number;
  /** How much of that the machine let nobody run, whatever his priority. */
  readonly withheld: number;
  /** The most milliseconds that one thread of the checker, the first apart, was in the kernel meanwhile: those of nftables. */
  readonly inKernel: number;
}

export async function withLargeSite(
  delayLoop: number,
  stalls: Stalls,
  run: (site: LargeSite) => Promise<void>,
): Promise<void> {
  const lan = new Lan();
  try {
    const client = lan.addHost("client", { ipv4: "10.9.0.50/24" });
    const host = lan.addHost("director", { ipv4: "10.9.0.1/24" });
    startServerFarm(host, "172.16.0.0/12");
    const director = new Director("buoy", host);
    const text = `${ELECTION}${directorFile(LARGEST)}`.replaceAll("delay_loop 10", `delay_loop ${delayLoop}`);
    const begun = performance.now();
    director.start(text);
    const detail = (): string => director.output.slice(-3000);
    await waitFor("the last service to run", () => director.output.includes(LAST_SERVICE), {
      within: 90_000,
      detail,
    });
    const startedIn = performance.now() - begun;
    await tableWritten(director);
    const programmedIn = performance.now() - begun;
    const wire = await WireLog.start(client);
    const hears = async (count: number): Promise<void> => {
      const until = wire.advertisements.length + count;
      await waitFor("advertisements", () => wire.advertisements.length >= until, { within: 20_000, detail });
    };
    await hears(5);
    const reload = async (weight: number): Promise<Reload> => {
      const before = "real_server 172.16.78.32 80 {\n        weight ";
      writeFileSync(host.path("buoy.conf"), text.replace(`${before}1\n`, `${before}${weight}\n`));
      const heard = wire.advertisements.length;
      const spent = systemTimes(processOf(director, "checker") ?? 0);
      const from = performance.now();
      const said = await askForReload(director);
      const took = performance.now() - from;
      const told = new RegExp(`Changing weight from \\d+ to ${weight} for .*service \\[172.16.78.32\\]`);
      await waitFor("the new weight", () => told.test(director.output), { within: 20_000 });
      await hears(10);
      const since = systemTimes(processOf(director, "checker") ?? 0);
      const threads = [...since].map(([thread, time]) => time - (spent.get(thread) ?? 0));
      const [gap, begins] = longestGap(wire, heard);
      const withheld = await stalls.lost(begins, begins + gap);
      return { said, took, gap, withheld, inKernel: Math.max(...threads) };
    };
    await run({ director, wire, startedIn, programmedIn, reload });
    await wire.stop();
    await director.stop();
  } finally {
    lan.destroy();
  }
}

const PROGRAMMING_LIMIT = 90_000;
/** Milliseconds between two looks at the thread, and those in the kernel that count as none. */
const LOOK_INTERVAL = 2_000;
const RESTING = 20;

/** What is said of the last service of the file when the daemon starts. */
const LAST_SERVICE = "for VS [10.1.8.228]:tcp:80";

/** Its output has to be taken meanwhile, or it would wait for that: so nothing here waits for the command alone. */
async function askForReload({ host, runtimeDir }: Director): Promise<string> {
  const child = host.spawn([process.execPath, BUOY, "reload", "--runtime-dir", runtimeDir]);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  await once(child, "close");
  return said;
}

/** The longest time between two advertisements, and when it began; the last ones of those heard before count. */
function longestGap({ advertisements }: WireLog, from: number): readonly [gap: number, begins: number] {
  const times = advertisements.slice(Math.max(0, from - 2)).map(({ at }) => at);
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at));
  const gap = Math.max(...gaps);
  return [gap, times[gaps.indexOf(gap)] ?? 0];
}

/** Until the thread of nftables rests. */
async function tableWritten(director: Director): Promise<void> {
  const busiest = (): number => Math.max(...systemTimes(processOf(director, "checker") ?? 0).values());
  const end = performance.now() + PROGRAMMING_LIMIT;
  for (let before = 0, now = busiest(); now - before >= RESTING; now = busiest()) {
    if (performance.now() > end) throw new Error(`the table is still being written: ${now} ms in the kernel`);
    before = now;
    await pause(LOOK_INTERVAL);
  }
}
