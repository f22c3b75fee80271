/** A page as a check gets it, head and body, whatever its status: what a digest is made of. */
import type { HttpProbeModel, TlsModel } from "../../model/director-models.ts";
import { HttpResponseReader } from "../../wire/http-response.ts";
import type { Loop } from "../loop.ts";
import { Attempt, NO_TLS_SESSION } from "./attempt.ts";
import { MAX_BODY } from "./body-check.ts";
import { requestText } from "./request-text.ts";
import { type Channel, type StreamUser, TcpStream } from "./tcp-stream.ts";
import { TlsChannel, TlsContexts, type TlsPeer } from "./tls-channel.ts";

export interface PageRequest extends TlsPeer {
  readonly tls: boolean;
  readonly protocol: HttpProbeModel["protocol"];
  readonly path: string;
  readonly host: string;
}

export interface Page {
  readonly head: Buffer;
  readonly body: Buffer;
  /** Microseconds. */
  readonly duration: number;
}

/** Waits, in timeouts, before it has to be done whatever comes. */
const WAITS = 6;
const NO_FILES: TlsModel = {
  password: undefined,
  authorities: undefined,
  certificate: undefined,
  key: undefined,
};

/** Gets it, or a clause that says why not. */
export function fetchPage(loop: Loop, request: PageRequest): Promise<Page | string> {
  return new Promise((resolve) => {
    const { timeout } = request.target;
    const fetching = new PageFetch(request);
    const attempt = new Attempt(loop, timeout * WAITS, ({ ok, detail, duration }) =>
      resolve(ok ? { ...fetching.page(), duration } : detail),
    );
    fetching.start(attempt);
    attempt.started();
  });
}

class PageFetch implements StreamUser {
  readonly #request: PageRequest;
  readonly #received: Buffer[] = [];
  readonly #body: Buffer[] = [];
  #length = 0;
  #attempt: Attempt | undefined;
  #channel: Channel | undefined;
  readonly #reader = new HttpResponseReader((bytes) => this.#body.push(Buffer.from(bytes)));

  constructor(request: PageRequest) {
    this.#request = request;
  }

  start(attempt: Attempt): void {
    this.#attempt = attempt;
    attempt.holds(() => this.#channel?.close());
    attempt.wait(this.#request.target.timeout, "no connection");
    try {
      this.#channel = this.#request.tls
        ? new TlsChannel(this.#request, false, new TlsContexts(NO_FILES), this)
        : new TcpStream(this.#request.target, this);
    } catch (error) {
      attempt.refused(error);
    }
  }

  page(): { readonly head: Buffer; readonly body: Buffer } {
    const all = Buffer.concat(this.#received);
    return { head: all.subarray(0, this.#reader.headLength), body: Buffer.concat(this.#body) };
  }

  reached(): void {
    this.#attempt?.wait(this.#request.target.timeout, NO_TLS_SESSION);
  }

  connected(): void {
    this.#attempt?.wait(this.#request.target.timeout, "no answer");
    this.#channel?.send(Buffer.from(requestText(this.#request, this.#request.protocol), "latin1"));
  }

  received(bytes: Uint8Array): void {
    this.#attempt?.wait(this.#request.target.timeout, "no answer");
    this.#length += bytes.length;
    this.#received.push(Buffer.from(bytes));
    this.#reader.push(bytes);
    if (this.#length > MAX_BODY) this.#attempt?.fail("the answer has no end");
    else this.#judge();
  }

  ended(): void {
    const silent = this.#received.length === 0;
    this.#reader.end();
    if (silent) this.#attempt?.fail("closed without an answer");
    else this.#judge();
  }

  #judge(): void {
    if (this.#reader.state === "done") this.#attempt?.pass(`answered ${this.#reader.status}`);
    else if (this.#reader.state === "bad") this.#attempt?.fail("no HTTP answer");
  }

  failed(detail: string): void {
    this.#attempt?.fail(detail);
  }
}
