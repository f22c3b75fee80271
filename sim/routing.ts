/** Routes and rules, plain unless told otherwise: for scenarios and for tests. */
import { familyOf } from "../src/base/ip.ts";
import type { Route, Rule } from "../src/base/routing.ts";
import { BARE_RULE, NO_HOP } from "../src/base/routing.ts";
import type { RoutingModel } from "../src/model/model.ts";
import { LAN_INTERFACE } from "./spec.ts";

/** `10.1.0.0/16`, unicast in table main unless told otherwise. */
export function route(destination: string, changes: Partial<Route> = {}): Route {
  const [address = "", length = "32"] = destination.split("/");
  return {
    ...NO_HOP,
    family: familyOf(address),
    type: 1,
    destination: { address, length: Number(length) },
    source: undefined,
    preferredSource: undefined,
    tos: 0,
    table: 254,
    protocol: 18,
    scope: 0,
    metric: undefined,
    metrics: [],
    expires: undefined,
    preference: undefined,
    ttlPropagate: undefined,
    hops: [],
    mode: "prepend",
    ...changes,
  };
}

/** Looks everything up in table 100 unless told otherwise. */
export function rule(priority: number, changes: Partial<Rule> = {}): Rule {
  return {
    ...BARE_RULE,
    family: "ipv4",
    priority,
    action: 1,
    table: 100,
    protocol: 18,
    ...changes,
  };
}

export function routeModel(destination: string, changes: Partial<Route> = {}, noTrack = false): RoutingModel {
  return { kind: "route", key: `route ${destination}`, route: route(destination, changes), noTrack };
}

export function ruleModel(priority: number, changes: Partial<Rule> = {}, noTrack = false): RoutingModel {
  return { kind: "rule", key: `rule ${priority}`, rule: rule(priority, changes), noTrack };
}

/** A route and a rule of one virtual router. */
export function sampleRouting(virtualRouterId: number): readonly RoutingModel[] {
  const hop = { gateway: "10.0.0.254", interface: LAN_INTERFACE };
  return [routeModel(`10.${100 + virtualRouterId}.0.0/16`, hop), ruleModel(virtualRouterId)];
}
