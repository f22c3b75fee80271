/** Debian's sample files with this test's interface names and scripts; their virtual servers are left out. */
import { existsSync, readFileSync } from "node:fs";
import { type Configuration, configuration } from "./configuration.ts";

const FOLDER = "/usr/share/doc/keepalived/samples";

const NAMES = [
  "SSL_GET",
  "sample",
  "track_interface",
  "vrrp",
  "vrrp.localcheck",
  "vrrp.lvs_syncd",
  "vrrp.routes",
  "vrrp.rules",
  "vrrp.scripts",
  "vrrp.static_ipaddress",
  "vrrp.sync",
];

/** There is no VLAN here, no mail server, and no server for keepalived's scripts to look for. */
function adapt(text: string): string {
  return text
    .replace(/^\s*[!#].*$/gm, "")
    .replace(/#.*$/gm, "")
    .replaceAll("eth0.1", "eth0")
    .replace(
      /^\s*(?:smtp_\w+|garp_master_delay|notification_email_from|lvs_sync_daemon_interface)\b.*$/gm,
      "",
    )
    .replace(/^\s*notification_email\s*\{[^}]*\}/gm, "")
    .replace(/(notify_(\w+)\s+)"\S+ ([^"]*)"/g, '$1"@RECORD@ $2 $3"')
    .replace(/interval 2$/gm, "interval 1")
    .replace(/^virtual_server\b[\s\S]*?^\}$/gm, "")
    .replace(/^(vrrp_instance .*\{)$/gm, '$1\n    notify "@RECORD@ any"');
}

/** Empty where the system keeps no documentation of packages, as slim images do. */
export const SAMPLES: readonly Configuration[] = (existsSync(FOLDER) ? NAMES : []).map((name) =>
  configuration(`sample ${name}`, adapt(readFileSync(`${FOLDER}/keepalived.conf.${name}`, "utf8"))),
);
