/** HTTP_GET and SSL_GET: every url, one after the other, each on a connection of its own. */
import { pcreToRegExp } from "../../base/pcre.ts";
import type { HttpProbeModel, UrlModel } from "../../model/director-models.ts";
import { type Attempt, NO_TLS_SESSION } from "./attempt.ts";
import { BodyCheck } from "./body-check.ts";
import type { Exchange, ExchangeUser } from "./exchange.ts";
import { Http1Exchange } from "./http1.ts";
import { Http2Exchange } from "./http2.ts";
import { PatternSearch } from "./pattern-search.ts";
import { requestText } from "./request-text.ts";
import type { WatchSocket } from "./socket-set.ts";
import type { TlsContexts } from "./tls-channel.ts";

/** What is made of a url once and used by all runs. */
interface PreparedUrl {
  readonly request: Uint8Array;
  readonly pattern: PatternSearch | undefined;
  /** Why its pattern cannot be searched for. */
  readonly error: string | undefined;
}

export type PreparedUrls = WeakMap<UrlModel, PreparedUrl>;

export class HttpProbe implements ExchangeUser {
  readonly #probe: HttpProbeModel;
  readonly #attempt: Attempt;
  readonly #tls: TlsContexts;
  readonly #watch: WatchSocket;
  readonly #prepared: PreparedUrls;
  #index = -1;
  #exchange: Exchange | undefined;

  constructor(
    probe: HttpProbeModel,
    attempt: Attempt,
    tls: TlsContexts,
    watch: WatchSocket,
    prepared: PreparedUrls,
  ) {
    this.#probe = probe;
    this.#attempt = attempt;
    this.#tls = tls;
    this.#watch = watch;
    this.#prepared = prepared;
    attempt.holds(() => this.#exchange?.close());
    this.#next();
  }

  #next(): void {
    this.#index += 1;
    const url = this.#probe.urls[this.#index];
    const prepared = url === undefined ? undefined : this.#prepare(url);
    if (url === undefined || prepared === undefined) this.#attempt.cannotRun("there is no url to ask for");
    else if (prepared.error !== undefined) this.#attempt.cannotRun(this.#named(prepared.error));
    else this.#ask(url, prepared);
  }

  #ask(url: UrlModel, { request, pattern }: PreparedUrl): void {
    this.#attempt.wait(this.#probe.target.timeout, "no connection");
    const body = new BodyCheck(url, pattern);
    const { target, tls } = this.#probe;
    const peer = { target, tls, serverName: url.serverName, verifyName: url.verifyName };
    // From the second url on nobody else would catch it.
    try {
      this.#exchange =
        this.#probe.protocol === "2"
          ? new Http2Exchange(peer, url, this.#tls, body, this)
          : new Http1Exchange(peer, url, this.#tls, this.#watch, request, body, this);
    } catch (error) {
      this.#attempt.refused(error);
    }
  }

  #prepare(url: UrlModel): PreparedUrl {
    const known = this.#prepared.get(url);
    if (known !== undefined) return known;
    const compiled =
      url.pattern === undefined ? undefined : pcreToRegExp(url.pattern.regex, url.pattern.options);
    const prepared: PreparedUrl = {
      request: Buffer.from(requestText(url, this.#probe.protocol), "latin1"),
      pattern: compiled?.ok === true ? new PatternSearch(compiled.value) : undefined,
      error: compiled?.ok === false ? `the pattern is not understood: ${compiled.error.clause}` : undefined,
    };
    this.#prepared.set(url, prepared);
    return prepared;
  }

  reached(): void {
    this.#attempt.wait(this.#probe.target.timeout, NO_TLS_SESSION);
  }

  heard(): void {
    this.#attempt.wait(this.#probe.target.timeout, "no answer");
  }

  answered(status: number, body: BodyCheck): void {
    const verdict = body.judge(status);
    if (!verdict.ok) {
      this.#attempt.settle({ ...verdict, detail: this.#named(verdict.detail) });
    } else if (this.#index + 1 === this.#probe.urls.length) {
      this.#attempt.settle(verdict);
    } else {
      this.#exchange?.close();
      this.#next();
    }
  }

  failed(detail: string, excerpt?: string): void {
    this.#attempt.fail(this.#named(detail), excerpt);
  }

  /** Which of several urls it was. */
  #named(detail: string): string {
    const { urls } = this.#probe;
    return urls.length > 1 ? `${urls[this.#index]?.path}: ${detail}` : detail;
  }
}
