import type {
  AskNeighbours,
  DropPackets,
  KernelChange,
  RunNotify,
  SendAdvertisement,
  SendFrames,
  SendMail,
  VrrpAction,
} from "./action.ts";
import type { GroupEvent, VrrpEvent } from "./event.ts";

const NOTHING: readonly VrrpAction[] = [];

/**
 * The actions of one `handle`, gathered in the order that is contract: all advertisements, then changes in the
 * kernel, then announcements, then questions to neighbours, then events with the scripts and mails that belong to them,
 * and `Stopped` last.
 */
export class ActionList {
  #adverts: SendAdvertisement[] = [];
  #changes: (KernelChange | DropPackets)[] = [];
  /** What is accepted again, once the addresses have gone. */
  #accepted: DropPackets[] = [];
  #frames: SendFrames[] = [];
  #questions: AskNeighbours[] = [];
  #rest: VrrpAction[] = [];

  advertise(action: SendAdvertisement): void {
    this.#adverts.push(action);
  }

  changeKernel(action: KernelChange): void {
    this.#changes.push(action);
  }

  dropPackets(action: DropPackets): void {
    if (action.addresses.length === 0) this.#accepted.push(action);
    else this.#changes.push(action);
  }

  sendFrames(action: SendFrames): void {
    this.#frames.push(action);
  }

  askNeighbours(action: AskNeighbours): void {
    this.#questions.push(action);
  }

  emit(event: VrrpEvent): void {
    this.#rest.push({ kind: "Emit", event });
  }

  emitGroup(event: GroupEvent): void {
    this.#rest.push({ kind: "EmitGroup", event });
  }

  notify(action: RunNotify | SendMail): void {
    this.#rest.push(action);
  }

  writeFifo(line: string): void {
    this.#rest.push({ kind: "WriteFifo", line });
  }

  stopped(): void {
    this.#rest.push({ kind: "Stopped" });
  }

  /** The whole list; a new one begins. */
  take(): readonly VrrpAction[] {
    const { length } = this.#adverts;
    const changes = this.#changes.length + this.#accepted.length;
    const others = changes + this.#frames.length + this.#questions.length + this.#rest.length;
    if (length + others === 0) return NOTHING;
    const adverts = this.#adverts;
    this.#adverts = [];
    // The steady state of a master: its advertisement and nothing else.
    if (others === 0) return adverts;
    const all = [
      ...adverts,
      ...this.#changes,
      ...this.#accepted,
      ...this.#frames,
      ...this.#questions,
      ...this.#rest,
    ];
    this.#changes = [];
    this.#accepted = [];
    this.#frames = [];
    this.#questions = [];
    this.#rest = [];
    return all;
  }
}
