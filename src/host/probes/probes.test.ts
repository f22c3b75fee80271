import { createSocket } from "node:dgram";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { http, pattern, probe, targetAt, url } from "../../../test/support/probe-models.ts";
import type { CheckResult } from "../../director/input.ts";
import { createLoop } from "../loop.ts";
import { native } from "../native.ts";
import { type NetworkProbe, Prober } from "./prober.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
  vi.restoreAllMocks();
});

/** A TCP server on loopback; `serve` gets each connection and what it sent first. */
async function server(serve: (socket: Socket, request: string) => void, greets = false): Promise<number> {
  const sockets = new Set<Socket>();
  const listening: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => sockets.delete(socket));
    if (greets) serve(socket, "");
    else socket.once("data", (bytes) => serve(socket, bytes.toString("latin1")));
  });
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    listening.close();
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return (listening.address() as AddressInfo).port;
}

const answering = (text: string): Promise<number> => server((socket) => socket.end(text, "latin1"));

/** A port nobody listens on. */
async function closedPort(): Promise<number> {
  const port = await server(() => undefined);
  closers.pop()?.();
  return port;
}

/** Of runs that end otherwise. */
const LIMIT = 60_000_000;

const outcome = ({ ok, notRun, detail }: CheckResult): string =>
  `${notRun === true ? "not run" : ok ? "ok" : "failed"}: ${detail}`;

test("TCP: connected, refused, reset by nobody's answer", async () => {
  const port = await server(() => undefined);
  expect(outcome(await probe({ kind: "tcp", target: targetAt(port) }))).toBe("ok: connected");
  const refused = await probe({ kind: "tcp", target: targetAt(await closedPort()) });
  expect(outcome(refused)).toBe("failed: connection refused");
});

test("HTTP: verdict by status", async () => {
  const ok = await answering("HTTP/1.0 200 OK\r\n\r\nhello");
  expect(outcome(await probe(http(targetAt(ok))))).toBe("ok: answered 200");
  const busy = await answering("HTTP/1.1 503 Busy\r\n\r\nout of\tservice\n");
  const result = await probe(http(targetAt(busy)));
  expect(outcome(result)).toBe("failed: answered 503");
  expect(result.excerpt).toBe("out of service");
  const accepted = url("/", { statusCodes: [{ from: 500, to: 599 }] });
  expect(outcome(await probe(http(targetAt(busy), { urls: [accepted] })))).toBe("ok: answered 503");
});

test("HTTP: the request is keepalived's", async () => {
  const requests: string[] = [];
  const port = await server((socket, request) => {
    requests.push(request);
    socket.end("HTTP/1.0 200 OK\r\n\r\n");
  });
  for (const protocol of ["1.0", "1.0C", "1.1"] as const) await probe(http(targetAt(port), { protocol }));
  expect(requests).toEqual([
    "GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: site.example\r\n\r\n",
    "GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: site.example\r\n\r\n",
    "GET / HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: site.example\r\n\r\n",
  ]);
});

test("HTTP: digest and patterns", async () => {
  const port = await answering("HTTP/1.0 200 OK\r\n\r\nhello world\n");
  const with_ = (options: Parameters<typeof url>[1]) => http(targetAt(port), { urls: [url("/", options)] });
  const right = "6f5902ac237024bdd0c176cb93063dc4";
  expect(outcome(await probe(with_({ digest: right.toUpperCase() })))).toBe("ok: answered 200");
  const wrong = "0".repeat(32);
  expect(outcome(await probe(with_({ digest: wrong })))).toBe(`failed: digest ${right} instead of ${wrong}`);
  const search = async (regex: string, options: Parameters<typeof pattern>[1] = {}): Promise<string> =>
    outcome(await probe(with_({ pattern: pattern(regex, options) })));
  expect(await search("^hello")).toBe("ok: answered 200");
  expect(await search("HELLO")).toBe("failed: HELLO not found in the answer");
  expect(await search("HELLO", { options: ["caseless"] })).toBe("ok: answered 200");
  expect(await search("world", { negated: true })).toBe("failed: world found in the answer");
  expect(await search("o", { minOffset: 5, maxOffset: 6 })).toBe("failed: o not found in the answer");
  expect(await search("o", { minOffset: 5, maxOffset: 7 })).toBe("ok: answered 200");
  expect(await search("a++")).toBe(
    "not run: the pattern is not understood: a possessive quantifier (a++) is not supported",
  );
});

test("HTTP: patterns in lines, and in UTF-8 with offsets in bytes", async () => {
  const port = await answering("HTTP/1.0 200 OK\r\n\r\nfirst\n\xc3\xa9\xc3\xa9 last\n");
  const search = async (regex: string, options: Parameters<typeof pattern>[1]): Promise<boolean> =>
    (await probe(http(targetAt(port), { urls: [url("/", { pattern: pattern(regex, options) })] }))).ok;
  expect(await search("last$", { options: [] })).toBe(true);
  expect(await search("last", { options: ["firstline"] })).toBe(false);
  expect(await search("first", { options: ["firstline"] })).toBe(true);
  expect(await search("last", { options: ["firstline"], minOffset: 6 })).toBe(true);
  expect(await search("^\\x{e9}{2} last$", { options: ["utf", "multiline"] })).toBe(true);
  for (const options of [["utf"], []]) {
    expect(await search("last", { options, minOffset: 11, maxOffset: 11 })).toBe(true);
    expect(await search("last", { options, minOffset: 12 })).toBe(false);
    expect(await search("last", { options, maxOffset: 10 })).toBe(false);
  }
});

test("HTTP: every url, each on its own connection, up to the first that fails", async () => {
  const asked: string[] = [];
  const port = await server((socket, request) => {
    const path = request.split(" ")[1] ?? "";
    asked.push(path);
    socket.end(`HTTP/1.0 ${path === "/bad" ? 500 : 200} X\r\n\r\n`);
  });
  const all = http(targetAt(port), { urls: [url("/a"), url("/b")] });
  expect(outcome(await probe(all))).toBe("ok: answered 200");
  const some = http(targetAt(port), { urls: [url("/a"), url("/bad"), url("/c")] });
  expect(outcome(await probe(some))).toBe("failed: /bad: answered 500");
  expect(asked).toEqual(["/a", "/b", "/a", "/bad"]);
});

test.each([
  ["silence", () => server(() => undefined), "no answer within 400 ms"],
  [
    "a stall in the body",
    () => server((s) => s.write("HTTP/1.0 200 OK\r\n\r\nhal")),
    "no answer within 400 ms",
  ],
  ["a reset", () => server((s) => s.resetAndDestroy()), "connection reset"],
  ["an early end", () => server((s) => s.end()), "closed without an answer"],
  ["half a head", () => answering("HTTP/1.0 200 OK\r\nServer: x\r\n"), "closed without an answer"],
  ["garbage", () => answering("SSH-2.0-OpenSSH_9.2\r\n"), "no HTTP answer"],
  ["an impossible status", () => answering("HTTP/1.0 999 OK\r\n\r\n"), "no HTTP answer"],
  ["a dead port", closedPort, "connection refused"],
])("HTTP: %s fails", async (_name, start, detail) => {
  expect(outcome(await probe(http(targetAt(await start()))))).toBe(`failed: ${detail}`);
});

test("HTTP: a server that drips for ever is left in bounded time", async () => {
  const port = await server((socket) => {
    socket.write("HTTP/1.0 200 OK\r\n\r\n");
    const timer = setInterval(() => socket.write("x"), 20);
    closers.push(() => clearInterval(timer));
  });
  const result = await probe(http(targetAt(port, { timeout: 100_000 })));
  expect(outcome(result)).toBe("failed: not done within 600 ms");
});

test("HTTP: a body without an end is left", async () => {
  const block = Buffer.alloc(1 << 20);
  const port = await server((socket) => {
    socket.write("HTTP/1.0 200 OK\r\n\r\n");
    const more = (): void => {
      while (socket.writable && socket.write(block));
    };
    socket.on("drain", more);
    more();
  });
  const result = await probe(http(targetAt(port, { timeout: 5_000_000 })));
  expect(outcome(result)).toBe("failed: the answer has no end");
});

test("HTTP/2 without TLS", async () => {
  const listening = createHttp2Server((request, response) => {
    response.statusCode = request.url === "/bad" ? 503 : 200;
    response.end(`hello ${request.headers[":authority"]}`);
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  closers.push(() => listening.close());
  const target = targetAt((listening.address() as AddressInfo).port);
  const good = url("/", { pattern: pattern("hello site\\.example") });
  expect(outcome(await probe(http(target, { protocol: "2", urls: [good] })))).toBe("ok: answered 200");
  const bad = await probe(http(target, { protocol: "2", urls: [url("/bad")] }));
  expect(outcome(bad)).toBe("failed: answered 503");
  const old = targetAt(await answering("HTTP/1.0 200 OK\r\n\r\n"));
  expect(outcome(await probe(http(old, { protocol: "2" })))).toBe("failed: no HTTP/2 answer");
});

test("SMTP: a conversation, and what may be wrong with it", async () => {
  const replies = (greeting: string, helo: string): Promise<number> =>
    server((socket) => {
      socket.write(greeting);
      socket.on("data", (bytes) => socket.write(bytes.toString().startsWith("HELO") ? helo : "221 Bye\r\n"));
    }, true);
  const run = async (greeting: string, helo: string): Promise<string> =>
    outcome(
      await probe({
        kind: "smtp",
        target: targetAt(await replies(greeting, helo)),
        heloName: "buoy.example",
      }),
    );
  expect(await run("220 hello\r\n", "250 ok\r\n")).toBe("ok: answered 250 to HELO");
  expect(await run("220-one\r\n220 two\r\n", "250-a\r\n250 b\r\n")).toBe("ok: answered 250 to HELO");
  expect(await run("554 go away\r\n", "")).toBe("failed: answered 554 as greeting");
  expect(await run("220 hello\r\n", "501 what\r\n")).toBe("failed: answered 501 as answer to HELO");
  expect(await run("SSH-2.0-x\r\n", "")).toBe("failed: no SMTP reply as greeting");
  expect(await run("", "")).toBe("failed: no greeting within 400 ms");
  expect(await run("220 hello\r\n", "")).toBe("failed: no answer to HELO within 400 ms");
});

/** A UDP server on loopback. */
async function udpServer(reply: (request: Buffer) => Uint8Array | undefined): Promise<number> {
  const socket = createSocket("udp4");
  socket.on("message", (bytes, from) => {
    const answer = reply(bytes);
    if (answer !== undefined) socket.send(answer, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  closers.push(() => socket.close());
  return socket.address().port;
}

async function closedUdpPort(): Promise<number> {
  const port = await udpServer(() => undefined);
  closers.pop()?.();
  return port;
}

test("UDP: replies, silence and refusal", async () => {
  const echo = await udpServer((bytes) => bytes);
  const silent = await udpServer(() => undefined);
  const usual = { kind: "udp", payload: "cafe01", requireReply: true, minLength: 0, maxLength: 255 } as const;
  const run = async (port: number, options: object = {}): Promise<string> =>
    outcome(await probe({ ...usual, reply: undefined, target: targetAt(port), ...options }));
  expect(await run(echo)).toBe("ok: replied with 3 bytes");
  expect(await run(echo, { reply: "cxfe" })).toBe("ok: replied with 3 bytes");
  expect(await run(echo, { reply: "cafeff" })).toBe("failed: replied cafe01 instead of cafeff");
  expect(await run(echo, { minLength: 4 })).toBe("failed: replied with 3 bytes instead of 4 to 255");
  expect(await run(silent)).toBe("failed: no reply within 400 ms");
  expect(await run(silent, { requireReply: false })).toBe("ok: not refused");
  const dead = await closedUdpPort();
  expect(await run(dead)).toBe("failed: port unreachable");
  expect(await run(dead, { requireReply: false })).toBe("failed: port unreachable");
});

test("DNS: answers with and without an error, garbage, and somebody else's answer", async () => {
  const answering = (rcode: number, id = 0): Promise<number> =>
    udpServer((query) => {
      const answer = Buffer.from(query);
      answer.writeUInt16BE((query.readUInt16BE(0) + id) & 0xffff, 0);
      answer.writeUInt16BE(0x8180 | rcode, 2);
      return answer;
    });
  const run = async (port: number): Promise<string> =>
    outcome(await probe({ kind: "dns", target: targetAt(port), recordType: "A", domain: "www.example" }));
  expect(await run(await answering(0))).toBe("ok: answered NOERROR");
  expect(await run(await answering(2))).toBe("failed: answered SERVFAIL");
  expect(await run(await answering(0, 1))).toBe("failed: no answer within 400 ms");
  expect(await run(await udpServer(() => Buffer.from("nonsense")))).toBe("failed: no DNS answer");
  expect(await run(await closedUdpPort())).toBe("failed: port unreachable");
});

test("ping: an echo over both families, by either kind of socket", async () => {
  for (const address of ["127.0.0.1", "::1"]) {
    const result = await probe({ kind: "ping", target: targetAt(0, { address }) });
    expect(outcome(result)).toBe("ok: echo came back");
  }
});

test("gRPC: serving, not serving, an unknown service, a server without it", async () => {
  const listening = createHttp2Server();
  listening.on("stream", (stream) => {
    const chunks: Buffer[] = [];
    stream.on("data", (bytes: Buffer) => chunks.push(bytes));
    stream.on("end", () => {
      const service = Buffer.concat(chunks).subarray(7).toString();
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      const status = service === "nobody" ? "5" : "0";
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
      stream.end(status === "0" ? Buffer.from([0, 0, 0, 0, 2, 8, service === "ill" ? 2 : 1]) : undefined);
    });
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  closers.push(() => listening.close());
  const { port } = listening.address() as AddressInfo;
  const run = async (service: string, at = port): Promise<string> =>
    outcome(
      await probe({
        kind: "grpc",
        target: targetAt(at),
        tls: false,
        serverName: undefined,
        verifyName: undefined,
        host: "site.example",
        service,
      }),
    );
  expect(await run("")).toBe("ok: answered SERVING");
  expect(await run("ill")).toBe("failed: answered NOT_SERVING");
  expect(await run("nobody")).toBe("failed: the server does not know the service");
  expect(await run("", await closedPort())).toBe("failed: connection refused");
});

test("TLS: a server that takes the connection and says nothing", async () => {
  const target = targetAt(await server(() => undefined));
  const secured = { target, tls: true, serverName: undefined, verifyName: undefined };
  const probes: NetworkProbe[] = [
    http(target, { tls: true }),
    http(target, { tls: true, protocol: "2" }),
    { kind: "grpc", ...secured, host: "site.example", service: "" },
  ];
  const results = await Promise.all(probes.map((one) => probe(one)));
  expect(results.map(outcome)).toEqual(probes.map(() => "failed: no TLS session within 400 ms"));
});

test("a cancelled run gives no result and leaves nothing open", async () => {
  const silent = targetAt(await server(() => undefined));
  const silentUdp = targetAt(await udpServer(() => undefined));
  const prober = new Prober(createLoop(), {
    password: undefined,
    authorities: undefined,
    certificate: undefined,
    key: undefined,
  });
  const results: CheckResult[] = [];
  const firstFree = (): number => {
    const fd = native.socket(2, 2, 0);
    native.close(fd);
    return fd;
  };
  const before = firstFree();
  const runs = [
    prober.start(http(silent), LIMIT, (result) => results.push(result)),
    prober.start({ kind: "tcp", target: silent }, LIMIT, (result) => results.push(result)),
    prober.start({ kind: "smtp", target: silent, heloName: "x" }, LIMIT, (result) => results.push(result)),
    prober.start({ kind: "dns", target: silentUdp, recordType: "A", domain: "x" }, LIMIT, (r) =>
      results.push(r),
    ),
    prober.start({ kind: "ping", target: silent }, LIMIT, (result) => results.push(result)),
  ];
  expect(firstFree()).toBeGreaterThan(before);
  for (const run of runs) run.cancel();
  expect(firstFree()).toBe(before);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(results).toEqual([]);
});

test("what this host refuses is a result like any other, and never within the call", async () => {
  const bound = targetAt(1, { bindAddress: "192.0.2.1" });
  const prober = new Prober(createLoop(), {
    password: undefined,
    authorities: undefined,
    certificate: undefined,
    key: undefined,
  });
  let within = true;
  const result = await new Promise<CheckResult>((resolve) => {
    prober.start({ kind: "tcp", target: bound }, LIMIT, (found) => {
      expect(within).toBe(false);
      resolve(found);
    });
    within = false;
  });
  expect(outcome(result)).toBe("not run: cannot bind to 192.0.2.1: no local address to connect from");
});

test("what this host lacks is no verdict, at the second url either", async () => {
  const port = await answering("HTTP/1.0 200 OK\r\n\r\n");
  const socket = vi.spyOn(native, "socket");
  const real = socket.getMockImplementation() ?? native.socket;
  const lacking = (call: number): void => {
    let calls = 0;
    socket.mockImplementation((...given) => (++calls === call ? -24 : real(...given)));
  };
  const udp = { kind: "udp", payload: "", requireReply: false, minLength: 0, maxLength: 9 } as const;
  for (const model of [
    http(targetAt(port)),
    http(targetAt(port), { tls: true, protocol: "2" }),
    { kind: "tcp", target: targetAt(port) },
    { ...udp, target: targetAt(port), reply: undefined },
    { kind: "ping", target: targetAt(0) },
    { kind: "dns", target: targetAt(port), recordType: "A", domain: "x" },
    { kind: "smtp", target: targetAt(port), heloName: "x" },
  ] as const) {
    lacking(1);
    const result = await probe(model);
    expect(outcome(result), model.kind).toBe(
      "not run: cannot open a socket: too many open files on this host",
    );
  }
  lacking(2);
  const two = http(targetAt(port), { urls: [url("/a"), url("/b")] });
  expect(outcome(await probe(two))).toBe("not run: cannot open a socket: too many open files on this host");
});

test("files of ours that cannot be read are no word about the server", async () => {
  const tls = {
    password: undefined,
    authorities: "/nonexistent/ca.pem",
    certificate: undefined,
    key: undefined,
  };
  const port = await answering("HTTP/1.0 200 OK\r\n\r\n");
  const result = await probe(http(targetAt(port), { tls: true }), tls);
  expect(outcome(result)).toMatch(/^not run: ENOENT.*ca\.pem/);
});

test("an interface that is not there is no word about the server", async () => {
  const target = targetAt(await closedPort(), { bindInterface: "nothere0" });
  expect(outcome(await probe({ kind: "tcp", target }))).toBe(
    "not run: cannot bind to interface nothere0: ENODEV",
  );
});

test("a port of its own is free again for the next run", async () => {
  const target = targetAt(await server(() => undefined), { bindPort: await closedPort() });
  for (let run = 0; run < 3; run++) {
    expect(outcome(await probe({ kind: "tcp", target }))).toBe("ok: connected");
  }
});

test("a process that stood still takes what came meanwhile", async () => {
  const target = targetAt(await server(() => undefined), { timeout: 100_000 });
  const running = probe({ kind: "tcp", target });
  const until = Date.now() + 300;
  while (Date.now() < until);
  expect(outcome(await running)).toBe("ok: connected");
});
