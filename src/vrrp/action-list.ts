import type {
  AddressChange,
  RunNotify,
  SendAdvertisement,
  SendFrames,
  SendMail,
  VrrpAction,
} from "./action.ts";
import type { VrrpEvent } from "./event.ts";

const NOTHING: readonly VrrpAction[] = [];

/**
 * The actions of one `handle`, gathered in the order that is contract: all advertisements, then changes of addresses,
 * then announcements, then events with the scripts and mails that belong to them, and `Stopped` last.
 */
export class ActionList {
  #adverts: SendAdvertisement[] = [];
  #addresses: AddressChange[] = [];
  #frames: SendFrames[] = [];
  #rest: VrrpAction[] = [];

  advertise(action: SendAdvertisement): void {
    this.#adverts.push(action);
  }

  changeAddresses(action: AddressChange): void {
    this.#addresses.push(action);
  }

  sendFrames(action: SendFrames): void {
    this.#frames.push(action);
  }

  emit(event: VrrpEvent): void {
    this.#rest.push({ kind: "Emit", event });
  }

  notify(action: RunNotify | SendMail): void {
    this.#rest.push(action);
  }

  stopped(): void {
    this.#rest.push({ kind: "Stopped" });
  }

  /** The whole list; a new one begins. */
  take(): readonly VrrpAction[] {
    const { length } = this.#adverts;
    if (length + this.#addresses.length + this.#frames.length + this.#rest.length === 0) return NOTHING;
    const adverts = this.#adverts;
    this.#adverts = [];
    // The steady state of a master: its advertisement and nothing else.
    if (this.#addresses.length + this.#frames.length + this.#rest.length === 0) return adverts;
    const all = [...adverts, ...this.#addresses, ...this.#frames, ...this.#rest];
    this.#addresses = [];
    this.#frames = [];
    this.#rest = [];
    return all;
  }
}
