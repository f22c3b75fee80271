/** What happened to the pool, in the lab's words: hosts are called by their names. */
import type { DirectorEvent } from "../director/event.ts";
import { causeOf, directorFactText } from "../observe/director-text.ts";
import type { Colour } from "../observe/style.ts";
import { POOL_HOSTS } from "./pool-plan.ts";

export interface PoolNews {
  readonly text: string;
  readonly colour: Colour;
}

/** Undefined if it is no news. */
export function poolNews(event: DirectorEvent): PoolNews | undefined {
  switch (event.kind) {
    case "PlaneChosen":
      return { text: `services are kept by ${event.plane}`, colour: "plain" };
    case "ServerChanged": {
      const text = `${hostName(event.realServer)} ${event.up ? "joined" : "left"} the pool${reasonText(event)}`;
      return { text, colour: event.up ? "green" : "red" };
    }
    case "SorryServer": {
      const text = event.inUse ? "the sorry server answers: no server is left" : "the sorry server rests";
      return { text, colour: event.inUse ? "yellow" : "green" };
    }
    case "TableRefused":
      return { text: `refused: ${event.what}`, colour: "red" };
    default:
      return undefined;
  }
}

function reasonText(event: DirectorEvent): string {
  const [fact] = causeOf(event);
  return fact === undefined ? "" : `: ${directorFactText(fact)}`;
}

/** `[10.8.0.11]:tcp:80` is web1. */
export function hostName(realServer: string): string {
  const address = /^\[(.+)\]:/.exec(realServer)?.[1];
  return POOL_HOSTS.find((host) => host.address === address)?.name ?? realServer;
}
