/** One GET over HTTP/1, with TLS or without. */
import type { UrlModel } from "../../model/director-models.ts";
import { HttpResponseReader } from "../../wire/http-response.ts";
import { type BodyCheck, printable } from "./body-check.ts";
import type { Exchange, ExchangeUser, HttpPeer } from "./exchange.ts";
import type { WatchSocket } from "./socket-set.ts";
import { type Channel, type StreamUser, TcpStream } from "./tcp-stream.ts";
import { TlsChannel, type TlsContexts } from "./tls-channel.ts";

export class Http1Exchange implements Exchange, StreamUser {
  readonly #channel: Channel;
  readonly #request: Uint8Array;
  readonly #body: BodyCheck;
  readonly #user: ExchangeUser;
  readonly #reader: HttpResponseReader;
  #tooLong = false;
  #done = false;

  constructor(
    peer: HttpPeer,
    url: UrlModel,
    tls: TlsContexts,
    watch: WatchSocket,
    request: Uint8Array,
    body: BodyCheck,
    user: ExchangeUser,
  ) {
    this.#request = request;
    this.#body = body;
    this.#user = user;
    this.#reader = new HttpResponseReader((bytes) => {
      this.#tooLong ||= !this.#body.push(bytes);
    });
    this.#channel = peer.tls
      ? new TlsChannel(peer, url.tlsCompliant, tls, this)
      : new TcpStream(peer.target, this, watch);
  }

  reached(): void {
    this.#user.reached();
  }

  connected(): void {
    this.#user.heard();
    this.#channel.send(this.#request);
  }

  received(bytes: Uint8Array): void {
    this.#reader.push(bytes);
    const { state } = this.#reader;
    if (state === "bad") this.#finish(() => this.#user.failed("no HTTP answer", printable(bytes)));
    else if (this.#tooLong) this.#finish(() => this.#user.failed("the answer has no end"));
    else if (state === "done") this.#answered();
    else this.#user.heard();
  }

  ended(): void {
    const silent = this.#reader.state === "head";
    this.#reader.end();
    if (this.#reader.state === "done") this.#answered();
    else this.#finish(() => this.#user.failed(silent ? "closed without an answer" : "no HTTP answer"));
  }

  failed(detail: string): void {
    this.#finish(() => this.#user.failed(detail));
  }

  close(): void {
    this.#done = true;
    this.#channel.close();
  }

  #answered(): void {
    this.#finish(() => this.#user.answered(this.#reader.status, this.#body));
  }

  #finish(tell: () => void): void {
    if (this.#done) return;
    this.#done = true;
    tell();
  }
}
