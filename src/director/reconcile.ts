/** The steps from what the kernel has to what the rules ask for. */
import { equalPlain } from "../base/plain.ts";
import { destinationKey, endpointKey } from "./desired.ts";
import type { FoundDestination, FoundService, TableChange, TableDestination, TableService } from "./table.ts";

/** Steps of one endpoint: those that put something in or change it, and those that take something out. */
export interface Steps {
  readonly puts: readonly TableChange[];
  readonly removals: readonly TableChange[];
}

/**
 * The fewest steps from `known` to `wanted`, each of which may be undefined for no service. A service's servers go in
 * before others go out, so that there is no moment without any.
 */
export function reconcile(known: TableService | undefined, wanted: TableService | undefined): Steps {
  if (wanted === undefined) return { puts: [], removals: known === undefined ? [] : removal(known) };
  const { endpoint } = wanted;
  const puts: TableChange[] = [];
  const removals: TableChange[] = [];
  if (known === undefined) puts.push({ kind: "AddService", service: headOf(wanted) });
  else if (!equalHeads(known, wanted)) puts.push({ kind: "EditService", service: headOf(wanted) });
  const before = new Map<string, TableDestination>();
  for (const destination of known?.destinations ?? []) before.set(destinationKey(destination), destination);
  for (const destination of wanted.destinations) {
    const key = destinationKey(destination);
    const old = before.get(key);
    before.delete(key);
    if (old === undefined) puts.push({ kind: "AddDestination", endpoint, destination });
    else if (!equalPlain(old, destination)) puts.push({ kind: "EditDestination", endpoint, destination });
  }
  for (const destination of before.values())
    removals.push({ kind: "DeleteDestination", endpoint, destination });
  return { puts, removals };
}

/** One by one, the service last. */
function removal(known: TableService): readonly TableChange[] {
  const { endpoint } = known;
  return [
    ...known.destinations.map(
      (destination): TableChange => ({ kind: "DeleteDestination", endpoint, destination }),
    ),
    { kind: "DeleteService", service: headOf(known) },
  ];
}

/** What the kernel has of one endpoint after steps that it took. */
export function afterSteps(
  known: TableService | undefined,
  steps: readonly TableChange[],
): TableService | undefined {
  let head = known && headOf(known);
  let destinations = new Map(known?.destinations.map((one) => [destinationKey(one), one]));
  for (const step of steps) {
    switch (step.kind) {
      case "AddService":
      case "EditService":
        head = step.service;
        break;
      case "DeleteService":
        head = undefined;
        destinations = new Map();
        break;
      case "AddDestination":
      case "EditDestination":
        destinations.set(destinationKey(step.destination), step.destination);
        break;
      case "DeleteDestination":
        destinations.delete(destinationKey(step.destination));
    }
  }
  return head && { ...head, destinations: [...destinations.values()] };
}

/** What steps of one endpoint have in common. */
export function stepEndpoint(step: TableChange): string {
  return endpointKey("service" in step ? step.service.endpoint : step.endpoint);
}

/** The key of the destination that a step is about, or nothing for the service itself. */
export function stepDestination(step: TableChange): string {
  return "service" in step ? "" : destinationKey(step.destination);
}

/** A found service without its counters. */
export function withoutCounters(found: FoundService): TableService {
  const { endpoint, flags, onePacket, persistence, destinations } = found;
  // Somebody else's scheduler need not be one of ours: it is only compared.
  const scheduler = found.scheduler as TableService["scheduler"];
  const plain = destinations.map(destinationWithoutCounters);
  return { endpoint, scheduler, flags, onePacket, persistence, destinations: plain };
}

function destinationWithoutCounters(found: FoundDestination): TableDestination {
  const { address, port, family, forwarding, weight, upperThreshold, lowerThreshold } = found;
  return { address, port, family, forwarding, weight, upperThreshold, lowerThreshold };
}

function headOf(service: TableService): Omit<TableService, "destinations"> {
  const { endpoint, scheduler, flags, onePacket, persistence } = service;
  return { endpoint, scheduler, flags, onePacket, persistence };
}

function equalHeads(a: TableService, b: TableService): boolean {
  return equalPlain(headOf(a), headOf(b));
}
