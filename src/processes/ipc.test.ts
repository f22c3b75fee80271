import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BugError } from "../base/assert.ts";
import type { OutboxLimits, SendPort } from "./ipc.ts";
import { DEFAULT_LIMITS, Inbox, Outbox, PART_LENGTH } from "./ipc.ts";
import type { ToSteward } from "./messages.ts";
import { parseFromSteward, parseFromVrrp, parseToSteward, parseToVrrp } from "./messages.ts";

/** A channel whose other side reads when it is told to. */
class SlowPort implements SendPort {
  readonly sent: object[] = [];
  readonly #waiting: ((error: Error | null) => void)[] = [];

  send(message: object, done: (error: Error | null) => void): void {
    this.sent.push(message);
    this.#waiting.push(done);
  }

  read(count = Number.POSITIVE_INFINITY): void {
    for (let index = 0; index < count; index++) {
      const done = this.#waiting.shift();
      if (done === undefined) return;
      done(null);
    }
  }

  fail(): void {
    this.#waiting.shift()?.(new Error("closed"));
  }
}

const LIMITS: OutboxLimits = { window: 2, softCount: 3, softCharacters: 10_000, hardCharacters: 200_000 };

function setUp(limits = LIMITS) {
  const port = new SlowPort();
  const broken: string[] = [];
  return { port, broken, outbox: new Outbox<ToSteward>(port, (why) => broken.push(why), limits) };
}

const mail = (subject: string): ToSteward => ({ kind: "Mail", subject, body: "" });
const snapshot = (text: string): ToSteward => ({ kind: "Snapshot", text });
const kinds = (port: SlowPort): readonly unknown[] =>
  port.sent.map((message) =>
    "subject" in message ? message.subject : "text" in message ? message.text : message,
  );

describe("Outbox", () => {
  it("hands over no more than the window and goes on as the other side reads", () => {
    const { port, outbox } = setUp();
    for (const name of ["a", "b", "c", "d"]) outbox.post(mail(name));
    expect(kinds(port)).toEqual(["a", "b"]);
    expect(outbox.drained).toBe(false);
    port.read(1);
    expect(kinds(port)).toEqual(["a", "b", "c"]);
    port.read();
    expect(kinds(port)).toEqual(["a", "b", "c", "d"]);
    expect(outbox.drained).toBe(true);
  });

  it("drops events when too much waits, counts them, and drops nothing else", () => {
    const { port, outbox } = setUp();
    for (let index = 0; index < 10; index++) outbox.post(mail(`event ${index}`), "droppable");
    for (let index = 0; index < 10; index++) outbox.post(mail(`must ${index}`));
    expect(outbox.takeDropped()).toBe(5);
    expect(outbox.takeDropped()).toBe(0);
    port.read();
    const names = kinds(port).map(String);
    expect(names.filter((name) => name.startsWith("must"))).toHaveLength(10);
    expect(names.filter((name) => name.startsWith("event"))).toHaveLength(5);
  });

  it("keeps important events where others are dropped, up to a bound of their own", () => {
    const { port, outbox } = setUp();
    for (let index = 0; index < 20; index++) {
      outbox.post(mail(`event ${index}`), "droppable");
      outbox.post(mail(`change ${index}`), "important");
    }
    const dropped = outbox.takeDropped();
    port.read();
    const names = kinds(port).map(String);
    expect(names.filter((name) => name.startsWith("change"))).toHaveLength(20);
    expect(names.filter((name) => name.startsWith("event")).length).toBe(20 - dropped);
    expect(dropped).toBeGreaterThan(10);
    for (let index = 0; index < 1_000; index++) outbox.post(mail(`change ${index}`), "important");
    expect(outbox.takeDropped()).toBeGreaterThan(900);
  });

  it("keeps only the newest of those that replace each other", () => {
    const { port, outbox } = setUp();
    outbox.post(mail("a"));
    outbox.post(mail("b"));
    for (let index = 0; index < 100; index++) outbox.post(snapshot(`${index}`), "latest");
    outbox.post(mail("c"));
    port.read();
    expect(kinds(port)).toEqual(["a", "b", "99", "c"]);
  });

  it("breaks once where the other side takes nothing any more", () => {
    const { broken, outbox } = setUp();
    for (let index = 0; index < 40; index++) outbox.post(mail("x".repeat(10_000)));
    expect(broken).toHaveLength(1);
    outbox.post(mail("late"), "droppable");
    expect(outbox.takeDropped()).toBe(1);
    expect(outbox.drained).toBe(true);
  });

  it("breaks once where the channel fails", () => {
    const { port, broken, outbox } = setUp();
    for (const name of ["a", "b", "c"]) outbox.post(mail(name));
    port.fail();
    port.fail();
    expect(broken).toEqual(["closed"]);
    expect(kinds(port)).toEqual(["a", "b"]);
  });

  it("sends a large message in parts that the inbox puts together", () => {
    const { port, outbox } = setUp(DEFAULT_LIMITS);
    const text = "snapshot ".repeat(PART_LENGTH / 4);
    outbox.post(mail("before"));
    outbox.post(snapshot(text), "latest");
    outbox.post(mail("after"));
    port.read();
    expect(outbox.drained).toBe(true);
    expect(port.sent.length).toBeGreaterThan(4);
    const inbox = new Inbox(parseToSteward);
    const received = port.sent.flatMap((value) => inbox.receive(JSON.parse(JSON.stringify(value))) ?? []);
    expect(received).toEqual([mail("before"), snapshot(text), mail("after")]);
  });

  it("hands over few parts at once, and all of them before what was posted later", () => {
    const { port, outbox } = setUp(DEFAULT_LIMITS);
    outbox.post(snapshot("x".repeat(5 * PART_LENGTH)), "latest");
    outbox.post(mail("after"));
    expect(port.sent).toHaveLength(2);
    port.read(1);
    expect(port.sent).toHaveLength(3);
    expect(outbox.drained).toBe(false);
    port.read();
    expect(kinds(port).at(-1)).toBe("after");
  });

  it("keeps several long fields apart, and characters of two halves whole", () => {
    const { port, outbox } = setUp(DEFAULT_LIMITS);
    const body = `x${"\u{1f600}".repeat(PART_LENGTH)}`;
    const message: ToSteward = { kind: "Mail", subject: "s".repeat(2_000), body };
    outbox.post(message);
    port.read();
    const inbox = new Inbox(parseToSteward);
    const received = port.sent.flatMap((value) => inbox.receive(JSON.parse(JSON.stringify(value))) ?? []);
    expect(received).toEqual([message]);
  });

  it("delivers every message that must arrive, in order, whatever the other side's pace", () => {
    const delivery = fc.constantFrom<"must" | "droppable" | "latest">("must", "droppable", "latest");
    const step = fc.oneof(delivery, fc.integer({ min: 1, max: 4 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const { port, outbox } = setUp();
        const must: string[] = [];
        let number = 0;
        let posted = 0;
        for (const one of steps) {
          if (typeof one === "number") port.read(one);
          else if (one === "latest") outbox.post(snapshot(`${number++}`), one);
          else {
            const name = `${one} ${number++}`;
            if (one === "must") must.push(name);
            else posted++;
            outbox.post(mail(name), one);
          }
        }
        port.read();
        const names = kinds(port).map(String);
        expect(names.filter((name) => name.startsWith("must"))).toEqual(must);
        const arrived = names.filter((name) => name.startsWith("droppable")).length;
        expect(arrived + outbox.takeDropped()).toBe(posted);
        expect(outbox.drained).toBe(true);
      }),
    );
  });
});

describe("Inbox", () => {
  it("refuses what is no message", () => {
    const inbox = new Inbox(parseToSteward);
    for (const value of [
      undefined,
      null,
      7,
      "x",
      [],
      {},
      { kind: "Nonsense" },
      { kind: "Mail", subject: 1, body: "" },
    ]) {
      expect(() => inbox.receive(value)).toThrow(BugError);
    }
  });

  it("refuses parts out of order", () => {
    const inbox = new Inbox(parseToSteward);
    expect(inbox.receive({ part: 0, last: false, text: "{" })).toBeUndefined();
    expect(() => inbox.receive({ part: 2, last: true, text: "}" })).toThrow(BugError);
  });

  it("refuses a last part that does not say whose it is", () => {
    for (const rest of [undefined, 7, {}, { message: {}, fields: [["text"]] }]) {
      const inbox = new Inbox(parseToSteward);
      expect(() => inbox.receive({ part: 0, last: true, text: "x", rest })).toThrow(BugError);
    }
  });
});

describe("validators", () => {
  it("accept each message and refuse it where a field is missing or of another type", () => {
    const samples = [
      [parseFromVrrp, { kind: "Beat", masterDown: null }],
      [parseFromVrrp, { kind: "Beat", masterDown: 5 }],
      [parseFromVrrp, { kind: "Ledger", change: "added", entries: [] }],
      [parseToVrrp, { kind: "Configure", generation: 1, slice: "{}", measured: [] }],
      [parseFromSteward, { kind: "NotConfigured", outcome: {}, exitCode: 2, memory: "" }],
      [parseToSteward, { kind: "ReloadDone", askers: [1], outcome: {} }],
    ] as const;
    for (const [parse, sample] of samples) {
      expect(parse(sample)).toBe(sample);
      for (const field of Object.keys(sample).filter((name) => name !== "kind")) {
        expect(parse({ ...sample, [field]: undefined })).toBeUndefined();
        expect(parse({ ...sample, [field]: true })).toBeUndefined();
      }
    }
  });

  it("bear anything", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        for (const parse of [parseFromVrrp, parseToVrrp, parseFromSteward, parseToSteward]) parse(value);
      }),
    );
  });
});
