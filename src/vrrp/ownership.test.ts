import { expect, it } from "vitest";
import { Driver, instanceModel, interfaceAddress, virtualAddress } from "../../test/support/vrrp-driver.ts";

it("does not take the deletion of what was there before for the end of an addition under way", () => {
  const address = "10.9.0.100";
  const driver = Driver.start(
    instanceModel({ priority: 100, virtualAddresses: [virtualAddress(address, { noTrack: true })] }),
  );
  driver.answer = () => "lost";
  driver.run(3_609_375);
  const state = (): string[] => driver.instance().addresses.map((record) => record.state);
  expect(state()).toEqual(["adding"]);
  const [request] = driver.actionsOf("AddAddresses");
  const held = interfaceAddress(address, { prefixLength: 32 });
  driver.feed({ kind: "AddressRemoved", address: held, origin: "other" });
  driver.feed({
    kind: "ActionDone",
    id: request?.id ?? 0,
    epoch: request?.epoch ?? 0,
    item: `${address}/32@eth0`,
  });
  expect(state()).toEqual(["present"]);
});
