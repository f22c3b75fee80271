/** keepalived's FIFO lines about services and servers. */
import type { DirectorEvent } from "../director/event.ts";

/** The line with its end, or undefined for events that FIFOs are not told of. */
export function poolFifoLine(event: DirectorEvent): string | undefined {
  if (event.kind === "QuorumChanged") return `VS ${event.virtualServer} ${stateWord(event.up)}\n`;
  if (event.kind === "ServerChanged")
    return `RS ${event.realServer} ${event.virtualServer} ${stateWord(event.up)}\n`;
  return undefined;
}

function stateWord(up: boolean): string {
  return up ? "UP" : "DOWN";
}
