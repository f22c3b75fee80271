/** Short ways to write virtual servers. */
import { seconds } from "../../src/base/time.ts";
import type { CommandModel } from "../../src/model/command-model.ts";
import type {
  CheckModel,
  DirectorModel,
  RealServerModel,
  VirtualServerModel,
} from "../../src/model/director-models.ts";
import { NO_DIRECTOR } from "../../src/model/director-models.ts";

export function directorModel(
  virtualServers: readonly VirtualServerModel[],
  over: Partial<DirectorModel> = {},
): DirectorModel {
  return { ...NO_DIRECTOR, virtualServers, ...over };
}

/** 10.0.0.1:tcp:80, or another last number of the address. */
export function virtualServer(
  realServers: readonly RealServerModel[],
  over: Partial<VirtualServerModel> = {},
  host = 1,
): VirtualServerModel {
  const address = `10.0.0.${host}`;
  return {
    key: `${address} tcp 80`,
    name: `[${address}]:tcp:80`,
    family: "ipv4",
    protocol: "tcp",
    endpoints: [{ kind: "address", protocol: "tcp", address, port: 80 }],
    group: undefined,
    scheduler: "wlc",
    flags: { flag1: false, flag2: false, flag3: false },
    onePacket: false,
    persistence: undefined,
    quorum: 1,
    hysteresis: 0,
    quorumUp: undefined,
    quorumDown: undefined,
    alpha: false,
    omega: false,
    smtpAlert: false,
    haSuspend: false,
    snmpName: undefined,
    sorryServer: undefined,
    realServers,
    ...over,
  };
}

/** 10.0.1.HOST:80 with one TCP_CHECK of its own. */
export function realServer(host: number, over: Partial<RealServerModel> = {}): RealServerModel {
  const address = `10.0.1.${host}`;
  return {
    key: `${address} 80`,
    address,
    port: 80,
    weight: 1,
    forwarding: { method: "dr" },
    upperThreshold: 0,
    lowerThreshold: 0,
    inhibitOnFailure: false,
    alpha: false,
    notifyUp: undefined,
    notifyDown: undefined,
    smtpAlert: false,
    snmpName: undefined,
    checks: [tcpCheck(host)],
    ...over,
  };
}

/** Every 10 s, at once at the beginning, one retry after 1 s. */
export function tcpCheck(
  host: number,
  over: Partial<CheckModel> = {},
  timing: Partial<CheckModel["timing"]> = {},
): CheckModel {
  return {
    key: `tcp ${host}`,
    timing: {
      delayLoop: seconds(10),
      warmup: 0,
      retry: 1,
      delayBeforeRetry: seconds(1),
      jitter: 0,
      ...timing,
    },
    alpha: false,
    logAllFailures: false,
    probe: {
      kind: "tcp",
      target: {
        address: `10.0.1.${host}`,
        port: 80,
        bindAddress: undefined,
        bindPort: undefined,
        bindInterface: undefined,
        mark: undefined,
        timeout: seconds(5),
      },
    },
    ...over,
  };
}

export function miscCheck(
  over: Partial<CheckModel> = {},
  timing: Partial<CheckModel["timing"]> = {},
): CheckModel {
  const probe = {
    kind: "misc",
    command: command("/check"),
    timeout: seconds(10),
    dynamic: true,
  } as const;
  return tcpCheck(0, { key: "misc", probe, ...over }, { retry: 0, ...timing });
}

export function command(path: string): CommandModel {
  return { path, argv: [path], uid: 0, gid: 0, groups: [] };
}
