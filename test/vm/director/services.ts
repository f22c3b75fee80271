/** Virtual servers of every kind, each with what a reload makes of it. Those of one file live and die together. */
import { type Configuration, dies, returns, told } from "./play.ts";
import { NOTE } from "./twins.ts";
import { file, real, reals, virtual } from "./words.ts";

const BOTH = [101, 102];
const OTHERS = [102, 103];
const SCHEDULERS = ["lc", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq"];

interface Service {
  readonly before: string;
  readonly after: string;
}

interface Change {
  readonly words?: string;
  readonly servers?: readonly string[];
}

/** With `change` in the place of what it was; where that names none, one server goes and another comes. */
function service(
  where: string,
  words: string,
  servers: readonly string[] = reals(BOTH),
  change: Change = {},
): Service {
  return {
    before: virtual(where, words, ...servers),
    after: virtual(where, change.words ?? words, ...(change.servers ?? reals(OTHERS, 80, "weight 3"))),
  };
}

function filesOf(services: readonly Service[]): Pick<Configuration, "text" | "reloaded"> {
  return {
    text: file("", ...services.map(({ before }) => before)),
    reloaded: file("", ...services.map(({ after }) => after)),
  };
}

const tcp = (scheduler: string, more = ""): string =>
  `lb_algo ${scheduler}; lb_kind DR; protocol TCP; ${more}`;

/** NAT, DR, and tunnels by ipip, gue and gre. */
const forwarding = [
  service("10.8.0.1 80", "lb_algo rr; lb_kind NAT; protocol TCP", reals(BOTH, 8080), {
    servers: reals(OTHERS, 8081, "weight 3"),
  }),
  service("10.8.0.2 80", "lb_algo wrr; lb_kind DR; protocol TCP", reals(BOTH, 80, "weight 5"), {
    words: "lb_algo wlc; lb_kind DR; protocol TCP",
  }),
  service("10.8.0.3 80", "lb_algo wlc; lb_kind TUN; protocol TCP", reals(BOTH), {
    words: "lb_algo wlc; lb_kind DR; protocol TCP",
    servers: reals(BOTH),
  }),
  service("10.8.0.4 80", "lb_algo rr; lb_kind TUN type gue port 6080; protocol TCP", reals(BOTH), {
    words: "lb_algo rr; lb_kind TUN type gue port 6081; protocol TCP",
    servers: reals(BOTH),
  }),
  service("10.8.0.5 80", "lb_algo rr; lb_kind TUN type gre csum; protocol TCP"),
  service("10.8.0.6 80", "lb_algo rr; lb_kind NAT; protocol TCP", [
    real("10.9.0.101 80", "lvs_method DR"),
    real("10.9.0.102 80", "lvs_method TUN type gue port 6080 remcsum"),
  ]),
];

/** Every scheduler, with its flags. */
const scheduling = [
  ...SCHEDULERS.map((scheduler, index) => service(`10.8.1.${index + 1} 80`, tcp(scheduler))),
  service("10.8.1.21 80", tcp("sh", "sh-port; sh-fallback"), reals(BOTH), {
    words: tcp("sh", "sh-port"),
    servers: reals(BOTH),
  }),
  service("10.8.1.22 80", tcp("mh", "mh-port; mh-fallback")),
  service("10.8.1.23 80", tcp("rr", "flag-1; flag-2; flag-3"), reals(BOTH), { words: tcp("rr", "flag-2") }),
];

const GROUP = `virtual_server_group web {; 10.8.3.1-3 80; 10.8.3.16/30 8080; fwmark 7; }; ${virtual("group web", tcp("rr"), ...reals(BOTH, ""))}`;

/** Persistence, one packet, UDP, SCTP, IPv6, marks, and groups with ranges. */
const keeping = [
  service(
    "10.8.2.1 80",
    tcp("rr", "persistence_timeout 50; persistence_granularity 255.255.255.0"),
    reals(BOTH),
    {
      words: tcp("rr", "persistence_timeout 70"),
    },
  ),
  service("10.8.2.2 80", tcp("rr", "persistence_timeout")),
  service(
    "10.8.2.3 5060",
    "lb_algo rr; lb_kind NAT; protocol UDP; ops; persistence_timeout 90; persistence_engine sip",
    reals(BOTH, 5060),
    { words: "lb_algo rr; lb_kind NAT; protocol UDP", servers: reals(OTHERS, 5060) },
  ),
  service("10.8.2.4 53", "lb_algo rr; lb_kind NAT; protocol UDP; ops", reals(BOTH, 53), {
    servers: reals(OTHERS, 53),
  }),
  service("10.8.2.5 2905", "lb_algo wrr; lb_kind NAT; protocol SCTP", reals(BOTH, 2905), {
    servers: reals(OTHERS, 2905, "weight 7"),
  }),
  service("10.8.2.6 0", tcp("rr", "persistence_timeout 40"), reals(BOTH, 0), { servers: reals(OTHERS, 0) }),
  service(
    "fd00:8::1 443",
    "lb_algo rr; lb_kind NAT; protocol TCP; persistence_timeout 30; persistence_granularity 64",
    [real("fd00:9::101 8443"), real("fd00:9::102 8443")],
    { servers: [real("fd00:9::102 8443"), real("fd00:9::103 8443")] },
  ),
  service("10.8.2.7 80", "lb_algo rr; lb_kind NAT; protocol TCP", reals(BOTH, 0), {
    servers: reals(OTHERS, 0),
  }),
  service("fwmark 5", "lb_algo wlc; lb_kind DR", reals(BOTH, 0), { servers: reals(OTHERS, 0) }),
  service("fwmark 6", "ip_family inet6; lb_algo rr; lb_kind DR", [real("fd00:9::101 0")], {
    servers: [real("fd00:9::101 0", "weight 4")],
  }),
  // 2.2.7 cannot change a group by a reload, so it stays.
  { before: GROUP, after: GROUP },
];

const noted = (subject: string): string =>
  `notify_up "${NOTE} ${subject} up"; notify_down "${NOTE} ${subject} down"`;
const quorumNoted = (subject: string): string =>
  `quorum_up "${NOTE} ${subject} gained"; quorum_down "${NOTE} ${subject} lost"`;

const THREE = [101, 102, 103];
const SORRY = "sorry_server 10.9.0.104 80";

/** alpha, omega, quorum, hysteresis, sorry servers, inhibition, weights, limits, and scripts. */
const quorums = [
  service("10.8.4.1 80", tcp("rr", SORRY), reals(BOTH), { words: tcp("rr", "sorry_server 10.9.0.103 80") }),
  service("10.8.4.2 80", tcp("rr", `${SORRY}; sorry_server_inhibit`)),
  service("10.8.4.3 80", tcp("rr", "inhibit_on_failure")),
  service("10.8.4.4 80", tcp("rr", SORRY), reals(BOTH, 80, "inhibit_on_failure")),
  service(
    "10.8.4.5 80",
    tcp("rr", `quorum 2; hysteresis 1; ${SORRY}; ${quorumNoted("five")}`),
    reals(THREE),
    {
      words: tcp("rr", `quorum 1; ${SORRY}; ${quorumNoted("five")}`),
      servers: reals(THREE),
    },
  ),
  service("10.8.4.6 80", tcp("wrr", `quorum 4; ${quorumNoted("six")}`), [
    real("10.9.0.101 80", `weight 3; ${noted("six-101")}`),
    real("10.9.0.102 80", `weight 2; ${noted("six-102")}`),
  ]),
  service("10.8.4.7 80", tcp("wlc"), reals(BOTH, 80, "uthreshold 200; lthreshold 100"), {
    servers: reals(BOTH, 80, "uthreshold 300"),
  }),
  service("10.8.4.8 80", tcp("rr", `alpha; ${quorumNoted("eight")}`), [
    real("10.9.0.101 80", noted("eight-101")),
    real("10.9.0.102 80", noted("eight-102")),
  ]),
  service("10.8.4.9 80", tcp("rr", `omega; ${quorumNoted("nine")}`), [
    real("10.9.0.101 80", noted("nine-101")),
    real("10.9.0.102 80", noted("nine-102")),
  ]),
  service("10.8.4.10 80", tcp("wrr"), [
    real("10.9.0.101 80", "weight 0"),
    real("10.9.0.102 80", "weight 9"),
    "real_server 10.9.0.104 80 {; weight 2; }",
  ]),
];

/** As ipvsadm lists the upper and the lower limit of a server. */
function limits(last: string, upper: number, lower: number): string {
  const columns = [
    `10.9.0.${last}:80`.padEnd(28),
    String(upper).padEnd(10),
    String(lower).padEnd(10),
    "0".padEnd(10),
    "0",
  ];
  return `-> ${columns.join(" ")}`;
}

/** All in one file, as sites have them: one start of both daemons for all. */
export const SERVICES: readonly Configuration[] = [
  {
    name: "services of every kind",
    ...filesOf([...forwarding, ...scheduling, ...keeping, ...quorums]),
    awaits: BOTH,
    lists: ["-n --thresholds"],
    steps: [
      dies("death", 101),
      returns("return", 101),
      dies("all dead", ...THREE),
      returns("all back", ...THREE),
    ],
    differences: {
      // keepalived judges the quorum after the removals alone, and leaves limits of connections as they are.
      reload: {
        ours: ["101", "102"].map((last) => limits(last, 300, 0)),
        theirs: [
          ...["101", "102"].map((last) => limits(last, 200, 100)),
          told("VS [10.8.0.1]:tcp:80 DOWN"),
          told("VS [10.8.4.6]:tcp:80 DOWN"),
          "ran six lost",
        ],
      },
    },
  },
];
