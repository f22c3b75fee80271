/**
 * A master speaks once in each interval, as long as its machine lets it. One that was silent for more than its
 * Master_Down_Interval may listen for one interval and the skew first.
 */
import type { Checker, RouterNode } from "../node.ts";
import type { InstanceView } from "../view.ts";
import { Violation } from "../violation.ts";

interface Listening {
  readonly lastAdvert: number;
  readonly until: number;
}

export class AdvertRate implements Checker {
  readonly name = "advert-rate";
  readonly #listening = new Map<string, Listening>();
  readonly #lateness = new Map<string, { readonly lastAdvert: number; readonly late: number }>();

  turnEnded(node: RouterNode): void {
    const deadline = node.engine?.nextDeadline();
    for (const view of node.views.values()) {
      // Who hands over by an operator's order waits in silence.
      if (view.state !== "MASTER" || view.ordered) continue;
      // A restored master speaks before anything else; its first turn is over when we get here.
      const { lastAdvert } = view;
      const { name, key } = view.model;
      if (lastAdvert === undefined)
        throw new Violation(this.name, `${node.name} ${name} is master and silent`);
      const due =
        this.#listensUntil(node, key, view, lastAdvert) ?? lastAdvert + view.model.advertisementInterval;
      if (deadline === undefined || deadline > due) {
        throw new Violation(this.name, `${node.name} ${name} would advertise at ${deadline}, not by ${due}`);
      }
    }
  }

  /** How late the machine may have been when it spoke last. */
  #latenessThen({ mood }: RouterNode, key: string, lastAdvert: number): number {
    const known = this.#lateness.get(key);
    if (known?.lastAdvert === lastAdvert) return known.late;
    const late = mood.latencyMax + mood.latenessMax;
    this.#lateness.set(key, { lastAdvert, late });
    return late;
  }

  /** Until when a master that slept may be silent, counted from when it woke. */
  #listensUntil(
    node: RouterNode,
    instance: string,
    view: InstanceView,
    lastAdvert: number,
  ): number | undefined {
    const { advertisementInterval, downTimerAdverts, version } = view.model;
    const skew = ((256 - view.effectivePriority) / 256) * (version === 2 ? 1_000_000 : advertisementInterval);
    const key = `${node.name} ${instance}`;
    const known = this.#listening.get(key);
    if (known?.lastAdvert === lastAdvert) return known.until;
    // Silence counts from when it was to speak: a late machine spoke up to so much later.
    const late = Math.min(this.#latenessThen(node, key, lastAdvert), advertisementInterval);
    if (node.now - lastAdvert + late <= downTimerAdverts * advertisementInterval + skew - 1) return undefined;
    const until = node.now + advertisementInterval + skew;
    this.#listening.set(key, { lastAdvert, until });
    return until;
  }
}
