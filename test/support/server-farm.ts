/** Tens of thousands of real servers in one host: all addresses of a network are its own, and one nginx answers on them. */
import type { Host } from "./lan.ts";

/** `network` becomes local to the host, and its addresses answer HTTP requests on port 80. */
export function startServerFarm(host: Host, network: string): void {
  host.ip(`route add local ${network} dev lo`);
  const site = "server { listen 80 backlog=65535; location / { return 200 ok; } }";
  const limits =
    "worker_processes 1;\nworker_rlimit_nofile 65536;\nevents { worker_connections 32768; multi_accept on; }";
  const text = `pid ${host.path("nginx.pid")};\nerror_log ${host.path("nginx.log")};\nuser root;\n${limits}\nhttp {\naccess_log off;\n${site}\n}\n`;
  host.run("sysctl", "-qw", "net.core.somaxconn=65535");
  host.run("/usr/sbin/nginx", "-c", host.writeFile("nginx.conf", text), "-e", host.path("nginx.log"));
}
