import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterEach, describe, expect, it } from "vitest";
import type { Instant } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { Loop, Timer } from "../host/loop.ts";
import type { MailModel } from "../model/mail-model.ts";
import type { StewardEvent } from "../observe/journal-entry.ts";
import { RETRY_DELAYS } from "../supervise/mail-retry.ts";
import { Mailer } from "./mailer.ts";

/** A loop whose clock is moved by hand; it has one timer. */
class HandLoop implements Loop {
  #now = 0;
  #deadline: Instant | undefined;
  #callback: (now: Instant) => void = () => undefined;

  now(): Instant {
    return this.#now;
  }
  wallClock(): number {
    return this.#now;
  }
  bootClock(): number {
    return this.#now;
  }
  timer(callback: (now: Instant) => void): Timer {
    this.#callback = callback;
    const set = (at: Instant | undefined): void => {
      this.#deadline = at;
    };
    return { set, close: () => undefined, keepAlive: () => undefined };
  }
  onReadable(): never {
    throw new Error("not used");
  }
  advance(span: number): void {
    this.#now += span;
    if (this.#deadline === undefined || this.#deadline > this.#now) return;
    this.#deadline = undefined;
    this.#callback(this.#now);
  }
}

interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

let closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers) close();
  closers = [];
});

async function mailServer(refusals: number): Promise<{ port: number; received: Received[] }> {
  const received: Received[] = [];
  let refuse = refusals;
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    onMailFrom: (_address, _session, done) => done(refuse-- > 0 ? new Error("try later") : null),
    onData: (stream, session, done) => {
      let text = "";
      stream.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      stream.on("end", () => {
        const from = session.envelope.mailFrom;
        received.push({
          from: from === false ? "" : from.address,
          to: session.envelope.rcptTo.map((recipient) => recipient.address),
          text,
        });
        done();
      });
    },
  });
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  closers.push(() => server.close(() => undefined));
  return { port: (listening.address() as AddressInfo).port, received };
}

function model(port: number): MailModel {
  return {
    from: "buoy@director.example",
    recipients: ["one@example.net", "two@example.net"],
    server: "127.0.0.1",
    port,
    heloName: "director.example",
    connectTimeout: seconds(2),
    routerId: "LVS_1",
  };
}

function setUp(mail: MailModel | undefined) {
  const loop = new HandLoop();
  const events: StewardEvent[] = [];
  let wake: () => void = () => undefined;
  const mailer = new Mailer(loop, (event) => {
    events.push(event);
    wake();
  });
  mailer.configure(mail);
  const until = async (count: number): Promise<void> => {
    while (events.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { loop, events, mailer, until };
}

const ALERT = {
  subject: "VRRP Instance VI_1 - Entering MASTER state",
  body: "=> VI_1 is now owning VRRP VIPs <=",
};

describe("Mailer", () => {
  it("delivers to every recipient and says so", async () => {
    const server = await mailServer(0);
    const { events, mailer, until } = setUp(model(server.port));
    mailer.submit(ALERT);
    await until(1);
    expect(events).toEqual([
      {
        kind: "MailSent",
        subject: ALERT.subject,
        recipients: ["one@example.net", "two@example.net"],
        attempts: 1,
      },
    ]);
    expect(server.received).toHaveLength(1);
    expect(server.received[0]).toMatchObject({
      from: "buoy@director.example",
      to: ["one@example.net", "two@example.net"],
    });
    expect(server.received[0]?.text).toContain(`Subject: [LVS_1] ${ALERT.subject}`);
    expect(server.received[0]?.text).toContain(ALERT.body);
  });

  it("tries again after a refusal, telling each attempt", async () => {
    const server = await mailServer(2);
    const { loop, events, mailer, until } = setUp(model(server.port));
    mailer.submit(ALERT);
    await until(1);
    loop.advance(RETRY_DELAYS[0] ?? 0);
    await until(2);
    loop.advance(RETRY_DELAYS[1] ?? 0);
    await until(3);
    expect(events).toMatchObject([
      {
        kind: "MailFailed",
        attempt: 1,
        error: expect.stringContaining("try later"),
        retryIn: RETRY_DELAYS[0],
      },
      { kind: "MailFailed", attempt: 2, retryIn: RETRY_DELAYS[1] },
      { kind: "MailSent", attempts: 3 },
    ]);
    expect(server.received).toHaveLength(1);
  });

  it("does not wait for a server that says nothing", async () => {
    const silent = createServer();
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    closers.push(() => silent.close());
    const { port } = silent.address() as AddressInfo;
    const { events, mailer, until } = setUp({ ...model(port), connectTimeout: 200_000 });
    mailer.submit(ALERT);
    await until(1);
    expect(events).toMatchObject([{ kind: "MailFailed", attempt: 1 }]);
  });

  it("tells of mail that has nowhere to go, and of mail left at the end", async () => {
    const { events, mailer, until } = setUp(undefined);
    mailer.submit(ALERT);
    await until(1);
    expect(events).toMatchObject([{ kind: "MailFailed", error: "no mail server is configured" }]);
    let finished = false;
    mailer.finish(() => {
      finished = true;
    });
    expect(finished).toBe(true);
    expect(events[1]).toMatchObject({ kind: "MailFailed", error: "the daemon ends", retryIn: undefined });
  });
});
