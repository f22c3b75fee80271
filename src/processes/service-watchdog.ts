/** The service manager's watchdog: fed only while all is well. */
import type { Instant } from "../base/time.ts";
import type { Loop, Timer } from "../host/loop.ts";
import type { ServiceManager } from "../host/sd-notify.ts";

export class ServiceWatchdog {
  readonly #loop: Loop;
  readonly #manager: ServiceManager;
  readonly #isWell: (now: Instant) => boolean;
  readonly #timer: Timer;

  /** `isWell`: a daemon whose vrrp child is alive and beating. */
  constructor(loop: Loop, manager: ServiceManager, isWell: (now: Instant) => boolean) {
    this.#loop = loop;
    this.#manager = manager;
    this.#isWell = isWell;
    this.#timer = loop.timer(() => this.feed());
  }

  feed(): void {
    const period = this.#manager.watchdogPeriod;
    if (period === undefined) return;
    const now = this.#loop.now();
    if (this.#isWell(now)) this.#manager.watchdog();
    this.#timer.set(now + Math.floor(period / 2));
  }

  close(): void {
    this.#timer.close();
  }
}
