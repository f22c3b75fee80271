/** SMTP_CHECK: the server greets, answers HELO, and is told goodbye. */
import type { ProbeModel } from "../../model/director-models.ts";
import type { Attempt } from "./attempt.ts";
import { printable } from "./body-check.ts";
import { type StreamUser, TcpStream } from "./tcp-stream.ts";

/** Longest reply that is read, of however many lines. */
const MAX_REPLY = 8_192;

type SmtpModel = Extract<ProbeModel, { kind: "smtp" }>;

export class SmtpProbe implements StreamUser {
  readonly #probe: SmtpModel;
  readonly #attempt: Attempt;
  readonly #stream: TcpStream;
  #awaited: "greeting" | "answer to HELO" | "goodbye" = "greeting";
  #text = "";

  constructor(probe: SmtpModel, attempt: Attempt) {
    this.#probe = probe;
    this.#attempt = attempt;
    this.#stream = new TcpStream(probe.target, this);
    attempt.holds(() => this.#stream.close());
    attempt.wait(probe.target.timeout, "no connection");
  }

  connected(): void {
    this.#attempt.wait(this.#probe.target.timeout, "no greeting");
  }

  received(bytes: Uint8Array): void {
    this.#text += Buffer.from(bytes).toString("latin1");
    const reply = lastLine(this.#text);
    if (reply === undefined) {
      if (this.#text.length > MAX_REPLY) this.#attempt.fail("a reply without an end");
      return;
    }
    this.#text = "";
    this.#reply(reply);
  }

  #reply(line: string): void {
    const code = /^\d{3}/.exec(line)?.[0];
    if (this.#awaited === "goodbye") {
      this.#attempt.pass("answered 250 to HELO");
      return;
    }
    if (code !== (this.#awaited === "greeting" ? "220" : "250")) {
      const what = code === undefined ? "no SMTP reply" : `answered ${code}`;
      this.#attempt.fail(`${what} as ${this.#awaited}`, printable(Buffer.from(line, "latin1")));
      return;
    }
    const greeted = this.#awaited === "greeting";
    this.#awaited = greeted ? "answer to HELO" : "goodbye";
    this.#stream.send(Buffer.from(greeted ? `HELO ${this.#probe.heloName}\r\n` : "QUIT\r\n", "latin1"));
    this.#attempt.wait(this.#probe.target.timeout, `no ${this.#awaited}`);
  }

  ended(): void {
    // One that has said what was asked may leave without a goodbye.
    if (this.#awaited === "goodbye") this.#attempt.pass("answered 250 to HELO");
    else
      this.#attempt.fail(
        `closed without ${this.#awaited === "greeting" ? "a greeting" : "an answer to HELO"}`,
      );
  }

  failed(detail: string): void {
    if (this.#awaited === "goodbye") this.ended();
    else this.#attempt.fail(detail);
  }
}

/** The line that ends a reply (`250 ` and not `250-`), or the first line that is none at all; undefined if there is more to come. */
function lastLine(text: string): string | undefined {
  const lines = text.split("\n");
  lines.pop();
  return lines.find((line) => !/^\d{3}-/.test(line));
}
