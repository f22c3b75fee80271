/**
 * IPVS as a data plane: its table, settings and synchronisation daemons through generic netlink, on the addon's writer thread.
 * A change goes to the kernel in batches, each message acknowledged for itself.
 */
import { concatBytes } from "../base/bytes.ts";
import type { OsError, Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";
import type { FoundService, TableChange, TableRefusal } from "../director/table.ts";
import type { LvsTimeouts, SyncDaemonModel } from "../model/director-models.ts";
import type { Answer, DataPlane, Done, SyncRole } from "../ports/data-plane.ts";
import type { IpvsDestinationFact, IpvsOperation, IpvsServiceFact } from "../wire/netlink/ipvs.ts";
import {
  decodeDestination,
  decodeService,
  encodeDestinationDump,
  encodeFlush,
  encodeServiceDump,
} from "../wire/netlink/ipvs.ts";
import type { IpvsDaemon, IpvsInfo } from "../wire/netlink/ipvs-settings.ts";
import {
  decodeDaemon,
  decodeTimeouts,
  encodeDaemonDump,
  encodeStartDaemon,
  encodeStopDaemon,
  encodeTimeouts,
  encodeTimeoutsQuestion,
} from "../wire/netlink/ipvs-settings.ts";
import type { NetlinkMessage } from "../wire/netlink/message.ts";
import { decodeAcknowledgement, splitMessages } from "../wire/netlink/message.ts";
import type { IpvsStep } from "./ipvs-table.ts";
import { foundService, stepOf } from "./ipvs-table.ts";
import { osError } from "./native.ts";
import type { NetlinkWriter } from "./netlink-writer.ts";
import { Turns } from "./sequencer.ts";

/** Messages in one send: their acknowledgements have to fit the socket's receive buffer. */
const BATCH = 200;
/** Questions for the servers of a service that wait at the same time. */
const READ_AHEAD = 64;
const ROLES = ["master", "backup"] as const;

/** One message that is acknowledged. */
interface Request {
  readonly call: string;
  readonly subject: string;
  encode(sequence: number): Uint8Array;
}

export class Ipvs implements DataPlane {
  readonly name: string;
  readonly info: IpvsInfo;
  readonly #writer: NetlinkWriter;
  readonly #family: number;
  readonly #turns = new Turns();
  #disturbed: (() => void) | undefined;

  /** `family` is the number that generic netlink has for IPVS. The writer is closed with it. */
  constructor(writer: NetlinkWriter, family: number, info: IpvsInfo) {
    this.#writer = writer;
    this.#family = family;
    this.info = info;
    this.name = `IPVS ${info.version}`;
  }

  read(done: Answer<readonly FoundService[]>): void {
    this.#turns.run((ended) => this.#read(ended), done);
  }

  change(changes: readonly TableChange[], done: (refusals: readonly TableRefusal[]) => void): void {
    this.#turns.run((ended) => this.#change(changes, ended), done);
  }

  flush(done: Done): void {
    this.#turns.run((ended) => this.#flush(ended), done);
  }

  setSyncDaemon(daemon: SyncDaemonModel, role: SyncRole, done: Done): void {
    this.#turns.run((ended) => this.#setSyncDaemon(daemon, role, ended), done);
  }

  readTimeouts(done: Answer<LvsTimeouts>): void {
    this.#turns.run((ended) => this.#readTimeouts(ended), done);
  }

  setTimeouts(timeouts: LvsTimeouts, done: Done): void {
    this.#turns.run((ended) => this.#setTimeouts(timeouts, ended), done);
  }

  /** IPVS tells nobody of changes: a step that found the table otherwise than expected is all there is to hear. */
  watch(disturbed: () => void): void {
    this.#disturbed = disturbed;
  }

  close(): void {
    this.#writer.close();
  }

  #read(done: Answer<readonly FoundService[]>): void {
    const encode = (sequence: number): Uint8Array => encodeServiceDump(this.#family, sequence);
    this.#ask("IPVS: list services", "all", encode, (result) => {
      if (!result.ok) return done(result);
      const services = result.value.flatMap((message) => decodeService(message, this.#family) ?? []);
      this.#readDestinations(services, done);
    });
  }

  #change(changes: readonly TableChange[], done: (refusals: readonly TableRefusal[]) => void): void {
    const steps = changes.map(stepOf);
    this.#perform(steps, (errors) => {
      const comesBack = steps.some(
        (step, index) =>
          step.target === "service" && step.operation === "edit" && errors[index]?.errno === missing(step),
      );
      const again = steps.map((step, index) => secondTry(step, errors[index], comesBack));
      const indices = again.flatMap((operation, index) => (operation === undefined ? [] : [index]));
      if (indices.length === 0) return done(refusalsOf(steps, errors));
      // A service that was there already may have servers that nobody asked for.
      this.#disturbed?.();
      const second = indices.flatMap((index) => {
        const step = steps[index];
        return step === undefined ? [] : [{ ...step, operation: again[index] ?? step.operation }];
      });
      this.#perform(second, (later) => {
        const last = [...errors];
        for (const [place, index] of indices.entries()) last[index] = later[place];
        done(refusalsOf(steps, last));
      });
    });
  }

  #flush(done: Done): void {
    this.#send(
      [{ call: "IPVS: flush", subject: "table", encode: (sequence) => encodeFlush(this.#family, sequence) }],
      (errors) => done(errors[0]),
    );
  }

  #setSyncDaemon(daemon: SyncDaemonModel, role: SyncRole, done: Done): void {
    const encode = (sequence: number): Uint8Array => encodeDaemonDump(this.#family, sequence);
    this.#ask("IPVS: list sync daemons", "all", encode, (result) => {
      if (!result.ok) return done(result.error);
      const running = result.value.flatMap((message) => decodeDaemon(message, this.#family) ?? []);
      const wanted = ROLES.filter((one) => role === "both" || role === one).map((one) => ({
        ...daemon,
        role: one,
      }));
      this.#send(this.#daemonRequests(running, wanted), (errors) =>
        done(errors.find((error) => error !== undefined)),
      );
    });
  }

  #readTimeouts(done: Answer<LvsTimeouts>): void {
    const encode = (sequence: number): Uint8Array => encodeTimeoutsQuestion(this.#family, sequence);
    this.#ask("IPVS: read timeouts", "tcp, tcpfin, udp", encode, (result) => {
      if (!result.ok) return done(result);
      const timeouts = result.value.flatMap((message) => decodeTimeouts(message, this.#family) ?? [])[0];
      done(ok(timeouts ?? { tcp: undefined, tcpFin: undefined, udp: undefined }));
    });
  }

  #setTimeouts(timeouts: LvsTimeouts, done: Done): void {
    const { tcp, tcpFin, udp } = timeouts;
    const request: Request = {
      call: "IPVS: set timeouts",
      subject: `tcp ${tcp ?? "-"}, tcpfin ${tcpFin ?? "-"}, udp ${udp ?? "-"}`,
      encode: (sequence) => encodeTimeouts(this.#family, timeouts, sequence),
    };
    this.#send([request], (errors) => done(errors[0]));
  }

  /** Asks for the servers of each service, a few at a time: a table may have thousands. */
  #readDestinations(services: readonly IpvsServiceFact[], done: Answer<readonly FoundService[]>): void {
    const lists = new Array<readonly IpvsDestinationFact[]>(services.length).fill([]);
    let asked = 0;
    let waiting = 0;
    let failure: OsError | undefined;
    const proceed = (): void => {
      while (waiting < READ_AHEAD && asked < services.length && failure === undefined) ask(asked++);
      if (waiting > 0) return;
      const found = services.flatMap((service, index) => foundService(service, lists[index] ?? []) ?? []);
      done(failure === undefined ? ok(found) : fail(failure));
    };
    const ask = (index: number): void => {
      const service = services[index];
      if (service === undefined) return;
      waiting++;
      const encode = (sequence: number): Uint8Array => encodeDestinationDump(this.#family, service, sequence);
      this.#ask("IPVS: list servers", serviceName(service), encode, (result) => {
        waiting--;
        if (result.ok) lists[index] = this.#destinations(result.value, service);
        else failure ??= result.error;
        proceed();
      });
    };
    proceed();
  }

  #destinations(messages: readonly NetlinkMessage[], service: IpvsServiceFact): IpvsDestinationFact[] {
    return messages.flatMap((message) => decodeDestination(message, this.#family, service.family) ?? []);
  }

  /** Stops what is not wanted, or not so, before it starts what is missing. */
  #daemonRequests(running: readonly IpvsDaemon[], wanted: readonly IpvsDaemon[]): readonly Request[] {
    const stays = (one: IpvsDaemon): boolean => wanted.some((other) => fits(one, other));
    const stopping = running.filter((one) => !stays(one));
    const starting = wanted.filter((one) => !running.some((other) => fits(other, one)));
    return [
      ...stopping.map(({ role, interface: name }) => ({
        call: "IPVS: stop sync daemon",
        subject: `${role} on ${name}`,
        encode: (sequence: number) => encodeStopDaemon(this.#family, role, sequence),
      })),
      ...starting.map((daemon) => ({
        call: "IPVS: start sync daemon",
        subject: `${daemon.role} on ${daemon.interface}`,
        encode: (sequence: number) => encodeStartDaemon(this.#family, daemon, sequence),
      })),
    ];
  }

  #perform(steps: readonly IpvsStep[], done: (errors: readonly (OsError | undefined)[]) => void): void {
    const requests = steps.map((step) => ({
      ...step,
      encode: (sequence: number) => step.encode(this.#family, step.operation, sequence),
    }));
    this.#send(requests, done);
  }

  /** All requests in order; the error of each, or undefined. */
  #send(requests: readonly Request[], done: (errors: readonly (OsError | undefined)[]) => void): void {
    const errors: (OsError | undefined)[] = [];
    const sendFrom = (from: number): void => {
      const batch = requests.slice(from, from + BATCH);
      this.#sendBatch(batch, (outcome) => {
        errors.push(...outcome);
        if (errors.length >= requests.length) done(errors);
        else sendFrom(from + BATCH);
      });
    };
    if (requests.length === 0) queueMicrotask(() => done(errors));
    else sendFrom(0);
  }

  #sendBatch(batch: readonly Request[], done: (errors: readonly (OsError | undefined)[]) => void): void {
    const first = this.#writer.nextSequence(batch.length);
    const bytes = concatBytes(...batch.map((request, index) => request.encode(first + index)));
    const [call, subject] = [batch[0]?.call ?? "", batch[0]?.subject ?? ""];
    this.#writer.submit(call, subject, first + batch.length - 1, bytes, (error, reply) => {
      const answers = new Map<number, OsError | undefined>();
      for (const message of splitMessages(reply)) {
        const answer = decodeAcknowledgement(message);
        const request = answer === undefined ? undefined : batch[answer.sequence - first];
        if (answer === undefined || request === undefined) continue;
        const refused = answer.errno !== 0;
        answers.set(answer.sequence, refused ? refusal(request, answer.errno, answer.text) : undefined);
      }
      // What the kernel did not answer has failed as the whole batch did.
      done(
        batch.map((request, index) => {
          if (answers.has(first + index)) return answers.get(first + index);
          return error === undefined ? undefined : { ...error, call: request.call, subject: request.subject };
        }),
      );
    });
  }

  /** One question; its answer's messages. */
  #ask(
    call: string,
    subject: string,
    encode: (sequence: number) => Uint8Array,
    done: (result: Result<readonly NetlinkMessage[], OsError>) => void,
  ): void {
    const sequence = this.#writer.nextSequence();
    this.#writer.submit(call, subject, sequence, encode(sequence), (error, reply) =>
      done(error === undefined ? ok(splitMessages(reply)) : fail(error)),
    );
  }
}

/**
 * What to try when the kernel's table was not as expected; undefined for nothing. Where a service was to be edited and had to
 * be added, its servers were missing with it.
 */
function secondTry(
  step: IpvsStep,
  error: OsError | undefined,
  anyServiceComesBack: boolean,
): IpvsOperation | undefined {
  if (error === undefined || step.operation === "delete") return undefined;
  if (step.operation === "add" && error.errno === "EEXIST") return "edit";
  if (step.operation === "edit" && error.errno === missing(step)) return "add";
  const wentWithService = step.target === "destination" && error.errno === "ESRCH";
  return wentWithService && anyServiceComesBack ? "add" : undefined;
}

/** How the kernel says that there is no such service, or no such server. */
function missing(step: IpvsStep): string {
  return step.target === "service" ? "ESRCH" : "ENOENT";
}

/** What was refused in the end. What was to go and is not there is no refusal, nor is a server that went with its service. */
function refusalsOf(
  steps: readonly IpvsStep[],
  errors: readonly (OsError | undefined)[],
): readonly TableRefusal[] {
  return steps.flatMap((step, index) => {
    const error = errors[index];
    if (error === undefined) return [];
    const isGone = error.errno === "ESRCH" || error.errno === "ENOENT";
    return step.operation === "delete" && isGone ? [] : [{ index, error }];
  });
}

function refusal(request: Request, errno: number, text: string | undefined): OsError {
  const error = osError(request.call, request.subject, errno, text);
  if (text !== undefined || error.errno !== "ENOENT" || !("target" in request)) return error;
  if (request.target !== "service") return error;
  return { ...error, detail: "the kernel has no such scheduler or persistence engine" };
}

/** Whether a daemon runs as it is wanted: what is left open may be anything. */
function fits(running: IpvsDaemon, wanted: IpvsDaemon): boolean {
  const same = <Value>(is: Value, want: Value | undefined): boolean => want === undefined || is === want;
  return (
    running.role === wanted.role &&
    running.interface === wanted.interface &&
    running.id === wanted.id &&
    same(running.maxLength, wanted.maxLength) &&
    same(running.port, wanted.port) &&
    same(running.ttl, wanted.ttl) &&
    same(running.group, wanted.group)
  );
}

function serviceName(service: IpvsServiceFact): string {
  return service.mark === 0 ? `[${service.address}]:${service.port}` : `FWM ${service.mark}`;
}
