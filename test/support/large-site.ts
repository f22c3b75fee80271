/** A site as large as the largest known ones in one host: its director, all its servers, and a witness on the LAN. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { directorFile, LARGEST } from "../../bench/director-file.ts";
import { Director } from "./director.ts";
import { Lan } from "./lan.ts";
import { startServerFarm } from "./server-farm.ts";
import { waitFor } from "./wait.ts";
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
  /** Milliseconds until the daemon ran with all of it. */
  readonly startedIn: number;
  /** Gives one server in the middle another weight and reads the file again; what was said, and how long it took. */
  reload(weight: number): Promise<{ readonly said: string; readonly took: number }>;
  /** The longest time between two advertisements so far, in seconds. */
  longestGap(): number;
}

export async function withLargeSite(
  delayLoop: number,
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
    const wire = await WireLog.start(client);
    await waitFor("advertisements", () => wire.advertisements.length > 5, { within: 20_000, detail });
    const reload = async (weight: number): Promise<{ said: string; took: number }> => {
      const before = "real_server 172.16.78.32 80 {\n        weight ";
      writeFileSync(host.path("buoy.conf"), text.replace(`${before}1\n`, `${before}${weight}\n`));
      const from = performance.now();
      const said = await askForReload(director);
      return { said, took: performance.now() - from };
    };
    await run({ director, wire, startedIn, reload, longestGap: () => longestGap(wire) });
    await wire.stop();
    await director.stop();
  } finally {
    lan.destroy();
  }
}

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

function longestGap({ advertisements }: WireLog): number {
  const times = advertisements.map(({ at }) => at);
  return Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at)));
}
