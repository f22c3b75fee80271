/** Scripts and mails of state changes, with keepalived's words. */
import type { CommandModel, VrrpInstanceModel } from "../model/model.ts";
import type { NotifyState, RunNotify, SendMail } from "./action.ts";

/**
 * The scripts of one state: its own as configured, and `notify` with `INSTANCE name STATE priority` appended. Undefined
 * if none is configured. Lower-priority advertisements are no state: `notify` is not told of them.
 */
export function notifyAction(
  model: VrrpInstanceModel,
  state: NotifyState,
  priority: number,
): RunNotify | undefined {
  const commands: CommandModel[] = [];
  const own = ownScript(model, state);
  if (own !== undefined) commands.push(own);
  const { any, timeout } = model.notify;
  if (any !== undefined && state !== "MASTER_RX_LOWER_PRI") {
    commands.push({ ...any, argv: [...any.argv, "INSTANCE", model.name, state, String(priority)] });
  }
  if (commands.length === 0) return undefined;
  return { kind: "RunNotify", subject: `INSTANCE ${model.name}`, state, commands, timeout };
}

/** The mail of one state, or undefined where no mail is sent for it. */
export function mailAction(model: VrrpInstanceModel, state: NotifyState): SendMail | undefined {
  if (!model.smtpAlert || state === "MASTER_RX_LOWER_PRI") return undefined;
  return {
    kind: "SendMail",
    subject: `VRRP Instance ${model.name} - ${subjectOf(state)}`,
    body:
      state === "MASTER"
        ? "=> VRRP Instance is now owning VRRP VIPs <="
        : "=> VRRP Instance is no longer owning VRRP VIPs <=",
  };
}

function ownScript(model: VrrpInstanceModel, state: NotifyState): CommandModel | undefined {
  const { notify } = model;
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
