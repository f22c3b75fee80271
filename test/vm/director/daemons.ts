/** Configurations of the daemon as a whole: what it finds at its start and leaves at its end, times, roles and addresses. */
import { type Configuration, type Difference, dies, returns, type Step, told } from "./play.ts";
import type { Twin, Twins } from "./twins.ts";
import { file, reals, virtual } from "./words.ts";

const web = (...servers: readonly number[]): string =>
  virtual("10.8.5.1 80", "lb_algo rr; lb_kind DR; protocol TCP", ...reals(servers));

/** A service of ours with a server that is none any more, and somebody else's. */
const FOUND = [
  "-A -t 10.8.5.1:80 -s wlc",
  "-a -t 10.8.5.1:80 -r 10.9.0.101:80 -g -w 7",
  "-a -t 10.8.5.1:80 -r 10.9.0.77:80 -g -w 1",
  "-A -t 10.8.6.6:80 -s rr",
  "-a -t 10.8.6.6:80 -r 10.9.0.66:80 -g -w 1",
];

/**
 * keepalived leaves a service that it finds as it is, with the servers that nobody configured; buoy makes it what the
 * configuration says. `weight` is the one that was found.
 */
function leftAsFound(weight?: 7): Difference {
  const server = (rest: string): string => `-a -t 10.8.5.1:80 -r 10.9.0.${rest} -g -w`;
  return {
    ours: ["-A -t 10.8.5.1:80 -s rr", ...(weight ? [`${server("101:80")} 1`] : [])],
    theirs: [
      "-A -t 10.8.5.1:80 -s wlc",
      ...(weight ? [`${server("101:80")} ${weight}`] : []),
      `${server("77:80")} 1`,
    ],
  };
}

/** Of a service that a reload removes, 2.2.7 tells nothing where services go at the stop without their servers. */
function removedInSilence({ ours = [], theirs = [] }: Difference): Difference {
  const lines = ["RS [10.9.0.101]:tcp:80 [10.8.5.3]", "RS [10.9.0.102]:tcp:80 [10.8.5.3]", "VS [10.8.5.3]"];
  return { ours: [...ours, ...lines.map((line) => told(`${line}:tcp:80 DOWN`))], theirs };
}

const inBoth = (name: string, ...commands: readonly string[]): Step => ({
  name,
  act: (twins: Twins) => {
    for (const { host } of twins.both) host.ip(...commands);
  },
});

/** A death that nobody is to notice. */
const unseen = (name: string, ...servers: readonly number[]): Step => ({
  name,
  act: (twins) => twins.serve(servers, "gone"),
  changes: "nothing",
});

const VIP = "10.8.5.2/32";

/** VRRP without anybody to hear it: each twin is alone on its dummy interface. */
const ALONE = `vrrp_instance VI_1 {; interface dummy0; virtual_router_id 51; priority 100; advert_int 0.3; version 3
virtual_ipaddress {; ${VIP} dev dummy0; }; }`;
/** 2.2.7 forgets the sync daemon when a reload takes it out of the file. */
const SYNC_GOES_ON: Difference = {
  theirs: ["master sync daemon (mcast=eth0, syncid=9, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)"],
};
const isMaster = (twin: Twin): boolean => twin.host.holds(VIP, "dummy0");

export const DAEMONS: readonly Configuration[] = [
  {
    name: "an emptied table at the start, timeouts, both sync daemons",
    text: file(
      "lvs_flush; lvs_timeouts tcp 100 udp 50; lvs_sync_daemon eth0 id 7 maxlen 1400 port 8849 ttl 2 group 224.0.0.82",
      web(101, 102),
    ),
    reloaded: file("lvs_flush; lvs_timeouts tcp 200; lvs_sync_daemon eth0 id 8", web(102, 103)),
    found: FOUND,
    lists: ["--timeout", "--daemon"],
    steps: [],
  },
  {
    name: "what is found is taken over, and left with -I",
    text: file("", web(101, 102)),
    reloaded: file("", web(102, 103)),
    found: FOUND,
    options: ["-I"],
    steps: [],
    differences: { start: leftAsFound(7), reload: leftAsFound(), exit: leftAsFound() },
  },
  {
    name: "everything goes at the stop, others' too",
    text: file("lvs_flush_on_stop", web(101, 102)),
    reloaded: file("lvs_flush_on_stop", web(102)),
    found: FOUND,
    steps: [],
    differences: { start: leftAsFound(7), reload: leftAsFound() },
  },
  {
    name: "services go at the stop without their servers; words of version 1.x",
    text: file(
      "lvs_flush_on_stop VS; notification_email_from a@b",
      virtual(
        "10.8.5.3 80",
        "lb_algo wrr; lb_kind NAT; nat_mask 255.255.255.0; protocol TCP",
        ...reals([101, 102]),
      ),
    ),
    reloaded: file("lvs_flush_on_stop VS", web(101)),
    found: FOUND,
    differences: { reload: removedInSilence(leftAsFound(7)) },
  },
  {
    name: "the sync daemon follows the instance; checks rest while the address is elsewhere",
    text: file(
      "lvs_sync_daemon eth0 inst VI_1 id 9",
      ALONE,
      virtual("10.8.5.2 80", "ha_suspend; lb_algo rr; lb_kind DR; protocol TCP", ...reals([101, 102])),
      web(103),
    ),
    reloaded: file("", ALONE, web(102, 103)),
    dummy: true,
    lists: ["--daemon"],
    steps: [
      { ...inBoth("master"), until: isMaster },
      dies("death", 101),
      returns("return", 101),
      { ...inBoth("fault", "link set dummy0 down"), until: (twin) => !isMaster(twin) },
      unseen("death unseen", 102),
      { ...inBoth("master again", "link set dummy0 up"), turns: { servers: [102], to: "DOWN" } },
      returns("return of the second", 102),
    ],
    differences: { reload: SYNC_GOES_ON, exit: SYNC_GOES_ON },
  },
];
