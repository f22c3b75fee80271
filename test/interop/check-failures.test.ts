/**
 * Every kind of check against servers that fail in every way they can: nginx, dnsmasq, an SMTP server, gRPC, UDP; and the
 * network between. What each row says is what an operator reads.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CheckResult } from "../../src/director/input.ts";
import type { NetworkProbe } from "../../src/host/probes/prober.ts";
import type { GrpcProbeModel, HttpProbeModel, Target, TlsModel } from "../../src/model/director-models.ts";
import { makeCertificates } from "../support/certificates.ts";
import { type Host, Lan } from "../support/lan.ts";
import { startNameServer } from "../support/name-server.ts";
import { http, NO_TLS, pattern, targetAt, url } from "../support/probe-models.ts";
import { waitFor } from "../support/wait.ts";

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const RUNNER = file("../support/run-probes.mjs");
const SICK_SERVERS = file("../support/sick-servers.mjs");
const SERVER = "10.9.0.2";
/** What the network does to a connection, by port: everything below works by itself. */
const TROUBLE = `table inet trouble {
  chain in {
    type filter hook input priority 0;
    tcp dport { 81, 441 } drop
    tcp dport { 82, 442 } tcp flags & psh == psh reject with tcp reset
    tcp dport { 83, 443 } tcp flags & psh == psh drop
    tcp dport 84 reject with icmp admin-prohibited
    udp dport 5301 drop
    udp dport 5302 reject with icmp admin-prohibited
    icmp type echo-request ip saddr 10.9.0.12 drop
    icmp type echo-request ip saddr 10.9.0.13 reject with icmp host-prohibited
  }
}`;

let lan: Lan;
let one: Host;
let trusted: TlsModel;

beforeAll(async () => {
  lan = new Lan();
  one = lan.addHost("one", { ipv4: "10.9.0.1/24" });
  const two = lan.addHost("two", { ipv4: `${SERVER}/24` });
  for (const last of [12, 13]) one.run("ip", "addr", "add", `10.9.0.${last}/24`, "dev", "eth0");
  const folder = lan.directory;
  makeCertificates(folder);
  trusted = { ...NO_TLS, authorities: `${folder}/ca.pem` };
  mkdirSync(`${folder}/www`);
  writeFileSync(`${folder}/www/slow`, "x".repeat(1000));
  writeFileSync(`${folder}/www/huge`, "");
  truncateSync(`${folder}/www/huge`, 20 * 1024 * 1024);
  two.spawn(["nginx", "-c", two.writeFile("nginx.conf", nginxConfig(folder)), "-e", `${folder}/nginx.err`]);
  // Nobody answers for lost.example.
  const names = ["-A", "/www.example/10.0.0.1", "-A", "/gone.example/", "-S", "/lost.example/10.9.0.99"];
  startNameServer(two, "--local-ttl=1", ...names);
  let ready = "";
  two.spawn([process.execPath, SICK_SERVERS, SERVER, folder]).stdout?.on("data", (chunk: Buffer) => {
    ready += chunk.toString();
  });
  two.run("nft", "-f", two.writeFile("trouble.nft", TROUBLE));
  await waitFor("the servers", () => ready === "ready\n" && isListening(two), { within: 10_000, every: 100 });
});

afterAll(() => lan.destroy());

function isListening(host: Host): boolean {
  const sockets = host.run("ss", "-Hnltu");
  return [":53 ", ":80 ", ":445 "].every((port) => sockets.includes(port));
}

function nginxConfig(folder: string): string {
  const pages = `
    root ${folder}/www;
    location = / { return 200 "all is well"; }
    location = /busy { return 503 "come back later"; }
    location = /moved { return 302 /; }
    location = /drop { return 444; }
    location = /slow { limit_rate 5; }
    location = /huge { }
  `;
  const tls = (ports: string, certificate: string): string => `
  server {
    ${ports}
    ssl_certificate ${folder}/${certificate}.pem;
    ssl_certificate_key ${folder}/${certificate}.key;
    ${pages}
  }`;
  return `
daemon off;
user root;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  server {
    listen ${SERVER}:80;
    listen ${SERVER}:82;
    listen ${SERVER}:83;
    ${pages}
  }
  ${tls(`listen ${SERVER}:445 ssl http2; listen ${SERVER}:442 ssl http2; listen ${SERVER}:443 ssl http2;`, "good")}
  ${tls(`listen ${SERVER}:446 ssl http2;`, "old")}
  ${tls(`listen ${SERVER}:447 ssl http2;`, "own")}
  ${tls(`listen ${SERVER}:448 ssl;`, "good")}
}
`;
}

/** Runs probes at the same time on the first host, `shell` before them. */
function run(probes: readonly NetworkProbe[], tls: TlsModel = NO_TLS, shell = ""): CheckResult[] {
  const script = `${shell} exec "$0" "$@"`;
  const command = ["netns", "exec", one.namespace, "sh", "-c", script, process.execPath, RUNNER];
  const input = JSON.stringify(probes.map((probe) => ({ probe, tls })));
  return JSON.parse(execFileSync("ip", command, { input, encoding: "utf8", timeout: 30_000 }));
}

/** Only what is to be waited for in vain is waited for shortly: the machine may be busy. */
function patient(probe: NetworkProbe): NetworkProbe {
  return "target" in probe ? { ...probe, target: { ...probe.target, timeout: 10_000_000 } } : probe;
}

function expectOutcomes(rows: readonly (readonly [NetworkProbe, string | RegExp])[], tls?: TlsModel): void {
  const results = run(
    rows.map(([probe, outcome]) => (/500 ms|not refused/.test(String(outcome)) ? probe : patient(probe))),
    tls,
  ).map(({ ok, notRun, detail }) => `${notRun === true ? "not run" : ok ? "ok" : "failed"}: ${detail}`);
  const name = (probe: NetworkProbe): string => `${probe.kind} ${"target" in probe ? probe.target.port : ""}`;
  const seen = rows.map(([probe], index) => `${name(probe)}: ${results[index]}`);
  // A pattern that is met stands for what met it.
  const wanted = rows.map(([probe, outcome], index) => {
    const isMet = typeof outcome !== "string" && outcome.test(results[index] ?? "");
    return `${name(probe)}: ${isMet ? results[index] : outcome}`;
  });
  expect(seen).toEqual(wanted);
}

/** Where TLS itself may take that long on a busy machine. */
const SLOW = /^failed: no (answer|connection|TLS session) within 500 ms$/;

const at = (port: number, options: Partial<Target> = {}): Target =>
  targetAt(port, { address: SERVER, timeout: 500_000, ...options });

const page = (port: number, path: string, options: Partial<HttpProbeModel> = {}): HttpProbeModel =>
  http(at(port), { urls: [url(path)], ...options });

test("HTTP_GET of nginx", () => {
  const digest = createHash("md5").update("all is well").digest("hex");
  const other = createHash("md5").update("come back later").digest("hex");
  const search = (text: string) => http(at(80), { urls: [url("/", { pattern: pattern(text) })] });
  expectOutcomes([
    [http(at(80), { urls: [url("/", { digest })] }), "ok: answered 200"],
    [http(at(80), { urls: [url("/", { digest: other })] }), `failed: digest ${digest} instead of ${other}`],
    [search("all is well$"), "ok: answered 200"],
    [search("all is ill"), "failed: all is ill not found in the answer"],
    [page(80, "/busy"), "failed: answered 503"],
    [page(80, "/moved"), "failed: answered 302"],
    [page(80, "/nothing"), "failed: answered 404"],
    [page(80, "/drop"), "failed: closed without an answer"],
    [page(80, "/slow"), "failed: no answer within 500 ms"],
    [page(80, "/huge"), "failed: the answer has no end"],
    [page(80, "/", { protocol: "2" }), "failed: no HTTP/2 answer"],
    [page(81, "/"), "failed: no connection within 500 ms"],
    [page(82, "/"), "failed: connection reset"],
    [page(83, "/"), "failed: no answer within 500 ms"],
    [page(84, "/"), "failed: host unreachable"],
    [page(89, "/"), "failed: connection refused"],
    [page(2601, "/"), "failed: no HTTP answer"],
  ]);
});

test("SSL_GET of nginx", () => {
  const https = (port: number, path = "/", options: Partial<HttpProbeModel> = {}): HttpProbeModel =>
    page(port, path, { tls: true, ...options });
  const verified = (port: number, name: string): HttpProbeModel =>
    https(port, "/", { urls: [url("/", { verifyName: name })] });
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  expectOutcomes(
    [
      [https(445), "ok: answered 200"],
      [https(445, "/busy"), "failed: answered 503"],
      [https(445, "/drop"), "failed: closed without an answer"],
      [https(445, "/slow"), SLOW],
      [https(445, "/huge"), "failed: the answer has no end"],
      [https(80), /^failed: TLS failed: .*wrong version number/],
      [https(2601), /^failed: TLS failed: .*wrong version number/],
      [https(441), "failed: no connection within 500 ms"],
      [https(442), "failed: connection reset"],
      [https(443), "failed: no TLS session within 500 ms"],
      [https(449), "failed: connection refused"],
      [verified(445, "site.example"), "ok: answered 200"],
      [verified(445, "other.example"), "failed: certificate not for other.example"],
      [verified(446, "site.example"), `failed: certificate expired on ${yesterday}`],
      [verified(447, "site.example"), "failed: certificate signed by itself"],
    ],
    trusted,
  );
  expectOutcomes([[verified(445, "site.example"), "failed: certificate signed by an unknown authority"]]);
});

test("HTTP/2 of nginx", () => {
  const h2 = (port: number, path = "/", name?: string): HttpProbeModel =>
    http(at(port), { tls: true, protocol: "2", urls: [url(path, { verifyName: name })] });
  expectOutcomes(
    [
      [h2(445, "/", "site.example"), "ok: answered 200"],
      [h2(445, "/busy"), "failed: answered 503"],
      [h2(445, "/drop"), /^failed: (closed without an answer|connection closed|no HTTP\/2 answer)$/],
      [h2(445, "/slow"), SLOW],
      [h2(445, "/huge"), "failed: the answer has no end"],
      [h2(445, "/", "other.example"), "failed: certificate not for other.example"],
      [h2(447, "/", "site.example"), "failed: certificate signed by itself"],
      [h2(448), "failed: the server speaks no HTTP/2"],
      [h2(80), /^failed: TLS failed: .*wrong version number/],
      [h2(442), "failed: connection reset"],
      [h2(443), "failed: no TLS session within 500 ms"],
      [h2(449), "failed: connection refused"],
    ],
    trusted,
  );
});

test("gRPC health, plain and by TLS", () => {
  const grpc = (port: number, service: string, options: Partial<GrpcProbeModel> = {}): GrpcProbeModel => ({
    kind: "grpc",
    target: at(port),
    tls: port !== 5001,
    serverName: undefined,
    verifyName: undefined,
    host: "site.example",
    service,
    ...options,
  });
  const both = (service: string, outcome: string | RegExp) =>
    [5001, 5002].map((port) => [grpc(port, service), outcome] as const);
  expectOutcomes(
    [
      ...both("", "ok: answered SERVING"),
      ...both("ill", "failed: answered NOT_SERVING"),
      ...both("nobody", "failed: the server does not know the service"),
      ...both("bare", "failed: the server has no health service"),
      ...both("busy", "failed: answered gRPC status 14"),
      ...both("garbage", "failed: no gRPC answer"),
      ...both("huge", "failed: no gRPC answer"),
      ...both("proxy", "failed: answered 502"),
      ...both("silent", SLOW),
      ...both("reset", "failed: no HTTP/2 answer"),
      [grpc(5002, "", { verifyName: "site.example" }), "ok: answered SERVING"],
      [grpc(5002, "", { verifyName: "other.example" }), "failed: certificate not for other.example"],
      [grpc(5001, "", { tls: true }), /^failed: TLS failed: .*wrong version number/],
      [grpc(5002, "", { tls: false }), /^failed: no (HTTP\/2|gRPC) answer$/],
      [grpc(448, ""), "failed: the server speaks no HTTP/2"],
      [grpc(445, ""), /^failed: answered 4\d\d$/],
      [grpc(5009, ""), "failed: connection refused"],
    ],
    trusted,
  );
});

test("SMTP_CHECK, TCP_CHECK", () => {
  const smtp = (port: number) => ({ kind: "smtp", target: at(port), heloName: "director.example" }) as const;
  const tcp = (port: number) => ({ kind: "tcp", target: at(port) }) as const;
  expectOutcomes([
    [smtp(2601), "failed: answered 554 as greeting"],
    [smtp(2602), "failed: answered 500 as answer to HELO"],
    [smtp(2603), "failed: no greeting within 500 ms"],
    // It waits for TLS.
    [smtp(2604), "failed: no greeting within 500 ms"],
    [smtp(80), "failed: no greeting within 500 ms"],
    [smtp(81), "failed: no connection within 500 ms"],
    [smtp(89), "failed: connection refused"],
    [tcp(80), "ok: connected"],
    [tcp(81), "failed: no connection within 500 ms"],
    [tcp(84), "failed: host unreachable"],
    [tcp(89), "failed: connection refused"],
  ]);
  const [refused] = run([smtp(2601)]);
  expect(refused?.excerpt).toMatch(/No service for you/);
});

test("DNS_CHECK, UDP_CHECK, PING_CHECK", () => {
  const dns = (domain: string, recordType = "A", port = 53) =>
    ({ kind: "dns", target: at(port), recordType, domain }) as const;
  const udp = (payload: string, over: object = {}, port = 7007) =>
    ({
      kind: "udp",
      target: at(port),
      payload: Buffer.from(payload).toString("hex"),
      requireReply: true,
      minLength: 1,
      maxLength: 255,
      reply: undefined,
      ...over,
    }) as const;
  const ping = (options: Partial<Target>) => ({ kind: "ping", target: at(0, options) }) as const;
  expectOutcomes([
    [dns("www.example"), "ok: answered NOERROR"],
    [dns("gone.example"), "failed: answered NXDOMAIN"],
    [dns("elsewhere.example"), "failed: answered REFUSED"],
    [dns("lost.example"), "failed: no answer within 500 ms"],
    [dns("www.example", "A", 5301), "failed: no answer within 500 ms"],
    [dns("www.example", "A", 5302), "failed: host unreachable"],
    [dns("www.example", "A", 5309), "failed: port unreachable"],
    // Somebody who answers with something else.
    [dns("www.example", "A", 7007), "failed: no DNS answer"],
    [udp("ping"), "ok: replied with 4 bytes"],
    [udp("ping", { reply: Buffer.from("po").toString("hex") }), "ok: replied with 4 bytes"],
    [udp("ping", { reply: Buffer.from("pa").toString("hex") }), "failed: replied 706f instead of 7061"],
    [udp("ping", { minLength: 5 }), "failed: replied with 4 bytes instead of 5 to 255"],
    [udp("long"), "failed: replied with 300 bytes instead of 1 to 255"],
    [udp("mute"), "failed: no reply within 500 ms"],
    [udp("mute", { requireReply: false }), "ok: not refused"],
    [udp("ping", { requireReply: false }, 7009), "failed: port unreachable"],
    [udp("ping", { requireReply: false }, 5302), "failed: host unreachable"],
    [ping({}), "ok: echo came back"],
    [ping({ bindAddress: "10.9.0.12" }), "failed: no echo within 500 ms"],
    [ping({ bindAddress: "10.9.0.13" }), "failed: host unreachable"],
  ]);
});

test("what this host lacks is no word about the servers", () => {
  const probes: readonly NetworkProbe[] = [
    { kind: "tcp", target: at(80, { bindAddress: "192.0.2.7" }) },
    { kind: "tcp", target: at(80, { bindInterface: "eth7" }) },
    page(80, "/", { target: at(80, { bindAddress: "192.0.2.7" }) }),
    { kind: "ping", target: at(0, { bindAddress: "192.0.2.7" }) },
    { kind: "dns", target: at(53, { bindInterface: "eth7" }), recordType: "A", domain: "www.example" },
  ];
  expect(run(probes).map(({ notRun }) => notRun)).toEqual(probes.map(() => true));
  const many = Array.from({ length: 60 }, () => page(83, "/"));
  const details = run(many, NO_TLS, "ulimit -n 60;").map(({ notRun, detail }) => `${notRun} ${detail}`);
  expect(new Set(details)).toEqual(
    new Set(["true cannot open a socket: too many open files on this host", "false no answer within 500 ms"]),
  );
});
