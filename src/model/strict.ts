/** `strict_mode`, `vrrp_strict`, and whose packets a master takes. */
import { isIpv6LinkLocal } from "../base/ip.ts";
import type { Span } from "../config/source.ts";
import type { ResolveContext } from "./context.ts";
import type { DraftBlock } from "./draft.ts";
import type { VrrpInstanceModel } from "./model.ts";
import { virtualMac, withProtocolVmac } from "./virtual-interfaces.ts";

const OWNER_PRIORITY = 255;
/** RFC 9568 section 6.1: Master_Down_Interval is three intervals and the skew. */
const DOWN_TIMER_ADVERTS = 3;

/** Whether a master drops what is sent to its addresses: the last of `accept` and `no_accept`; the owner never does. */
export function refusesPackets(block: DraftBlock, priority: number): boolean {
  return acceptWish(block)?.row.keyword === "no_accept" && priority !== OWNER_PRIORITY;
}

/**
 * The instance as the RFC wants it. keepalived mends all of this and goes on, except for an instance without addresses
 * (it ends) and one with peers (2.4 ends).
 */
export function obeyStrictMode(
  model: VrrpInstanceModel,
  block: DraftBlock,
  at: Span,
  context: ResolveContext,
): VrrpInstanceModel {
  const isOwner = model.priority === OWNER_PRIORITY;
  reportImpossible(model, block, at, context);
  reportMended(model, block, context);
  const { garp } = model;
  return {
    ...withProtocolVmac(model),
    strictMode: true,
    wantedState: isOwner ? "MASTER" : "BACKUP",
    authentication: { kind: "none" },
    authHmac: model.authHmac && { ...model.authHmac, mode: "enforce" },
    preemptDelay: 0,
    downTimerAdverts: DOWN_TIMER_ADVERTS,
    garp: { ...garp, lowerPrioDelay: 0, lowerPrioRepeat: 0 },
    lowerPrioNoAdvert: true,
    higherPrioSendAdvert: false,
    ownerIgnoreAdverts: true,
    noAccept: !isOwner && !(acceptWish(block)?.row.keyword === "accept" && model.version === 3),
  };
}

function reportImpossible(
  model: VrrpInstanceModel,
  block: DraftBlock,
  at: Span,
  context: ResolveContext,
): void {
  const { report } = context;
  const peers = block.last("unicast_peer");
  if (peers !== undefined && peers.entries.length > 0) {
    report.refuse("strict-mode", peers.keywordSpan, "strict mode allows no unicast_peer", {
      hint: "take out strict_mode (or vrrp_strict), or the peers",
    });
  }
  // Version 3 needs an address anyway and says so itself.
  const empty = model.virtualAddresses.length === 0 && !block.has("no_virtual_ipaddress");
  if (empty && model.version === 2) {
    report.refuse("strict-mode", at, `strict mode wants a virtual address, and '${model.name}' has none`, {
      hint: "set no_virtual_ipaddress if that is meant",
    });
  }
}

/** What the block asks for and does not get. Defaults are silently those of strict mode. */
function reportMended(model: VrrpInstanceModel, block: DraftBlock, context: ResolveContext): void {
  const mend = (keyword: string, wrong: boolean, what: string, repair: string): void => {
    const statement = block.last(keyword);
    if (statement === undefined || !wrong) return;
    context.report.repair("strict-mode", statement.keywordSpan, `strict mode ${what}`, { repair });
  };
  const isOwner = model.priority === OWNER_PRIORITY;
  const wishesMaster = block.text("state") === "MASTER";
  mend("state", wishesMaster && !isOwner, "keeps state MASTER for priority 255", "state BACKUP is used");
  mend("priority", isOwner && !wishesMaster, "wants state MASTER with priority 255", "it is master at once");
  mend("authentication", model.authentication.kind !== "none", "allows no authentication", "none is used");
  mend("preempt_delay", model.preemptDelay > 0, "allows no preempt_delay", "it is ignored");
  mend(
    "down_timer_adverts",
    model.downTimerAdverts !== DOWN_TIMER_ADVERTS,
    `gives up after ${DOWN_TIMER_ADVERTS} intervals`,
    `${DOWN_TIMER_ADVERTS} is used`,
  );
  for (const keyword of ["garp_lower_prio_repeat", "garp_lower_prio_delay"]) {
    const wish = keyword.endsWith("repeat") ? model.garp.lowerPrioRepeat : model.garp.lowerPrioDelay;
    mend(keyword, wish > 0, "announces nothing on a lower priority", "0 is used");
  }
  mend("lower_prio_no_advert", !model.lowerPrioNoAdvert, "answers no lower priority", "it is switched on");
  mend("higher_prio_send_advert", model.higherPrioSendAdvert, "yields in silence", "it is switched off");
  mend("owner_ignore_adverts", !model.ownerIgnoreAdverts, "has owners ignore others", "it is switched on");
  const { virtualInterface: own } = model;
  const hasOwnMac = own?.kind === "macvlan" && own.mac !== virtualMac(model.family, model.virtualRouterId);
  mend("use_vmac", hasOwnMac, "wants the MAC of the protocol", "that one is used");
  mend("vmac_xmit_base", model.transmitBase, "advertises from the VMAC", "it is ignored");
  const accepts = acceptWish(block)?.row.keyword === "accept" && !isOwner;
  mend("accept", accepts && model.version === 2, "knows accept in version 3 only", "packets are dropped");
  const [first] = model.virtualAddresses;
  mend(
    "virtual_ipaddress",
    first?.family === "ipv6" && !isIpv6LinkLocal(first.address),
    "wants a link-local address first",
    "the addresses are used as they stand",
  );
}

function acceptWish(block: DraftBlock): DraftBlock["statements"][number] | undefined {
  return block.statements.findLast(({ row }) => row.keyword === "accept" || row.keyword === "no_accept");
}
