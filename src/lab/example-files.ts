/** The files of examples/nginx-ha as the lab's hosts get them: another folder, and nginx or a stand-in to start. */
import type { HostPlan } from "./plan.ts";

/** Where a lab host keeps what a real one has in /etc/keepalived. */
export const CONFIG_DIR = "/run/keepalived";

/**
 * The director's configuration in the lab. Every change is one that an operator makes too (another folder), or one that a
 * user namespace forces: there files of the real root belong to nobody, so no script could be secure.
 */
export function labConfig(text: string, rootless: boolean): string {
  const moved = text.replaceAll("/etc/keepalived/", `${CONFIG_DIR}/`);
  return rootless ? moved.replace(/^\s*enable_script_security\n/m, "") : moved;
}

export interface WebProgram {
  /** True when nginx itself runs. */
  readonly nginx: boolean;
  /** Words that start the stand-in's proxy. */
  readonly standIn: readonly string[];
}

/** notify.conf: how notify.sh starts and stops the web in the lab, and where its mails go. */
export function labNotifyConf(program: WebProgram): string {
  const standIn = program.standIn.map(quote).join(" ");
  const start = program.nginx
    ? `[ -e /run/nginx.pid ] || nginx -c ${CONFIG_DIR}/nginx.conf -e /run/nginx-error.log`
    : `[ -e /run/proxy.pid ] || setsid ${standIn} </dev/null >/run/proxy.log 2>&1 &`;
  const stop = program.nginx
    ? "[ ! -e /run/nginx.pid ] || kill $(cat /run/nginx.pid)"
    : "[ ! -e /run/proxy.pid ] || { kill $(cat /run/proxy.pid); rm -f /run/proxy.pid; }";
  return `start_web() { ${start}
}
stop_web() { ${stop}
}
send_mail() { cat >>/run/mail; }
say() { echo "$*" >>/run/notify.log; }
`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** nginx.conf of a director: the example's site in the lab's folders. */
export function labDirectorNginx(site: string, host: HostPlan): string {
  return nginxConf(site.replace("$hostname", host.name));
}

/** nginx.conf of a web server: its name is the page. */
export function labWebNginx(host: HostPlan): string {
  return nginxConf(
    `server { listen 80; location / { default_type text/plain; return 200 "${host.name}\\n"; } }`,
  );
}

function nginxConf(site: string): string {
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path /run/nginx-${name};`)
    .join("\n");
  return `user root;
worker_processes 1;
pid /run/nginx.pid;
error_log /run/nginx-error.log;
events {}
http {
access_log off;
${folders}
${site}
}
`;
}
