/** Addresses that a life before left behind: configured as virtual, and on their interface although nobody is master yet. */

import type { Netlink } from "../host/netlink.ts";
import type { VrrpModel } from "../model/model.ts";

/** Removes them and calls back when all have been answered; at once where there are none. */
export function removeLeftovers(netlink: Netlink, model: VrrpModel, done: () => void): void {
  const present = new Set(
    netlink.addresses().map((one) => `${one.index} ${one.address}/${one.prefixLength}`),
  );
  let waiting = 1;
  const answered = (): void => {
    waiting--;
    if (waiting === 0) done();
  };
  for (const instance of model.instances) {
    for (const address of [...instance.virtualAddresses, ...instance.excludedAddresses]) {
      const index = netlink.linkByName(address.interface)?.index;
      if (index === undefined || !present.has(`${index} ${address.address}/${address.prefixLength}`))
        continue;
      waiting++;
      // What cannot be removed is seen by the engine like any other address and reported when it is added.
      netlink.removeAddress({ ...address, index }, answered);
    }
  }
  answered();
}
