/**
 * examples/nginx-ha as it stands, on two directors with real nginx and a real SMTP server: a maintenance file moves the address,
 * nginx runs on the new master only, the mails arrive; without the file it moves back.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Director } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { waitFor } from "../support/wait.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/nginx-ha/", import.meta.url));
const MAIL_SERVER = fileURLToPath(new URL("../support/mail-server.mjs", import.meta.url));
const ADDRESS = "10.7.0.100";

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

let lan: Lan;
const mails: Mail[] = [];

beforeAll(() => {
  lan = new Lan();
});

afterAll(() => lan.destroy());

test("a maintenance file moves the address and nginx, and back", async () => {
  const client = lan.addHost("client", { ipv4: "10.7.0.50/24" });
  await startMailServer(client);
  for (const [index, name] of ["web1", "web2"].entries())
    startWebServer(lan.addHost(name, { ipv4: `10.7.0.${11 + index}/24` }));
  const hosts = [
    lan.addHost("director1", { ipv4: "10.7.0.1/24" }),
    lan.addHost("director2", { ipv4: "10.7.0.2/24" }),
  ];
  const [one, two] = hosts.map((host) => new Director("buoy", host));
  if (one === undefined || two === undefined) throw new Error("two directors");
  for (const director of [one, two]) director.start(installExample(director.host));
  const story = (): string => `${one.output}\n---\n${two.output}\n${JSON.stringify(mails)}`;
  const within = 15_000;

  await waitFor("director1 to be master with nginx", () => one.host.holds(ADDRESS) && nginxRuns(one.host), {
    within,
    detail: story,
  });
  await waitFor("nginx to run there only", () => !nginxRuns(two.host) && !two.host.holds(ADDRESS), {
    within,
    detail: story,
  });
  await waitFor("the site to answer", () => /^web[12]$/.test(fetchSite(client).trim()), {
    within,
    detail: story,
  });
  await waitFor("director1's mail", () => mailed("director1", "Entering MASTER state"), {
    within,
    detail: story,
  });

  writeFileSync(maintenanceFile(one.host), "");
  await waitFor("director2 to be master with nginx", () => two.host.holds(ADDRESS) && nginxRuns(two.host), {
    within,
    detail: story,
  });
  await waitFor("director1 to have given both up", () => !one.host.holds(ADDRESS) && !nginxRuns(one.host), {
    within,
    detail: story,
  });
  await waitFor("the site to answer again", () => /^web[12]$/.test(fetchSite(client).trim()), {
    within,
    detail: story,
  });
  await waitFor("director2's mail", () => mailed("director2", "Entering MASTER state"), {
    within,
    detail: story,
  });
  await waitFor("director1's second mail", () => mailed("director1", "Entering BACKUP state"), {
    within,
    detail: story,
  });

  rmSync(maintenanceFile(one.host));
  await waitFor("director1 to be master again", () => one.host.holds(ADDRESS) && nginxRuns(one.host), {
    within,
    detail: story,
  });
  await waitFor("director2 to have given both up", () => !two.host.holds(ADDRESS) && !nginxRuns(two.host), {
    within,
    detail: story,
  });

  expect(await one.stop()).toBe(0);
  await waitFor("a stopped director runs no nginx", () => !nginxRuns(one.host), { within, detail: story });
  expect(await two.stop()).toBe(0);
  expect(mails.every((mail) => mail.to.includes("root@example.com"))).toBe(true);
});

/** The example's files for one director, paths moved into the host's folder; returns the configuration's text. */
function installExample(host: Host): string {
  const directory = host.path("etc");
  mkdirSync(directory);
  writeFileSync(join(directory, "notify.sh"), readFileSync(join(EXAMPLE, "notify.sh")), { mode: 0o755 });
  const nginx = nginxCommand(host, readFileSync(join(EXAMPLE, "nginx-site.conf"), "utf8"));
  writeFileSync(
    join(directory, "notify.conf"),
    `start_web() { ${nginx}; }\nstop_web() { [ ! -e ${nginxPid(host)} ] || ${nginx} -s quit; }\nsay() { echo "$*"; }\nsend_mail() { cat >/dev/null; }\n`,
  );
  const config = readFileSync(join(EXAMPLE, host.name, "keepalived.conf"), "utf8");
  const withMail = config
    .replaceAll("/etc/keepalived", directory)
    .replace(/^ {4}# (notification_email|smtp_server|\}| {4}root@)/gm, "    $1")
    .replace("smtp_server 127.0.0.1", "smtp_server 10.7.0.50 2525")
    .replace("track_script {", "smtp_alert\n    track_script {");
  expect(withMail).toContain("\n    notification_email {");
  return withMail;
}

function maintenanceFile(host: Host): string {
  return join(host.path("etc"), "maintenance");
}

function nginxPid(host: Host): string {
  return host.path("nginx.pid");
}

/** Writes an nginx configuration around the given server blocks; the command that starts it. */
function nginxCommand(host: Host, site: string): string {
  const text = `pid ${nginxPid(host)};\nerror_log ${host.path("nginx.log")};\nuser root;\nevents {}\nhttp {\naccess_log off;\n${site}\n}\n`;
  return `/usr/sbin/nginx -c ${host.writeFile("nginx.conf", text)} -e ${host.path("nginx.log")}`;
}

function startWebServer(host: Host): void {
  const command = nginxCommand(host, `server { listen 80; location / { return 200 ${host.name}; } }`);
  host.run(...command.split(" "));
}

function nginxRuns(host: Host): boolean {
  if (!existsSync(nginxPid(host))) return false;
  const pid = readFileSync(nginxPid(host), "utf8").trim();
  return pid !== "" && existsSync(`/proc/${pid}`);
}

function fetchSite(client: Host): string {
  const script = `fetch("http://${ADDRESS}/",{signal:AbortSignal.timeout(900)}).then(r=>r.text()).then(t=>console.log(t),e=>console.log("failed: "+e.message))`;
  return client.run(process.execPath, "-e", script);
}

async function startMailServer(host: Host): Promise<void> {
  const child = host.spawn([process.execPath, MAIL_SERVER, "0.0.0.0", "2525"]);
  let pending = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    const lines = `${pending}${chunk}`.split("\n");
    pending = lines.pop() ?? "";
    mails.push(...lines.map((line) => JSON.parse(line) as Mail));
  });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await waitFor("the mail server", () => said.includes("ready"), { within: 10_000, detail: () => said });
}

function mailed(router: string, subject: string): boolean {
  return mails.some((mail) => mail.text.includes(`[${router}] VRRP Instance VI_WEB - ${subject}`));
}
