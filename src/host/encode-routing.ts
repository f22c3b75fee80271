/** Routes and rules as requests to the kernel. */
import type { OsError } from "../base/result.ts";
import { interfacesOf } from "../base/routing.ts";
import type { RoutingModel } from "../model/model.ts";
import { encodeAddRoute, encodeRemoveRoute } from "../wire/netlink/route.ts";
import { encodeAddRule, encodeRemoveRule } from "../wire/netlink/rule.ts";
import type { IndexOf } from "./routing-match.ts";

export type EncodedRouting =
  | { readonly call: string; readonly bytes: Uint8Array; readonly error?: undefined }
  /** An interface it needs is not there. */
  | { readonly call: string; readonly bytes?: undefined; readonly error: OsError };

export function encodeRouting(
  operation: "add" | "remove",
  item: RoutingModel,
  indexOf: IndexOf,
  sequence: number,
): EncodedRouting {
  const adding = operation === "add";
  if (item.kind === "rule") {
    const encode = adding ? encodeAddRule : encodeRemoveRule;
    return { call: adding ? "RTM_NEWRULE" : "RTM_DELRULE", bytes: encode(item.rule, sequence) };
  }
  const call = adding ? "RTM_NEWROUTE" : "RTM_DELROUTE";
  const indices = new Map<string, number>();
  for (const name of interfacesOf(item.route)) {
    const index = indexOf(name);
    if (index === undefined) return { call, error: { call, errno: "ENODEV", subject: name } };
    indices.set(name, index);
  }
  const encode = adding ? encodeAddRoute : encodeRemoveRoute;
  return { call, bytes: encode(item.route, (name) => indices.get(name) ?? 0, sequence) };
}
