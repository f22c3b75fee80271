/** `keepalived.json`, with keepalived's keys and types: what its exporters read. */
import type { AuthenticationModel } from "../../model/advertising.ts";
import type { VrrpInstanceModel } from "../../model/model.ts";
import type { InstanceSnapshot } from "../../vrrp/snapshot.ts";
import { MASK } from "../secrets.ts";
import { countersOf, type DumpSource, instancesOf } from "./source.ts";
import { addressText, bit, commandText, epochText, secondsOf } from "./words.ts";

/** keepalived's numbers of states. */
const STATES = { INIT: 0, BACKUP: 1, MASTER: 2, FAULT: 3, STOP: 98 } as const;
const AUTHENTICATION = { none: 0, pass: 1, ah: 2 } as const;

/** Version 1 is a list of instances; version 2 an object around it, with the tracked processes. */
export function jsonDump(source: DumpSource, version: 1 | 2): string {
  const instances = instancesOf(source).map(({ model, snapshot }) => ({
    data: instanceData(source, model, snapshot),
    stats: countersOf(model, snapshot),
  }));
  const whole = version === 1 ? instances : { vrrp: instances, track_process: processes(source) };
  return JSON.stringify(whole);
}

function instanceData(
  source: DumpSource,
  model: VrrpInstanceModel,
  snapshot: InstanceSnapshot,
): Readonly<Record<string, unknown>> {
  const { garp, notify, virtualInterface } = model;
  const state = STATES[snapshot.state];
  return {
    iname: model.name,
    dont_track_primary: bit(model.dontTrackPrimary),
    skip_check_adv_addr: bit(model.skipCheckAdvAddr),
    strict_mode: bit(model.strictMode),
    vmac_ifname: virtualInterface?.name ?? "",
    ifp_ifname: model.interface,
    master_priority: snapshot.masterPriority ?? 0,
    last_transition: Number(epochText(snapshot.lastTransition, source.wallClock)),
    garp_delay: secondsOf(garp.masterDelay),
    garp_refresh: secondsOf(garp.masterRefresh),
    garp_rep: garp.masterRepeat,
    garp_refresh_rep: garp.masterRefreshRepeat,
    garp_lower_prio_delay: secondsOf(garp.lowerPrioDelay),
    garp_lower_prio_rep: garp.lowerPrioRepeat,
    lower_prio_no_advert: bit(model.lowerPrioNoAdvert),
    higher_prio_send_advert: bit(model.higherPrioSendAdvert),
    vrid: model.virtualRouterId,
    base_priority: model.priority,
    effective_priority: snapshot.effectivePriority,
    vipset: snapshot.addresses.some((address) => address.state === "present"),
    promote_secondaries: model.promoteSecondaries,
    adver_int: secondsOf(model.advertisementInterval),
    master_adver_int: secondsOf(snapshot.masterInterval),
    accept: bit(!model.noAccept),
    nopreempt: !model.preempt,
    preempt_delay: secondsOf(model.preemptDelay),
    state,
    wantstate: state,
    version: model.version,
    smtp_alert: model.smtpAlert,
    notify_deleted: notify.saysDeleted,
    ...scripts(model),
    ...lists(source, model, snapshot),
    ...authentication(model.authentication),
  };
}

function scripts({ notify }: VrrpInstanceModel): Readonly<Record<string, string>> {
  const named = {
    script_backup: notify.backup,
    script_master: notify.master,
    script_fault: notify.fault,
    script_stop: notify.stop,
    script_deleted: notify.deleted,
    script: notify.any,
    script_master_rx_lower_pri: notify.masterRxLowerPri,
  };
  return Object.fromEntries(
    Object.entries(named).flatMap(([key, command]) => (command ? [[key, commandText(command)]] : [])),
  );
}

/** Lists that are empty are left out, as keepalived does. */
function lists(
  { model: whole }: DumpSource,
  model: VrrpInstanceModel,
  snapshot: InstanceSnapshot,
): Readonly<Record<string, readonly string[]>> {
  const present = new Set(
    snapshot.addresses
      .filter(({ state }) => state === "present")
      .map((one) => `${one.address} ${one.interface}`),
  );
  const text = (address: VrrpInstanceModel["virtualAddresses"][number]): string =>
    addressText(address, present.has(`${address.address} ${address.interface}`));
  const commands = new Map(whole.trackScripts.map(({ name, command }) => [name, commandText(command)]));
  const all = {
    vips: model.virtualAddresses.map(text),
    evips: model.excludedAddresses.map(text),
    vroutes: model.routing.filter(({ kind }) => kind === "route").map(({ key }) => withoutKind(key)),
    vrules: model.routing.filter(({ kind }) => kind === "rule").map(({ key }) => withoutKind(key)),
    track_ifp: model.trackInterfaces.map(({ name }) => name),
    track_script: model.trackScripts.map(({ name }) => commands.get(name) ?? name),
    track_process: model.trackProcesses.map(({ name }) => name),
  };
  return Object.fromEntries(Object.entries(all).filter(([, list]) => list.length > 0));
}

function withoutKind(key: string): string {
  return key.replace(/^(route|rule) /, "");
}

function authentication(model: AuthenticationModel): Readonly<Record<string, unknown>> {
  const auth_type = AUTHENTICATION[model.kind];
  return model.kind === "none" ? { auth_type } : { auth_type, auth_data: MASK };
}

function processes({ model, vrrp }: DumpSource): readonly Readonly<Record<string, unknown>>[] {
  const counts = new Map(
    vrrp.measured.filter(({ tracker }) => tracker === "process").map(({ name, value }) => [name, value]),
  );
  return model.trackProcesses.map((one) => ({
    name: one.name,
    process: one.match.by === "name" ? one.match.name : one.match.command,
    quorum: one.quorum,
    ...(one.quorumMax === undefined ? {} : { quorum_max: one.quorumMax }),
    current: counts.get(one.name) ?? 0,
    weight: one.reverse ? -one.weight : one.weight,
    fork_delay: secondsOf(one.forkDelay),
    terminate_delay: secondsOf(one.terminateDelay),
  }));
}
