/**
 * Servers that follow a file, a BFD session with bird, and a program, through the whole daemon: from the steward's watch, the
 * vrrp process's session and the script's status to the pool, over a death of the checker process.
 */
import type { ChildProcess } from "node:child_process";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Director } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { waitFor } from "../support/wait.ts";
import { buoy, murder, processesOf, processOf } from "./daemon.ts";

const BUOY = fileURLToPath(new URL("../../bin/buoy", import.meta.url));

const CONFIG = (host: Host, script: string): string => `
global_defs {
  script_user root
}
track_file load {
  file ${host.path("load")}
}
bfd_instance peer {
  neighbor_ip 10.9.0.2
  source_ip 10.9.0.1
  min_rx 50
  min_tx 50
  multiplier 4
  checker
}
virtual_server 10.9.0.100 80 {
  delay_loop 0.5
  lb_algo rr
  lb_kind NAT
  protocol TCP
  real_server 10.9.0.11 80 {
    FILE_CHECK {
      track_file load
      weight 0
    }
  }
  real_server 10.9.0.12 80 {
    weight 5
    FILE_CHECK {
      track_file load
      weight 2
    }
  }
  real_server 10.9.0.13 80 {
    BFD_CHECK {
      name peer
    }
  }
  real_server 10.9.0.14 80 {
    MISC_CHECK {
      misc_path "${script}"
      misc_dynamic
      misc_timeout 1
    }
  }
}
`;

function startBird(host: Host): ChildProcess {
  const text = `router id 10.9.0.2;
protocol device {}
protocol bfd {
  interface "eth0" { interval 50 ms; idle tx interval 1 s; multiplier 4; };
  neighbor 10.9.0.1;
}
`;
  return host.spawn(["bird", "-f", "-c", host.writeFile("bird.conf", text), "-s", host.path("bird.ctl")]);
}

/** `11 up 1; 12 up 5`: the last number of each server, its state and its weight. */
function pool(director: Director): string {
  try {
    const command = [BUOY, "pool", "list", "--json", "--runtime-dir", director.runtimeDir];
    const text = execFileSync(process.execPath, command, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const { services } = JSON.parse(text) as {
      services: { servers: { key: string; up: boolean; weight: number }[] }[];
    };
    return services
      .flatMap(({ servers }) => servers)
      .map(({ key, up, weight }) => `${/\.(\d+) 80$/.exec(key)?.[1] ?? key} ${up ? "up" : "down"} ${weight}`)
      .join("; ");
  } catch {
    return "nothing";
  }
}

test("files, BFD sessions and programs decide over servers", async () => {
  const lan = new Lan();
  try {
    const host = lan.addHost("director", { ipv4: "10.9.0.1/24" });
    const peer = lan.addHost("peer", { ipv4: "10.9.0.2/24" });
    const load = host.path("load");
    const status = host.path("status");
    writeFileSync(load, "0\n");
    writeFileSync(status, "exit 0\n");
    const script = host.writeFile("check.sh", `#!/bin/sh\n. ${status}\n`, 0o755);
    const director = new Director("buoy", host);
    const isPool = async (...servers: string[]): Promise<void> => {
      const wanted = servers.join("; ");
      const detail = (): string => `${pool(director)}\n${director.output.slice(-3000)}`;
      await waitFor(wanted, () => pool(director) === wanted, { within: 10_000, every: 100, detail });
    };
    let bird = startBird(peer);
    director.start(CONFIG(host, script));
    await isPool("11 up 1", "12 up 5", "13 up 1", "14 up 1");
    await waitFor("the session", () => /peer.* up/i.test(buoy(director, "status")), {
      within: 10_000,
      every: 200,
    });

    writeFileSync(load, "3\n");
    await isPool("11 down 1", "12 up 11", "13 up 1", "14 up 1");
    expect(buoy(director, "why", "10.9.0.11")).toMatch(
      /left the pool .*: FILE_CHECK load the file holds 3$/m,
    );
    expect(buoy(director, "why", "10.9.0.12")).toContain("changed from 5 to 11");

    writeFileSync(status, "exit 9\n");
    await isPool("11 down 1", "12 up 11", "13 up 1", "14 up 7");
    writeFileSync(status, "exit 1\n");
    await isPool("11 down 1", "12 up 11", "13 up 1", "14 down 7");
    expect(buoy(director, "why", "10.9.0.14")).toMatch(/MISC_CHECK .*check.sh exit status 1$/m);

    bird.kill("SIGKILL");
    await isPool("11 down 1", "12 up 11", "13 down 1", "14 down 7");
    expect(buoy(director, "why", "10.9.0.13")).toMatch(/: BFD_CHECK peer the session is down$/m);

    // The next checker process is told of the file and the session again, and tells nobody.
    const checker = murder(director, "checker");
    await waitFor("another checker", () => ![undefined, checker].includes(processOf(director, "checker")), {
      within: 10_000,
    });
    await isPool("11 down 1", "12 up 11", "13 down 1", "14 down 7");

    writeFileSync(status, "exec sleep 345\n");
    writeFileSync(load, "0\n");
    bird = startBird(peer);
    await isPool("11 up 1", "12 up 5", "13 up 1", "14 down 7");
    await waitFor("the time to be over", () => /took longer than 1 s/.test(buoy(director, "status")), {
      within: 10_000,
      every: 200,
      detail: () => buoy(director, "status"),
    });
    writeFileSync(status, "exit 0\n");
    await isPool("11 up 1", "12 up 5", "13 up 1", "14 up 1");
    expect(processesOf("sleep").filter(({ command }) => command.includes("345"))).toEqual([]);

    const deaf = (): boolean => processesOf("sleep").some(({ command }) => command.includes("347"));
    writeFileSync(status, "trap '' TERM\nexec sleep 347\n");
    await waitFor("a program that heeds no TERM", deaf, { within: 5_000 });
    expect(await director.stop()).toBe(0);
    await waitFor("its end", () => !deaf(), { within: 5_000 });
  } finally {
    lan.destroy();
  }
});
