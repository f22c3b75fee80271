/** The silence after a start: `vrrp_startup_delay`, and `vrrp_delay_after_boot`, whichever is longer. */
import type { Instant } from "../base/time.ts";
import type { VrrpModel } from "../model/model.ts";
import { reconsider } from "./automaton.ts";
import type { CauseFact } from "./cause.ts";
import type { EngineMemory } from "./memory.ts";
import type { Turn } from "./turn.ts";

/** A reload has ended the silence: those that waited for nothing else begin. */
export function endSilence(turn: Turn, fact: CauseFact): void {
  const begun = new Set(turn.wishes.map(({ instance }) => instance));
  for (const instance of turn.instances) {
    if (instance.memory.phase.kind === "INIT" && !begun.has(instance)) reconsider(turn, instance, fact);
  }
}

/**
 * Sets the end of the silence at the first configuration, and moves it at a reload that comes before it is over. One that
 * comes later begins no other.
 */
export function planStartup(memory: EngineMemory, model: VrrpModel, now: Instant): void {
  const isWaiting = memory.startedAt === undefined || memory.startupUntil !== undefined;
  memory.startedAt ??= now;
  if (!isWaiting) return;
  const afterStart = memory.startedAt + model.startupDelay;
  const { delayAfterBoot = 0 } = model;
  const afterBoot = memory.bootedAt === undefined ? now : memory.bootedAt + delayAfterBoot;
  const until = Math.max(afterStart, afterBoot);
  memory.startupUntil = until > now ? until : undefined;
}
