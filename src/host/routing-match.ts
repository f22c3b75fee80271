/** Finds the routes and rules of ours that a message of the kernel is about. */
import type { Prefix } from "../base/routing.ts";
import type { RoutingModel } from "../model/model.ts";
import type { RouteFact, RuleFact } from "../wire/netlink/facts.ts";

/** The index of an interface, or undefined where there is none. */
export type IndexOf = (name: string) => number | undefined;

/** IPv6 routes without a metric get this one (IP6_RT_PRIO_USER). */
const IPV6_METRIC = 1024;

type RouteItem = RoutingModel & { readonly kind: "route" };
type RuleItem = RoutingModel & { readonly kind: "rule" };

/** Items by what the kernel knows them by, so that a message about anything else costs one look-up. */
export class RoutingWatch {
  readonly #indexOf: IndexOf;
  #routes = new Map<string, RouteItem[]>();
  #rules = new Map<string, RuleItem[]>();

  constructor(indexOf: IndexOf) {
    this.#indexOf = indexOf;
  }

  get size(): number {
    return this.#routes.size + this.#rules.size;
  }

  set(items: readonly RoutingModel[]): void {
    this.#routes = new Map();
    this.#rules = new Map();
    for (const item of items) {
      if (item.kind === "rule") {
        append(this.#rules, rulePlace(item.rule), item);
        continue;
      }
      const standing = item.route.family === "ipv6" ? IPV6_METRIC : 0;
      append(this.#routes, routePlace({ ...item.route, metric: item.route.metric ?? standing }), item);
    }
  }

  keys(): readonly string[] {
    return [...this.#routes.values(), ...this.#rules.values()].flat().map(({ key }) => key);
  }

  matchRoute(fact: RouteFact): readonly string[] {
    const found = this.#routes.get(routePlace(fact)) ?? [];
    return found.filter((item) => this.#isRoute(item, fact)).map(({ key }) => key);
  }

  matchRule(fact: RuleFact): readonly string[] {
    const found = this.#rules.get(rulePlace(fact)) ?? [];
    return found.filter((item) => isRule(item, fact)).map(({ key }) => key);
  }

  /** What the configuration leaves open, the kernel has filled in. */
  #isRoute({ route }: RouteItem, fact: RouteFact): boolean {
    if (route.protocol !== fact.protocol || route.type !== fact.type) return false;
    if (route.hops.length > 0) return true;
    if (route.gateway !== undefined && fact.gateway !== undefined && route.gateway !== fact.gateway)
      return false;
    const index = route.interface === undefined ? undefined : this.#indexOf(route.interface);
    return index === undefined || fact.index === undefined || index === fact.index;
  }
}

function append<Item>(lists: Map<string, Item[]>, place: string, item: Item): void {
  const list = lists.get(place);
  if (list === undefined) lists.set(place, [item]);
  else list.push(item);
}

function isRule({ rule }: RuleItem, fact: RuleFact): boolean {
  return (
    (fact.protocol === undefined || rule.protocol === fact.protocol) &&
    rule.action === fact.action &&
    rule.table === fact.table &&
    samePrefix(rule.source, fact.source) &&
    samePrefix(rule.destination, fact.destination) &&
    rule.mark === fact.mark &&
    rule.inputInterface === fact.inputInterface &&
    rule.outputInterface === fact.outputInterface
  );
}

function samePrefix(a: Prefix | undefined, b: Prefix | undefined): boolean {
  return a?.address === b?.address && (a?.length ?? 0) === (b?.length ?? 0);
}

function routePlace(route: Pick<RouteFact, "family" | "table" | "destination" | "tos" | "metric">): string {
  const { family, table, destination, tos, metric } = route;
  return `${family} ${table} ${destination.address}/${destination.length} ${tos} ${metric}`;
}

function rulePlace(rule: Pick<RuleFact, "family" | "priority">): string {
  return `${rule.family} ${rule.priority}`;
}
