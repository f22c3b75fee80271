/** All virtual servers, and what concerns them together. */
import type { ResolveContext } from "./context.ts";
import { readDataPlane, resolveDirectorSettings } from "./director-globals.ts";
import { resolveServerGroups } from "./director-groups.ts";
import type { DirectorModel, Endpoint, VirtualServerModel } from "./director-models.ts";
import { nftUse } from "./director-nft.ts";
import { resolveService } from "./director-service.ts";
import type { CheckSurroundings } from "./director-settings.ts";
import type { DraftBlock, DraftStatement } from "./draft.ts";

export function resolveDirector(
  root: DraftBlock,
  globals: DraftBlock,
  around: Omit<CheckSurroundings, "logAllFailures">,
  context: ResolveContext,
): DirectorModel {
  const surroundings = {
    ...around,
    groups: resolveServerGroups(root, context.report),
    smtpAlert: globals.flag("smtp_alert_checker") ?? globals.flag("smtp_alert"),
    logAllFailures: globals.flag("checker_log_all_failures") ?? false,
    inNft: nftUse(readDataPlane(globals), context.facts) !== undefined,
  };
  const services = new Map<string, VirtualServerModel>();
  const claims = new Map<string, VirtualServerModel>();
  for (const statement of root.all("virtual_server")) {
    const service = context.services.resolve(statement, surroundings, () =>
      resolveService(statement, surroundings, context),
    );
    if (service === undefined) continue;
    const first = services.get(service.key);
    if (first !== undefined) services.set(service.key, join(first, service, statement, context));
    else {
      const own = withoutClaimed(service, claims, statement, context);
      if (own.endpoints.length > 0) services.set(own.key, own);
    }
  }
  return { virtualServers: [...services.values()], ...resolveDirectorSettings(root, globals, context) };
}

/** In the kernel two blocks of one address are one service with the servers of both. */
function join(
  first: VirtualServerModel,
  second: VirtualServerModel,
  statement: DraftStatement,
  { report }: ResolveContext,
): VirtualServerModel {
  report.repair(
    "duplicate-service",
    statement.keywordSpan,
    `virtual_server ${first.name} stands here again`,
    {
      hint: "put all its servers into one block",
      repair: "its servers join the first block's, whose settings count",
      exitClass: "silent",
    },
  );
  const known = new Set(first.realServers.map(({ key }) => key));
  const added = second.realServers.filter(({ key }) => !known.has(key));
  return { ...first, realServers: [...first.realServers, ...added] };
}

/** The service without the addresses and marks of one before it; its claims are noted. */
function withoutClaimed(
  service: VirtualServerModel,
  claims: Map<string, VirtualServerModel>,
  statement: DraftStatement,
  { report }: ResolveContext,
): VirtualServerModel {
  const endpoints: Endpoint[] = [];
  for (const endpoint of service.endpoints) {
    const key = endpointKey(endpoint);
    const owner = claims.get(key);
    if (owner === undefined) {
      claims.set(key, service);
      endpoints.push(endpoint);
      continue;
    }
    const message = `${key} is virtual_server ${owner.name} already`;
    report.repair("duplicate-service", statement.keywordSpan, message, {
      repair: `it is left out of ${service.name}`,
      exitClass: "silent",
    });
  }
  return endpoints.length === service.endpoints.length ? service : { ...service, endpoints };
}

function endpointKey(endpoint: Endpoint): string {
  if (endpoint.kind === "fwmark") return `fwmark ${endpoint.mark} (${endpoint.family})`;
  return `${endpoint.address} ${endpoint.port} ${endpoint.protocol}`;
}
