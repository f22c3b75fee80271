/** What a dump is made of. */
import type { BfdSnapshot } from "../../bfd/memory.ts";
import type { Model, VrrpInstanceModel } from "../../model/model.ts";
import type { InstanceSnapshot, VrrpSnapshot } from "../../vrrp/snapshot.ts";
import type { DirectorDump } from "./director-source.ts";
import type { WallClock } from "./words.ts";

export interface DumpSource {
  readonly model: Model;
  readonly vrrp: VrrpSnapshot;
  readonly bfd: BfdSnapshot | undefined;
  /** Absent while no checker process runs. */
  readonly director: DirectorDump | undefined;
  readonly wallClock: WallClock;
}

/** The instances that run, each with its model, in the model's order. */
export function instancesOf({ vrrp }: DumpSource): readonly {
  readonly model: VrrpInstanceModel;
  readonly snapshot: InstanceSnapshot;
}[] {
  const byKey = new Map(vrrp.instances.map((snapshot) => [snapshot.key, snapshot]));
  return vrrp.model.instances.flatMap((model) => {
    const snapshot = byKey.get(model.key);
    return snapshot === undefined ? [] : [{ model, snapshot }];
  });
}

/** keepalived's counters of an instance, under the names of its JSON. */
export function countersOf(
  { authHmac }: VrrpInstanceModel,
  { statistics }: InstanceSnapshot,
): Readonly<Record<string, number>> {
  const { dropped } = statistics;
  const count = (...reasons: readonly (keyof typeof dropped)[]): number =>
    reasons.reduce((sum, reason) => sum + (dropped[reason] ?? 0), 0);
  return {
    advert_rcvd: statistics.advertisementsReceived,
    advert_sent: statistics.advertisementsSent,
    become_master: statistics.becameMaster,
    release_master: statistics.releasedMaster,
    packet_len_err: count("too-short", "truncated", "length"),
    advert_interval_err: count("advertisement-interval"),
    ip_ttl_err: count("hop-limit", "ttl-window"),
    invalid_type_rcvd: count("type"),
    addr_list_err: statistics.addressListErrors,
    invalid_authtype: count("authentication-type"),
    // Who uses another type than ours is counted above: there is no second check.
    authtype_mismatch: 0,
    auth_failure: count("authentication", "ah-missing", "ah-malformed", "ah-invalid", "ah-replay"),
    ...(authHmac === undefined
      ? {}
      : {
          auth_ext_missing: count("auth-ext-missing"),
          auth_ext_malformed: count("auth-ext-malformed"),
          auth_ext_unknown_key: count("auth-ext-unknown-key"),
          auth_ext_invalid_hmac: count("auth-ext-invalid"),
          auth_ext_stale: count("auth-ext-stale"),
          auth_ext_replay: count("auth-ext-replay"),
        }),
    pri_zero_rcvd: statistics.priorityZeroReceived,
    pri_zero_sent: statistics.priorityZeroSent,
  };
}
