/** What scripts and mails are told of services and servers, and the lines of the FIFOs: keepalived's words. */

import { quorumSum } from "../base/quorum-sum.ts";
import type { CommandModel } from "../model/command-model.ts";
import type { DirectorAction } from "./action.ts";
import type { DirectorFact } from "./cause.ts";
import type { Server, Service } from "./service.ts";

/** Why a change is told, where it is not a check's doing. */
export type Occasion = "change" | "start" | "removal" | "stop";

/** Scripts and mail about a server that came up or went down. */
export function serverNotices(
  service: Service,
  server: Server,
  up: boolean,
  fact: DirectorFact | undefined,
  occasion: Occasion,
): readonly DirectorAction[] {
  const { notifyUp, notifyDown } = server.model;
  const actions = script(`RS ${server.name} ${service.model.name}`, up, up ? notifyUp : notifyDown);
  if (occasion !== "start") actions.push(...serverMail(service, server, up, serverBody(up, fact, occasion)));
  return actions;
}

/** Mail about a check that changed while its server did not. */
export function checkMail(service: Service, server: Server, fact: DirectorFact): readonly DirectorAction[] {
  return fact.kind === "check"
    ? serverMail(service, server, fact.ok, serverBody(fact.ok, fact, "change"))
    : [];
}

function serverMail(service: Service, server: Server, up: boolean, body: string): readonly DirectorAction[] {
  if (!server.model.smtpAlert) return [];
  const subject = `Realserver ${server.name} of virtual server ${service.model.name} - ${stateWord(up)}`;
  return [{ kind: "SendMail", subject, body }];
}

/** Scripts and mail about a quorum gained or lost. */
export function quorumNotices(service: Service, up: boolean, occasion: Occasion): readonly DirectorAction[] {
  const { name, quorumUp, quorumDown, smtpAlert } = service.model;
  const actions = script(`VS ${name}`, up, up ? quorumUp : quorumDown);
  if (smtpAlert) {
    actions.push({
      kind: "SendMail",
      subject: `Virtualserver ${name} - ${stateWord(up)}`,
      body: quorumBody(service, up, occasion),
    });
  }
  return actions;
}

function script(subject: string, up: boolean, command: CommandModel | undefined): DirectorAction[] {
  return command === undefined ? [] : [{ kind: "RunNotify", subject, state: stateWord(up), command }];
}

function stateWord(up: boolean): "UP" | "DOWN" {
  return up ? "UP" : "DOWN";
}

function serverBody(up: boolean, fact: DirectorFact | undefined, occasion: Occasion): string {
  if (occasion === "stop") return "=> Shutting down <=";
  if (occasion === "removal") return "=> Removing <=";
  if (fact?.kind === "order") return `=> ${up ? "Enabled" : "Disabled"} by ${fact.by} <=`;
  if (fact?.kind !== "check") return `=> Server is ${up ? "up" : "down"} <=`;
  const [word = "CHECK"] = fact.check.split(" ");
  const check = word.replace("_", " ");
  return up ? `=> ${check} succeed on service <=` : `=> ${check} failed on service : ${fact.detail} <=`;
}

function quorumBody(service: Service, up: boolean, occasion: Occasion): string {
  if (occasion === "stop") return "=> Shutting down <=";
  if (occasion === "removal") return "=> Removing <=";
  const sum = quorumSum(up, service.model, service.memory.weight);
  if (occasion === "start") return `=> Starting with quorum ${up ? "up" : "down"} ${sum} <=`;
  return `=> ${up ? "Gained" : "Lost"} quorum ${sum} <=`;
}
