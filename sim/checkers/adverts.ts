/** A master speaks once in each interval, as long as its machine lets it. */
import type { Checker, RouterNode } from "../node.ts";
import { Violation } from "../violation.ts";

export class AdvertRate implements Checker {
  readonly name = "advert-rate";

  turnEnded(node: RouterNode): void {
    const deadline = node.engine?.nextDeadline();
    for (const [name, view] of node.views) {
      if (view.state !== "MASTER") continue;
      // A restored master speaks before anything else; its first turn is over when we get here.
      const { lastAdvert } = view;
      if (lastAdvert === undefined)
        throw new Violation(this.name, `${node.name} ${name} is master and silent`);
      const due = lastAdvert + view.model.advertisementInterval;
      if (deadline === undefined || deadline > due) {
        throw new Violation(this.name, `${node.name} ${name} would advertise at ${deadline}, not by ${due}`);
      }
    }
  }
}
