/** Keywords of `virtual_server`, `virtual_server_group`, `real_server` and `SSL`. */
import { SCHEDULERS } from "../../base/scheduler.ts";
import {
  accepted,
  address,
  block,
  choice,
  flag,
  integer,
  lenient,
  nested,
  optional,
  type RowTemplate,
  rest,
  row,
  SIGNED_MAX,
  script,
  span,
  UNSIGNED_MAX,
  word,
  works,
} from "./row.ts";

const LONGEST = 4294;
const scheduler = [choice(...SCHEDULERS)];
/** 0 is whatever port the packet has: of services by mark, and of those for every port. */
const anyPort = integer(0, 65535);
const method = [rest("NAT | DR | TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]")];

/** Settings of checks that a virtual server, its real servers and each check may hold; the innermost wins. */
export function timingRows(defaults: {
  readonly retry: string;
  readonly delayBeforeRetry: string;
  readonly leastRetry: 0 | 1;
}): readonly RowTemplate[] {
  return [
    row(
      "retry",
      [integer(defaults.leastRetry, UNSIGNED_MAX)],
      works("check.timing.retry"),
      "Attempts after a failure.",
      {
        default: defaults.retry,
        area: "checker",
      },
    ),
    row(
      "delay_before_retry",
      [span(0, LONGEST)],
      works("check.timing.delayBeforeRetry"),
      "Seconds before each.",
      {
        default: defaults.delayBeforeRetry,
        area: "checker",
      },
    ),
    row(
      "warmup",
      [span(0, LONGEST)],
      works("check.timing.warmup"),
      "Longest random delay of the first check.",
      {
        default: "delay_loop",
        area: "checker",
      },
    ),
    row("delay_loop", [span(0.000001, LONGEST)], works("check.timing.delayLoop"), "Seconds between checks.", {
      default: "60",
      area: "checker",
    }),
    row(
      "check_jitter",
      [span(0, LONGEST)],
      works("check.timing.jitter"),
      "Longest random delay of each check.",
      {
        since: "buoy",
        default: "0",
        area: "checker",
      },
    ),
  ];
}

const connectTimeout = row(
  "connect_timeout",
  [span(0.000001, LONGEST)],
  works("check.probe.target.timeout"),
  "Seconds a server may take to answer.",
  {
    default: "5",
    area: "checker",
  },
);
const byType = { retry: "by check", delayBeforeRetry: "by check", leastRetry: 1 } as const;

const sharedRows = [
  ...timingRows(byType),
  connectTimeout,
  row("virtualhost", lenient([word("host")]), works("url.host"), "Host that HTTP checks ask for.", {
    area: "checker",
  }),
  row("snmp_name", lenient([word("name")]), works("director.snmpName"), "Label in SNMP.", { area: "snmp" }),
];

const flags = ["flag-1", "flag-2", "flag-3", "sh-port", "sh-fallback", "mh-port", "mh-fallback"].map((name) =>
  row(name, [], works("virtualServer.flags"), "Flag of the scheduler.", { default: "off" }),
);

const serverRows = [
  row(
    "ip_family",
    [choice("inet", "inet6")],
    works("virtualServer.family"),
    "Family, where addresses do not tell.",
  ),
  ...sharedRows,
  row(
    "inhibit_on_failure",
    [],
    works("realServer.inhibitOnFailure"),
    "Weight 0 for a failed server instead of removal.",
    {
      default: "off",
    },
  ),
  row("lb_algo", scheduler, works("virtualServer.scheduler"), "Scheduler.", { default: "wlc" }),
  row("lvs_sched", scheduler, works("virtualServer.scheduler"), "Scheduler.", { default: "wlc" }),
  row("hashed", [], accepted("it had no effect in keepalived either"), "Has no meaning any more."),
  row("ops", [], works("virtualServer.onePacket"), "Schedule every packet for itself.", { default: "off" }),
  ...flags,
  row("lb_kind", method, works("realServer.forwarding"), "How packets reach the servers.", {
    default: "NAT",
  }),
  row("lvs_method", method, works("realServer.forwarding"), "How packets reach the servers.", {
    default: "NAT",
  }),
  row(
    "persistence_engine",
    [word("name", 15)],
    works("virtualServer.persistence.engine"),
    "What tells clients apart.",
  ),
  row(
    "persistence_timeout",
    [optional(integer(0, 2_678_400))],
    works("virtualServer.persistence.timeout"),
    "Seconds a client stays with its server.",
    {
      default: "off; 360 when bare",
    },
  ),
  row(
    "persistence_granularity",
    [rest("NETMASK | 1..128")],
    works("virtualServer.persistence.prefixLength"),
    "Mask that puts clients together.",
    {
      default: "each for itself",
    },
  ),
  row("protocol", [choice("TCP", "UDP", "SCTP")], works("virtualServer.protocol"), "Transport.", {
    default: "UDP",
  }),
  row("ha_suspend", [], works("virtualServer.haSuspend"), "Check only while we hold the address.", {
    area: "checker",
    default: "off",
  }),
  row("smtp_alert", [flag], works("virtualServer.smtpAlert"), "Mail on a change of quorum.", {
    area: "checker",
    default: "off",
  }),
  row("alpha", [], works("realServer.alpha"), "Servers are down until checked.", {
    area: "checker",
    default: "off",
  }),
  row("omega", [], works("virtualServer.omega"), "Run the down scripts at stop.", {
    area: "checker",
    default: "off",
  }),
  row("quorum_up", [script], works("virtualServer.quorumUp"), "Run when quorum is gained.", {
    area: "script",
  }),
  row("quorum_down", [script], works("virtualServer.quorumDown"), "Run when quorum is lost.", {
    area: "script",
  }),
  row("quorum", [integer(1, UNSIGNED_MAX)], works("virtualServer.quorum"), "Least weight of live servers.", {
    default: "1",
  }),
  row("hysteresis", [integer(0, UNSIGNED_MAX)], works("virtualServer.hysteresis"), "Margin around it.", {
    default: "0",
  }),
  row("weight", [integer(1, SIGNED_MAX)], works("realServer.weight"), "Default weight of real servers.", {
    default: "1",
  }),
  row(
    "sorry_server",
    [address, optional(anyPort)],
    works("virtualServer.sorryServer"),
    "Server used when quorum is lost.",
  ),
  row(
    "sorry_server_inhibit",
    [],
    works("virtualServer.sorryServer.inhibit"),
    "Keep it with weight 0 meanwhile.",
    { default: "off" },
  ),
  row(
    "sorry_server_lvs_method",
    lenient(method),
    works("virtualServer.sorryServer.forwarding"),
    "How packets reach it.",
    {
      default: "lvs_method",
    },
  ),
  row(
    "real_server",
    [address, optional(anyPort), nested("virtual_server.real_server")],
    works("virtualServer.realServers"),
    "A member.",
  ),
  row(
    "nat_mask",
    [word("netmask")],
    accepted("it had no effect in keepalived either"),
    "Mask of NAT, long gone.",
    {
      since: "1.x",
    },
  ),
];

const CHECK_BLOCKS = [
  ["HTTP_GET", "Ask for pages over HTTP."],
  ["SSL_GET", "Ask for pages over HTTPS."],
  ["TCP_CHECK", "Open a TCP connection."],
  ["SMTP_CHECK", "Greet a mail server."],
  ["DNS_CHECK", "Ask a name server."],
  ["MISC_CHECK", "Run a program."],
  ["UDP_CHECK", "Send a datagram."],
  ["PING_CHECK", "Send an ICMP echo."],
  ["FILE_CHECK", "Follow the number in a file."],
  ["BFD_CHECK", "Follow a BFD session."],
] as const;

const realServerRows = [
  row("weight", [integer(0, SIGNED_MAX)], works("realServer.weight"), "Share of connections.", {
    default: "weight of the service, 1",
  }),
  row("lvs_method", method, works("realServer.forwarding"), "How packets reach it.", {
    default: "lvs_method of the service",
  }),
  row("uthreshold", [integer(0, UNSIGNED_MAX)], works("realServer.upperThreshold"), "Most connections.", {
    default: "0 (no limit)",
  }),
  row(
    "lthreshold",
    [integer(0, UNSIGNED_MAX)],
    works("realServer.lowerThreshold"),
    "Connections at which it takes more again.",
    {
      default: "0",
    },
  ),
  row(
    "inhibit_on_failure",
    [flag],
    works("realServer.inhibitOnFailure"),
    "Weight 0 on failure instead of removal.",
    {
      default: "as the service",
    },
  ),
  row("notify_up", [script], works("realServer.notifyUp"), "Run when it comes up.", { area: "script" }),
  row("notify_down", [script], works("realServer.notifyDown"), "Run when it goes down.", { area: "script" }),
  row("alpha", [flag], works("realServer.alpha"), "Down until checked.", {
    area: "checker",
    default: "as the service",
  }),
  ...sharedRows,
  row("smtp_alert", [flag], works("realServer.smtpAlert"), "Mail when it comes or goes.", {
    area: "checker",
    default: "on",
  }),
  ...CHECK_BLOCKS.map(([name, help]) =>
    row(name, [nested(`virtual_server.real_server.${name}`)], works("realServer.checks"), help, {
      area: "checker",
    }),
  ),
];

export const VIRTUAL_SERVER_ROWS = [
  ...block("virtual_server", "lvs", serverRows),
  ...block("virtual_server.real_server", "lvs", realServerRows),
  ...block("SSL", "checker", [
    row("password", lenient([word("password")]), works("director.tls.password"), "Passphrase of the key."),
    row("ca", lenient([word("path")]), works("director.tls.authorities"), "Authorities."),
    row("certificate", lenient([word("path")]), works("director.tls.certificate"), "Our certificate."),
    row("key", lenient([word("path")]), works("director.tls.key"), "Our key."),
  ]),
];
