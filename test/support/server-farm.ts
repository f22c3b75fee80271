/**
 * Tens of thousands of real servers in one host: all addresses of a network are its own, and one nginx answers on them. Its
 * `access.log` says when it was asked under which of them.
 */
import type { Host } from "./lan.ts";

/** `network` becomes local to the host, and its addresses answer HTTP requests on port 80. */
export function startServerFarm(host: Host, network: string): void {
  host.ip(`route add local ${network} dev lo`);
  const site = "server { listen 80 backlog=65535; location / { return 200 ok; } }";
  const log = `log_format asked "$server_addr $msec";\naccess_log ${host.path("access.log")} asked buffer=64k flush=1s;`;
  const limits =
    "worker_processes 1;\nworker_rlimit_nofile 65536;\nevents { worker_connections 32768; multi_accept on; }";
  const text = `pid ${host.path("nginx.pid")};\nerror_log ${host.path("nginx.log")};\nuser root;\n${limits}\nhttp {\n${log}\n${site}\n}\n`;
  host.run("sysctl", "-qw", "net.core.somaxconn=65535");
  host.run("/usr/sbin/nginx", "-c", host.writeFile("nginx.conf", text), "-e", host.path("nginx.log"));
}
