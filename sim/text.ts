/** Inputs and actions as lines of the log. */
import { formatOsError } from "../src/base/result.ts";
import type { VrrpAction } from "../src/vrrp/action.ts";
import type { VrrpEvent } from "../src/vrrp/event.ts";
import type { VrrpInput } from "../src/vrrp/input.ts";
import type { Damage } from "./network.ts";
import { messageOf, priorityOf } from "./packets.ts";

/** Undefined for what is told by its consequences. */
export function describeInput(input: VrrpInput, damage: Damage): string | undefined {
  switch (input.kind) {
    case "ClockReached":
    case "ActionDone":
    case "AddressAdded":
      return undefined;
    case "PacketReceived": {
      const note = damage === undefined ? "" : ` (damaged: ${damage})`;
      const [, virtualRouterId, priority] = messageOf(input);
      return `< ${input.source} vrid ${virtualRouterId} priority ${priority}${note}`;
    }
    case "ActionFailed":
      return `< action ${input.id} failed: ${formatOsError(input.error)}`;
    case "LinkChanged":
      return `< ${input.link.name} ${input.link.running ? "running" : "not running"}`;
    case "AddressRemoved":
      return `< ${input.address.address} removed by ${input.origin}`;
    case "ScriptFinished":
      return input.ok ? undefined : `< script ${input.script} failed`;
    default:
      return `< ${input.kind}`;
  }
}

/** Undefined for what does not change the world. */
export function describeAction(action: VrrpAction): string | undefined {
  switch (action.kind) {
    case "SendAdvertisement":
      return `> ${action.instance} priority ${priorityOf(action)}, ${action.payload.length} bytes to ${action.to}`;
    case "AddAddresses":
    case "RemoveAddresses":
      return `> ${action.kind} #${action.id} ${action.addresses.map(({ address }) => address).join(" ")}`;
    case "AddRouting":
    case "RemoveRouting":
      return `> ${action.kind} #${action.id} ${action.items.map(({ key }) => key).join(", ")}`;
    case "DropPackets":
      return `> drop #${action.id} ${action.addresses.length} addresses`;
    case "SendFrames":
      return `> ${action.frames.length} announcements`;
    case "AskNeighbours":
      return `> ${action.frames.length} questions`;
    case "RunNotify":
      return `> ${action.subject} notify ${action.state}`;
    case "SendMail":
      return `> mail ${action.subject}`;
    case "WriteFifo":
      return `> ${action.line.trimEnd()}`;
    case "Stopped":
      return "> stopped";
    case "EmitGroup": {
      const { group, from, to } = action.event;
      return `= group ${group} ${from} -> ${to}`;
    }
    case "Emit":
      return describeEvent(action.event);
  }
}

function describeEvent(event: VrrpEvent): string {
  switch (event.kind) {
    case "StateChanged":
      return `= ${event.instance} ${event.from} -> ${event.to} priority ${event.priority}: ${event.cause.map(({ kind }) => kind).join(" < ")}`;
    case "PriorityChanged":
      return `= ${event.instance} priority ${event.from} -> ${event.to}`;
    case "PacketDropped":
      return `= ${event.instance} dropped ${event.reason} from ${event.source}`;
    case "AddressFailed":
      return `= ${event.instance} ${event.address} failed: ${event.error.errno}, again at ${event.retryAt}`;
    default:
      return `= ${event.instance} ${event.kind}`;
  }
}
