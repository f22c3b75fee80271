/** HTTP/2: agreed on by TLS, or spoken at once where there is no TLS. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { Socket } from "node:net";
import type { UrlModel } from "../../model/director-models.ts";
import type { BodyCheck } from "./body-check.ts";
import type { Exchange, ExchangeUser, HttpPeer } from "./exchange.ts";
import { TcpStream } from "./tcp-stream.ts";
import { certificateFault, secure, type TlsContexts, tlsClause } from "./tls-channel.ts";

/** Told once, `ready` or `failed`; later failures of the session are told too. */
export interface Http2User {
  /** Where TLS is agreed upon next. */
  reached(): void;
  ready(session: ClientHttp2Session): void;
  failed(detail: string): void;
}

/** A session of HTTP/2 on a connection of our own. */
export class Http2Connection {
  readonly #peer: HttpPeer;
  readonly #user: Http2User;
  readonly #tcp: TcpStream;
  #session: ClientHttp2Session | undefined;
  #socket: Socket | undefined;
  #open = true;

  constructor(peer: HttpPeer, contexts: TlsContexts, user: Http2User) {
    this.#peer = peer;
    this.#user = user;
    const context = peer.tls ? contexts.get() : undefined;
    this.#tcp = new TcpStream(peer.target, {
      connected: () => {
        const raw = new Socket({ fd: this.#tcp.detach(), readable: true, writable: true });
        this.#socket = raw;
        if (context === undefined) return this.#speak(raw);
        user.reached();
        const socket = secure(raw, peer, context, ["h2"]);
        this.#socket = socket;
        socket.on("error", (error) => this.#fail(http2Clause(error)));
        socket.once("secureConnect", () => {
          const fault = certificateFault(socket, this.#peer);
          if (fault !== undefined) this.#fail(fault);
          else if (socket.alpnProtocol !== "h2") this.#fail(NO_HTTP2);
          else this.#speak(socket);
        });
      },
      received: () => undefined,
      ended: () => this.#fail("connection closed"),
      failed: (detail) => this.#fail(detail),
    });
  }

  #speak(socket: Socket): void {
    if (!this.#open) return;
    const { tls, target } = this.#peer;
    const host = target.address.includes(":") ? `[${target.address}]` : target.address;
    const authority = `${tls ? "https" : "http"}://${host}:${target.port}`;
    const session = connect(authority, { createConnection: () => socket });
    this.#session = session;
    session.on("error", (error: NodeJS.ErrnoException) => this.#fail(http2Clause(error)));
    session.on("goaway", (code: number) => {
      if (code !== constants.NGHTTP2_NO_ERROR) this.#fail(`refused by GOAWAY ${code}`);
    });
    session.on("close", () => this.#fail("connection closed"));
    this.#user.ready(session);
  }

  #fail(detail: string): void {
    if (this.#open) this.#user.failed(detail);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#session !== undefined) this.#session.destroy();
    else if (this.#socket !== undefined) this.#socket.destroy();
    else this.#tcp.close();
  }
}

const NO_HTTP2 = "the server speaks no HTTP/2";

export function http2Clause(error: NodeJS.ErrnoException): string {
  const code = error.code ?? "";
  if (code.endsWith("_NO_APPLICATION_PROTOCOL")) return NO_HTTP2;
  if (code.startsWith("ERR_HTTP2") || code.startsWith("ERR_SOCKET")) return "no HTTP/2 answer";
  return tlsClause(error);
}

/** One GET over HTTP/2. */
export class Http2Exchange implements Exchange {
  readonly #connection: Http2Connection;
  readonly #url: UrlModel;
  readonly #body: BodyCheck;
  readonly #user: ExchangeUser;
  #done = false;

  constructor(peer: HttpPeer, url: UrlModel, tls: TlsContexts, body: BodyCheck, user: ExchangeUser) {
    this.#url = url;
    this.#body = body;
    this.#user = user;
    this.#connection = new Http2Connection(peer, tls, {
      reached: () => user.reached(),
      ready: (session) => this.#ask(session),
      failed: (detail) => this.#finish(() => user.failed(detail)),
    });
  }

  #ask(session: ClientHttp2Session): void {
    this.#user.heard();
    const { path, host } = this.#url;
    const stream: ClientHttp2Stream = session.request({
      ":path": path,
      ":authority": host,
      "user-agent": "KeepAliveClient",
    });
    let status = 0;
    stream.on("response", (headers) => {
      status = headers[":status"] ?? 0;
      if (!this.#done) this.#user.heard();
    });
    stream.on("data", (bytes: Buffer) => {
      if (this.#done) return;
      if (this.#body.push(bytes)) this.#user.heard();
      else this.#finish(() => this.#user.failed("the answer has no end"));
    });
    stream.on("end", () => {
      if (status > 0) this.#finish(() => this.#user.answered(status, this.#body));
      else this.#finish(() => this.#user.failed("closed without an answer"));
    });
    stream.on("error", (error: NodeJS.ErrnoException) =>
      this.#finish(() => this.#user.failed(http2Clause(error))),
    );
  }

  #finish(tell: () => void): void {
    if (this.#done) return;
    this.#done = true;
    tell();
  }

  close(): void {
    this.#done = true;
    this.#connection.close();
  }
}
