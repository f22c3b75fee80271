/** `nftables` and its kin: the table in which packets to masters with `no_accept` are dropped. */
import type { DraftBlock } from "./draft.ts";
import type { VrrpInstanceModel, VrrpModel } from "./model.ts";

/** keepalived's. */
const TABLE = "keepalived";
/** Just before the filters of others. */
const PRIORITY = -1;

export function resolveFirewall(
  globals: DraftBlock,
  instances: readonly VrrpInstanceModel[],
): Pick<VrrpModel, "firewall"> {
  if (!instances.some(({ noAccept }) => noAccept)) return {};
  return {
    firewall: {
      table: globals.text("nftables") ?? TABLE,
      priority: globals.number("nftables_priority") ?? PRIORITY,
      counters: globals.has("nftables_counters"),
    },
  };
}
