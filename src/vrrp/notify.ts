/** Scripts and mails of state changes, with keepalived's words. */
import type { CommandModel } from "../model/command-model.ts";
import type { NotifyModel } from "../model/model.ts";
import type { NotifyState, RunNotify, SendMail } from "./action.ts";

/** Whose state scripts and mails tell of. */
export interface NotifySubject {
  readonly kind: "INSTANCE" | "GROUP";
  readonly name: string;
  /** Effective priority of an instance; 0 for a sync group. */
  readonly priority: number;
  readonly notify: NotifyModel;
  readonly smtpAlert: boolean;
}

/**
 * The scripts of one state: its own as configured, and `notify` with `INSTANCE name STATE priority` or `GROUP name STATE 0`
 * appended. Undefined if none is configured. Lower-priority advertisements are no state: `notify` is not told of them.
 */
export function notifyAction(subject: NotifySubject, state: NotifyState): RunNotify | undefined {
  const { kind, name, priority, notify } = subject;
  const commands: CommandModel[] = [];
  const own = ownScript(notify, state);
  if (own !== undefined) commands.push(own);
  const { any, timeout } = notify;
  if (any !== undefined && state !== "MASTER_RX_LOWER_PRI") {
    commands.push({ ...any, argv: [...any.argv, kind, name, state, String(priority)] });
  }
  if (commands.length === 0) return undefined;
  return { kind: "RunNotify", subject: `${kind} ${name}`, state, commands, timeout };
}

/** What FIFOs are told of besides states. */
export type FifoState = NotifyState | "MASTER_PRIORITY" | "BACKUP_PRIORITY";

/** keepalived's line for a FIFO, its end included. */
export function fifoLine(
  type: "INSTANCE" | "GROUP",
  name: string,
  state: FifoState,
  priority: number,
): string {
  return `${type} "${name}" ${state} ${priority}\n`;
}

/** The mail of one state, or undefined where no mail is sent for it. */
export function mailAction(subject: NotifySubject, state: NotifyState): SendMail | undefined {
  if (!subject.smtpAlert || state === "MASTER_RX_LOWER_PRI") return undefined;
  const what = subject.kind === "GROUP" ? "Group" : "Instance";
  return {
    kind: "SendMail",
    subject: `VRRP ${what} ${subject.name} - ${subjectOf(state)}`,
    body: `=> VRRP ${what} is ${state === "MASTER" ? "now" : "no longer"} owning VRRP VIPs <=`,
  };
}

function ownScript(notify: NotifyModel, state: NotifyState): CommandModel | undefined {
  switch (state) {
    case "MASTER":
      return notify.master;
    case "BACKUP":
      return notify.backup;
    case "FAULT":
      return notify.fault;
    case "STOP":
      return notify.stop;
    case "DELETED":
      return notify.deleted;
    case "MASTER_RX_LOWER_PRI":
      return notify.masterRxLowerPri;
  }
}

function subjectOf(state: Exclude<NotifyState, "MASTER_RX_LOWER_PRI">): string {
  if (state === "STOP") return "Stopping";
  return state === "DELETED" ? "Deleted" : `Entering ${state} state`;
}
