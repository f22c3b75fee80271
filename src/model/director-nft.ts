/** What nftables cannot do for virtual servers as IPVS does it: said wherever they are going to be in nftables. */
import type { ResolveContext } from "./context.ts";
import type { DirectorModel } from "./director-models.ts";
import { blockOf, type DraftBlock, type DraftStatement } from "./draft.ts";
import type { HostFacts } from "./model.ts";

const CODE = "nft-plane";
/** Schedulers that look at connections, which nftables does not know of when it chooses. */
const INSTEAD: Readonly<Record<string, string>> = {
  lc: "servers take turns, as with rr",
  wlc: "servers take turns by weight, as with wrr",
  sed: "servers take turns by weight, as with wrr",
  nq: "servers take turns by weight, as with wrr",
  twos: "servers take turns by weight, as with wrr",
  ovf: "servers take turns by weight, as with wrr",
  lblc: "the destination's hash chooses, as with dh",
  lblcr: "the destination's hash chooses, as with dh",
};

/** Why virtual servers go into nftables, if they do: it is asked for, or there is no IPVS. */
export function nftUse(
  dataPlane: DirectorModel["dataPlane"],
  facts: HostFacts,
): "asked" | "fallback" | undefined {
  if (dataPlane === "nft") return "asked";
  return dataPlane === "auto" && facts.ipvs === false ? "fallback" : undefined;
}

export function reportNftLimits(
  root: DraftBlock,
  globals: DraftBlock,
  { dataPlane, virtualServers }: DirectorModel,
  { facts, report }: ResolveContext,
): void {
  const use = nftUse(dataPlane, facts);
  if (virtualServers.length === 0 || use === undefined) return;
  const services = root.all("virtual_server");
  if (use === "fallback") {
    report.note(CODE, services[0]?.keywordSpan, "this host has no IPVS for buoy: nftables is used", {
      hint: "'data_plane nft' in global_defs chooses it for good; with the module ip_vs loaded, IPVS is used",
    });
  }
  // Of a block that is known from the last reading there is nothing to be said: it would not be known.
  for (const { block } of services) if (block !== undefined) reportService(block, report);
  reportGlobals(root, globals, report);
}

type Report = ResolveContext["report"];

function reportService(block: DraftBlock, report: Report): void {
  let method = "NAT";
  for (const statement of block.statements) {
    const { keyword } = statement.row;
    if (keyword === "lb_kind" || keyword === "lvs_method") method = methodOf(statement) ?? method;
    if (keyword === "lb_kind" || keyword === "lvs_method") reportTunnel(statement, report);
    if (keyword === "lb_algo" || keyword === "lvs_sched") reportScheduler(statement, report);
    if (keyword === "persistence_engine")
      say(statement, "nftables tells clients apart by their addresses alone", report);
  }
  reportPersistence(block, method, report);
  const ops = block.last("ops");
  if (ops !== undefined && method === "NAT")
    say(ops, "with nftables and NAT, packets of one client's port go to one server all the same", report);
  reportSorry(block, method, report);
  for (const server of block.all("real_server")) reportServer(blockOf(server), method, report);
}

/** A remembered client's time is measured elsewhere than with IPVS. */
function reportPersistence(block: DraftBlock, method: string, report: Report): void {
  const persistence = block.last("persistence_timeout");
  if (persistence !== undefined && method === "NAT" && block.number("persistence_timeout") !== 0)
    report.note(
      CODE,
      persistence.keywordSpan,
      "with nftables and NAT, a client's time runs from the beginning of its last connection, not from its end",
      { hint: "make it longer than connections last" },
    );
}

/** A sorry server with another method works alone: not beside servers that stay with weight 0. */
function reportSorry(block: DraftBlock, method: string, report: Report): void {
  const sorry = block.last("sorry_server_lvs_method");
  if (sorry === undefined) return;
  reportTunnel(sorry, report);
  const own = methodOf(sorry);
  const stays =
    ["sorry_server_inhibit", "inhibit_on_failure"].some((keyword) => block.has(keyword)) ||
    block.all("real_server").some((one) => blockOf(one).has("inhibit_on_failure"));
  if (own === undefined || own === "TUN" || own === method || !stays) return;
  report.repair(CODE, sorry.keywordSpan, "with nftables, all servers of a service have one method", {
    hint: "leave out inhibit_on_failure and sorry_server_inhibit, or give the sorry server the servers' method",
    repair: `beside servers with ${method} that stay with weight 0, the sorry server gets no connections`,
    exitClass: "silent",
  });
}

function reportServer(block: DraftBlock, method: string, report: Report): void {
  const own = block.last("lvs_method");
  if (own !== undefined) reportOther(own, method, report);
  for (const keyword of ["uthreshold", "lthreshold"]) {
    const limit = block.last(keyword);
    if (limit !== undefined && block.number(keyword) !== 0)
      say(limit, `nftables does not count connections: '${keyword}' has no effect`, report);
  }
}

function reportGlobals(root: DraftBlock, globals: DraftBlock, report: Report): void {
  const daemons = [
    ...globals.all("lvs_sync_daemon"),
    ...root.all("vrrp_instance").flatMap((one) => blockOf(one).all("lvs_sync_daemon_interface")),
  ];
  for (const daemon of daemons)
    report.repair(CODE, daemon.keywordSpan, "nftables shares no connections with the other director", {
      repair: "connections end when another director takes over",
      exitClass: "silent",
    });
  const timeouts = globals.last("lvs_timeouts");
  if (timeouts !== undefined)
    say(timeouts, "translated connections (NAT) keep the timeouts of the connection tracker", report);
}

function reportScheduler(statement: DraftStatement, report: Report): void {
  const [value] = statement.values;
  const instead = value?.kind === "text" ? INSTEAD[value.value] : undefined;
  if (instead !== undefined && value?.kind === "text")
    say(statement, `nftables has no ${value.value}: ${instead}`, report);
}

/** A server of a service may have a method of its own, but not with nftables. */
function reportOther(statement: DraftStatement, method: string, report: Report): void {
  const own = methodOf(statement);
  reportTunnel(statement, report);
  if (own === undefined || own === "TUN" || method === "TUN" || own === method) return;
  report.repair(CODE, statement.keywordSpan, "with nftables, all servers of a service have one method", {
    repair: `beside servers with ${method}, this one gets no connections`,
    exitClass: "silent",
  });
}

function reportTunnel(statement: DraftStatement, report: Report): void {
  if (methodOf(statement) !== "TUN") return;
  report.repair(CODE, statement.keywordSpan, "nftables has no tunnels to servers", {
    hint: "DR reaches servers of the same segment, NAT others",
    repair: "servers with TUN get no connections",
    exitClass: "silent",
  });
}

function methodOf({ values: [value] }: DraftStatement): string | undefined {
  return value?.kind === "words" ? value.value[0]?.text : undefined;
}

function say(statement: DraftStatement, message: string, report: Report): void {
  report.note(CODE, statement.keywordSpan, message);
}
