/**
 * A director with two nginx real servers, as its operator sees it: a server dies and returns, the quorum is lost, orders are
 * given, the checker process is killed. Elections beside it miss nothing. Where this kernel has no IPVS the services are
 * in nftables (test/interop/nft-plane); checks and notifications are the same. test/vm looks at the kernel's table.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Director } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { watchStalls } from "../support/stall-watch.ts";
import { pause, waitFor } from "../support/wait.ts";
import { WireLog } from "../support/wire-log.ts";
import { buoy, murder, processOf } from "./daemon.ts";

const SERVICE = "[10.9.0.100]:tcp:80";
const SERVERS = ["[10.9.0.11]:tcp:80", "[10.9.0.12]:tcp:80"] as const;
const WITHIN = { within: 10_000 };
/** Seconds. */
const PATIENCE = 0.036;

const stalls = watchStalls("real-time");

interface Site {
  readonly client: Host;
  readonly webs: readonly Host[];
  readonly director: Director;
}

async function withSite(config: (host: Host) => string, run: (site: Site) => Promise<void>): Promise<void> {
  const lan = new Lan();
  try {
    const client = lan.addHost("client", { ipv4: "10.9.0.50/24" });
    const webs = [11, 12].map((last) => lan.addHost(`web${last}`, { ipv4: `10.9.0.${last}/24` }));
    for (const web of webs) startWebServer(web);
    const director = new Director("buoy", lan.addHost("director", { ipv4: "10.9.0.1/24" }));
    director.start(config(director.host));
    try {
      await run({ client, webs, director });
      expect(await director.stop()).toBe(0);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${director.output.slice(-6000)}`, { cause: error });
    }
  } finally {
    lan.destroy();
  }
}

function startWebServer(host: Host): void {
  const site = `server { listen 80; location / { return 200 ${host.name}; } }`;
  const text = `pid ${host.path("nginx.pid")};\nerror_log ${host.path("nginx.log")};\nuser root;\nevents {}\nhttp {\naccess_log off;\n${site}\n}\n`;
  host.run("/usr/sbin/nginx", "-c", host.writeFile("nginx.conf", text), "-e", host.path("nginx.log"));
}

function stopWebServer(host: Host): void {
  process.kill(Number(readFileSync(host.path("nginx.pid"), "utf8")), "SIGTERM");
}

const realServer = (host: Host, last: number): string => `
  real_server 10.9.0.${last} 80 {
    weight 10
    notify_up "${host.writeFile(`up${last}`, `#!/bin/sh\necho up ${last} >>${host.path("told")}\n`, 0o755)}"
    notify_down "${host.writeFile(`down${last}`, `#!/bin/sh\necho down ${last} >>${host.path("told")}\n`, 0o755)}"
    HTTP_GET {
      url {
        path /
        status_code 200
      }
      connect_timeout 1
    }
  }`;

const poolConfig = (host: Host, weight = 10): string => `
global_defs {
  vrrp_rt_priority 50
  lvs_notify_fifo ${host.path("fifo")}
  checker_priority 5
  checker_cpu_affinity 0
  script_user root
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 100
  version 3
  advert_int 0.01
  virtual_ipaddress {
    10.9.0.100/24
  }
}
virtual_server 10.9.0.100 80 {
  delay_loop 1
  lb_algo wrr
  lb_kind NAT
  protocol TCP
  retry 1
  delay_before_retry 0.2
  quorum 10
  sorry_server 10.9.0.50 80
  ${realServer(host, 11).replace("weight 10", `weight ${weight}`)}
  ${realServer(host, 12)}
}
`;

function servers(director: Director): readonly string[] {
  const text = execFileSync(
    process.execPath,
    [BUOY, "pool", "list", "--json", "--runtime-dir", director.runtimeDir],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  const pool = JSON.parse(text) as {
    services: { servers: { name: string; up: boolean; weight: number; checks: { ok?: boolean }[] }[] }[];
  };
  return pool.services.flatMap((one) =>
    one.servers.map(
      ({ name, up, weight, checks: [check] }) =>
        `${name} ${check?.ok === undefined ? "unchecked" : up ? "up" : "down"} ${weight}`,
    ),
  );
}

const BUOY = new URL("../../bin/buoy", import.meta.url).pathname;

/** Whether the pool is as described; a daemon that does not answer yet is not. */
function isPool(director: Director, ...wanted: readonly string[]): boolean {
  try {
    return servers(director).join("; ") === wanted.join("; ");
  } catch {
    return false;
  }
}

test("servers die and return, the quorum goes and comes, and why tells", async () => {
  await withSite(
    (host) => {
      execFileSync("mkfifo", [host.path("fifo")]);
      host.spawn(["sh", "-c", `cat ${host.path("fifo")} >${host.path("heard")}`]);
      return poolConfig(host);
    },
    async ({ client, webs, director }) => {
      const [one, two] = webs as [Host, Host];
      const told = (): string => readIfThere(director.host.path("told"));
      const detail = (): string => director.output;
      await waitFor("both servers up", () => isPool(director, `${SERVERS[0]} up 10`, `${SERVERS[1]} up 10`), {
        ...WITHIN,
        detail,
      });
      expect(placeOf(director)).toEqual({ nice: "5", processors: "0" });
      const wire = await WireLog.start(client);

      stopWebServer(one);
      await waitFor(
        "the first to leave",
        () => isPool(director, `${SERVERS[0]} down 10`, `${SERVERS[1]} up 10`),
        { ...WITHIN, detail },
      );
      const why = buoy(director, "why", "10.9.0.11:80");
      expect(why).toContain(`${SERVERS[0]} left the pool of ${SERVICE}`);
      expect(why).toMatch(/HTTP_GET \/ connection refused two times in a row/);
      await waitFor("its script", () => told() === "down 11\n", WITHIN);

      stopWebServer(two);
      await waitFor(
        "the quorum to be lost",
        () => director.output.includes(`Lost quorum 10-0=10 > 0 for VS ${SERVICE}`),
        { ...WITHIN, detail },
      );
      expect(buoy(director, "status")).toContain("sorry server [10.9.0.50]:tcp:80 serves");
      expect(director.output).toContain(`Removing service ${SERVERS[1]} from VS ${SERVICE}`);

      startWebServer(one);
      await waitFor(
        "the quorum to come back",
        () => director.output.includes(`Gained quorum 10+0=10 <= 10 for VS ${SERVICE}`),
        { ...WITHIN, detail },
      );
      await waitFor("all scripts", () => told() === "down 11\ndown 12\nup 11\n", { ...WITHIN, detail: told });
      const heard = (): string => readIfThere(director.host.path("heard"));
      await waitFor("the lines of the FIFO", () => heard().endsWith(`\nVS ${SERVICE} UP\n`), {
        ...WITHIN,
        detail: heard,
      });
      expect(heard().trimEnd().split("\n")).toEqual([
        `VS ${SERVICE} UP`,
        `RS ${SERVERS[0]} ${SERVICE} DOWN`,
        `RS ${SERVERS[1]} ${SERVICE} DOWN`,
        `VS ${SERVICE} DOWN`,
        `RS ${SERVERS[0]} ${SERVICE} UP`,
        `VS ${SERVICE} UP`,
      ]);
      await wire.stop();
      await expectNoGap(wire);
    },
  );
});

test("orders stand over the checker's and the steward's deaths, and states survive", async () => {
  await withSite(poolConfig, async ({ webs, director }) => {
    const [one] = webs as [Host];
    const detail = (): string => director.output;
    stopWebServer(one);
    await waitFor(
      "the first to leave",
      () => isPool(director, `${SERVERS[0]} down 10`, `${SERVERS[1]} up 10`),
      { ...WITHIN, detail },
    );
    buoy(director, "pool", "weight", "10.9.0.100:80", "10.9.0.12", "3", "--why", "new disk");
    await waitFor("the weight", () => isPool(director, `${SERVERS[0]} down 10`, `${SERVERS[1]} up 3`), {
      ...WITHIN,
      detail,
    });
    expect(buoy(director, "status")).toContain("weight ordered by");

    // What it knows is kept outside of it once a second.
    await pause(2_000);
    const checker = murder(director, "checker");
    await waitFor(
      "another checker",
      () => ![undefined, checker].includes(processOf(director, "checker")),
      WITHIN,
    );
    await waitFor("the same pool", () => isPool(director, `${SERVERS[0]} down 10`, `${SERVERS[1]} up 3`), {
      ...WITHIN,
      detail,
    });
    // It goes on from what was known: nothing is told again.
    const since = (): string | undefined => director.output.split(`pid ${checker}) died`)[1];
    await waitFor("its first words", () => since()?.includes("services are kept by"), { ...WITHIN, detail });
    expect(since()).not.toMatch(/(Adding|Removing) service/);

    const steward = murder(director, "steward");
    await waitFor(
      "another steward",
      () => ![undefined, steward].includes(processOf(director, "steward")),
      WITHIN,
    );
    await waitFor("the same orders", () => isPool(director, `${SERVERS[0]} down 10`, `${SERVERS[1]} up 3`), {
      ...WITHIN,
      detail,
    });
    buoy(director, "pool", "enable", "10.9.0.100:80", "10.9.0.12");
    await waitFor(
      "the weight of the file",
      () => isPool(director, `${SERVERS[0]} down 10`, `${SERVERS[1]} up 10`),
      { ...WITHIN, detail },
    );

    director.host.writeFile("buoy.conf", poolConfig(director.host, 20));
    buoy(director, "reload");
    await waitFor("the new weight", () => isPool(director, `${SERVERS[0]} down 20`, `${SERVERS[1]} up 10`), {
      ...WITHIN,
      detail,
    });
    director.host.writeFile("buoy.conf", poolConfig(director.host, 20).split("virtual_server", 1).join(""));
    buoy(director, "reload");
    await waitFor("the checker to end", () => processOf(director, "checker") === undefined, {
      ...WITHIN,
      detail,
    });
  });
});

/** At 10 ms the peers wait 36 ms for a master. */
async function expectNoGap({ advertisements }: WireLog): Promise<void> {
  const times = advertisements.map(({ at }) => at);
  expect(times.length).toBeGreaterThan(100);
  for (const [index, at] of times.slice(1).entries()) {
    const before = times[index] ?? at;
    if (at - before < PATIENCE) continue;
    expect(at - before - (await stalls.lost(before, at))).toBeLessThan(PATIENCE);
  }
}

/** Where the checker process stands among the others. */
function placeOf(director: Director): {
  readonly nice: string | undefined;
  readonly processors: string | undefined;
} {
  const pid = processOf(director, "checker");
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    nice: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16],
    processors: /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1],
  };
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
