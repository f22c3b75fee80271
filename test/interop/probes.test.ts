/** Health checks against real servers across a LAN: nginx, dnsmasq, an SMTP server, a UDP echo; and `genhash` beside keepalived's. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CheckResult } from "../../src/director/input.ts";
import type { NetworkProbe } from "../../src/host/probes/prober.ts";
import type { HttpProbeModel, Target, TlsModel } from "../../src/model/director-models.ts";
import { makeCertificates } from "../support/certificates.ts";
import { type Host, Lan } from "../support/lan.ts";
import { startNameServer } from "../support/name-server.ts";
import { http, NO_TLS, pattern, targetAt, url } from "../support/probe-models.ts";
import { waitFor } from "../support/wait.ts";

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const RUNNER = file("../support/run-probes.mjs");
const MAIL_SERVER = file("../support/mail-server.mjs");
const GENHASH = file("../../bin/genhash");
const PAGE = "hello world\n";
const ECHO =
  'const s=require("dgram").createSocket("udp4");s.on("message",(m,f)=>s.send(m,f.port,f.address));s.bind(7)';

let lan: Lan;
let one: Host;
let two: Host;
let trusted: TlsModel;

beforeAll(async () => {
  lan = new Lan();
  one = lan.addHost("one", { ipv4: "10.9.0.1/24", ipv6: "fe80::1/64" });
  two = lan.addHost("two", { ipv4: "10.9.0.2/24", ipv6: "fe80::2/64" });
  one.run("ip", "addr", "add", "10.9.0.11/24", "dev", "eth0");
  const folder = lan.directory;
  makeCertificates(folder);
  trusted = { ...NO_TLS, authorities: `${folder}/ca.pem` };
  mkdirSync(`${folder}/www`);
  writeFileSync(`${folder}/www/index.html`, PAGE);
  const config = two.writeFile("nginx.conf", nginxConfig(folder));
  two.spawn(["nginx", "-c", config, "-e", `${folder}/nginx.err`]);
  startNameServer(two, "-A", "/www.example/10.0.0.1");
  two.spawn([process.execPath, MAIL_SERVER, "10.9.0.2", "25"]);
  two.spawn([process.execPath, "-e", ECHO]);
  two.run(
    "nft",
    "add table inet t; add chain inet t i { type filter hook input priority 0; }; add rule inet t i tcp dport 81 drop; add rule inet t i udp dport 54 drop",
  );
  one.run(
    "nft",
    "add table inet t; add chain inet t o { type filter hook output priority 0; }; add rule inet t o meta mark 7 meta l4proto tcp reject with tcp reset",
  );
  await waitFor(
    "the servers",
    () => {
      const sockets = two.run("ss", "-Hnltu");
      return [":53 ", ":7 ", ":25 ", ":80 ", ":443 "].every((port) => sockets.includes(port));
    },
    { within: 10_000, every: 100 },
  );
});

afterAll(() => lan.destroy());

function nginxConfig(folder: string): string {
  const tls = (port: number, name: string): string => `
  server {
    listen 10.9.0.2:${port} ssl http2;
    ssl_certificate ${folder}/${name}.pem;
    ssl_certificate_key ${folder}/${name}.key;
    root ${folder}/www;
    location = /name { return 200 "$ssl_server_name"; }
    location = /version { return 200 "$server_protocol"; }
  }`;
  return `
daemon off;
user root;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  server {
    listen 10.9.0.2:80;
    listen [::]:80;
    root ${folder}/www;
    location = /who { return 200 "$remote_addr $remote_port"; }
    location = /ill { return 503 "under repair"; }
  }
  ${tls(443, "good")}
  ${tls(8443, "old")}
  ${tls(9443, "own")}
}
`;
}

/** Runs probes at the same time on the first host. */
function run(probes: readonly NetworkProbe[], tls: TlsModel = NO_TLS): CheckResult[] {
  const command = ["netns", "exec", one.namespace, process.execPath, RUNNER];
  const input = JSON.stringify(probes.map((probe) => ({ probe, tls })));
  return JSON.parse(execFileSync("ip", command, { input, encoding: "utf8", timeout: 30_000 }));
}

const outcomes = (probes: readonly NetworkProbe[], tls: TlsModel = NO_TLS): string[] =>
  run(probes, tls).map(
    ({ ok, notRun, detail }) => `${notRun === true ? "not run" : ok ? "ok" : "failed"}: ${detail}`,
  );

const at = (port: number, options: Partial<Target> = {}): Target =>
  targetAt(port, { address: "10.9.0.2", timeout: 1_000_000, ...options });

const page = (path: string, found: string) => [url(path, { pattern: pattern(found) })];

const named = (path: string, serverName: string | undefined, found: string) =>
  url(path, { serverName, pattern: pattern(found) });

const https = (port: number, options: Partial<HttpProbeModel> = {}): HttpProbeModel =>
  http(at(port), { tls: true, ...options });

test("nginx: statuses, digest, silence, refusal, no route", () => {
  const digest = createHash("md5").update(PAGE).digest("hex");
  const results = outcomes([
    http(at(80), { urls: [url("/", { digest }), url("/index.html", { digest })] }),
    http(at(80), { protocol: "1.1", urls: [url("/", { digest })] }),
    http(at(80), { urls: [url("/ill")] }),
    http(at(80), { urls: [url("/who", { digest })] }),
    http(at(81)),
    http(at(82)),
    http(at(80, { address: "10.9.0.99", timeout: 6_000_000 })),
    http(at(80, { address: "192.0.2.1" })),
    http(at(25)),
  ]);
  expect(results.slice(0, 3)).toEqual(["ok: answered 200", "ok: answered 200", "failed: answered 503"]);
  expect(results[3]).toMatch(new RegExp(`^failed: digest [0-9a-f]{32} instead of ${digest}$`));
  expect(results.slice(4)).toEqual([
    "failed: no connection within 1 s",
    "failed: connection refused",
    "failed: host unreachable",
    "failed: network unreachable",
    "failed: no HTTP answer",
  ]);
});

test("the source address and port, the interface, the mark, a link-local target", () => {
  const results = outcomes([
    http(at(80, { bindAddress: "10.9.0.11" }), { urls: page("/who", "^10\\.9\\.0\\.11 ") }),
    http(at(80, { bindPort: 5555 }), { urls: page("/who", " 5555$") }),
    http(at(80, { bindInterface: "lo" })),
    http(at(80, { bindInterface: "eth7" })),
    http(at(80, { mark: 7 })),
    http(at(80, { mark: 8 })),
    http(at(80, { address: "fe80::2", bindInterface: "eth0" }), { urls: page("/who", "^fe80::") }),
    { kind: "ping", target: at(0, { address: "fe80::2", bindInterface: "eth0" }) },
    { kind: "ping", target: at(0) },
    { kind: "ping", target: at(0, { address: "10.9.0.99" }) },
  ]);
  expect(results).toEqual([
    "ok: answered 200",
    "ok: answered 200",
    "failed: no connection within 1 s",
    "not run: cannot bind to interface eth7: ENODEV",
    "failed: connection refused",
    "ok: answered 200",
    "ok: answered 200",
    "ok: echo came back",
    "ok: echo came back",
    "failed: no echo within 1 s",
  ]);
});

test("TLS: never verified by itself, names in the greeting, HTTP/2", () => {
  const results = outcomes([
    https(443),
    https(8443),
    https(9443, { urls: [url("/", { tlsCompliant: true })] }),
    https(443, {
      urls: [
        named("/name", "a.example", "^a\\.example$"),
        named("/name", "b.example", "^b\\.example$"),
        named("/name", undefined, "^$"),
      ],
    }),
    https(443, { urls: page("/name", "^$") }),
    https(443, { protocol: "2", urls: page("/version", "^HTTP/2.0$") }),
    https(443, { protocol: "1.1", urls: page("/version", "^HTTP/1.1$") }),
    https(80),
    https(82),
  ]);
  expect(results.slice(0, 7)).toEqual(Array(7).fill("ok: answered 200"));
  expect(results[7]).toMatch(/^failed: TLS failed: .*wrong version number/);
  expect(results[8]).toBe("failed: connection refused");
});

test("TLS: a certificate that is to be verified", () => {
  const verifyName = "site.example";
  const other = [url("/other", { verifyName: "other.example" })];
  const results = outcomes(
    [
      https(443, { urls: [url("/", { verifyName })] }),
      https(443, { urls: other }),
      https(443, { urls: [url("/", { verifyName }), ...other] }),
      https(8443, { urls: [url("/", { verifyName })] }),
      https(9443, { urls: [url("/", { verifyName })] }),
      https(443, { urls: other, protocol: "2" }),
    ],
    trusted,
  );
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  expect(results).toEqual([
    "ok: answered 200",
    "failed: certificate not for other.example",
    "failed: /other: certificate not for other.example",
    `failed: certificate expired on ${yesterday}`,
    "failed: certificate signed by itself",
    "failed: certificate not for other.example",
  ]);
  expect(outcomes([https(443, { urls: [url("/", { verifyName })] })])).toEqual([
    "failed: certificate signed by an unknown authority",
  ]);
});

test("DNS, SMTP and UDP servers", () => {
  const udp = { kind: "udp", payload: "cafe", requireReply: true, minLength: 1, maxLength: 9 } as const;
  const results = outcomes([
    { kind: "dns", target: at(53), recordType: "A", domain: "www.example" },
    { kind: "dns", target: at(53), recordType: "SOA", domain: "." },
    { kind: "dns", target: at(54), recordType: "A", domain: "www.example" },
    { kind: "dns", target: at(55), recordType: "A", domain: "www.example" },
    { kind: "dns", target: at(7), recordType: "A", domain: "www.example" },
    { kind: "smtp", target: at(25), heloName: "director.example" },
    { kind: "smtp", target: at(82), heloName: "director.example" },
    { ...udp, target: at(7), reply: "caxe" },
    { ...udp, target: at(55), reply: undefined, requireReply: false },
  ]);
  expect(results).toEqual([
    "ok: answered NOERROR",
    "failed: answered REFUSED",
    "failed: no answer within 1 s",
    "failed: port unreachable",
    // An echo of the question is no answer.
    "failed: no answer within 1 s",
    "ok: answered 250 to HELO",
    "failed: connection refused",
    "ok: replied with 2 bytes",
    "failed: port unreachable",
  ]);
});

/** What a genhash prints, on both streams, without times. */
function genhash(
  program: string,
  words: readonly string[],
): { readonly stdout: string; readonly status: number | null } {
  const { stdout, status } = spawnSync("ip", ["netns", "exec", one.namespace, program, ...words], {
    encoding: "utf8",
  });
  return { stdout: stdout.replace(/= \d+ usecs/, "= N usecs").replace(/Date: [^\r]*/g, "Date"), status };
}

test.each([
  ["-s 10.9.0.2 -p 80 -u /"],
  ["-s 10.9.0.2 -p 80 -u /ill"],
  ["--server 10.9.0.2 --port=80 --url / -P 1.1 -V site.example"],
  ["-s 10.9.0.2 -p 80 -u / -P 1.0c -t 3 -m 8"],
  ["-S -s 10.9.0.2 -p 443 -u /"],
  ["-SI -s 10.9.0.2 -p 443 -u /name -V site.example"],
])("genhash %s prints what keepalived's prints", (line) => {
  const words = line.split(" ");
  const ours = genhash(GENHASH, words);
  expect(ours.stdout).toMatch(/^[0-9a-f]{32}\n$/);
  expect(ours).toEqual(genhash("genhash", words));
  expect(genhash(file("../../bin/keepalived"), ["-T", ...words])).toEqual(ours);
});

test("genhash -v shows what keepalived's shows", () => {
  // The page's own date is in the dump of the head.
  const words = ["-v", "-s", "10.9.0.2", "-p", "80", "-u", "/"];
  const shown = (program: string): string =>
    genhash(program, words).stdout.replace(/^\d{4} {2}.*$/gm, "dump");
  expect(shown(GENHASH)).toBe(shown("genhash"));
});

test("genhash: mistakes end with 1", () => {
  for (const words of [[], ["-s", "10.9.0.2"], ["-z"], ["-s", "x", "-p", "80", "-u", "/"], ["-h"]]) {
    expect(genhash(GENHASH, words)).toEqual(genhash("genhash", words));
  }
  expect(genhash(GENHASH, ["-s", "10.9.0.2", "-p", "82", "-u", "/"])).toEqual({ stdout: "", status: 1 });
});
