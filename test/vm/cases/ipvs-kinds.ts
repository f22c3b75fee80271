/** Services of every kind that IPVS has, as plain values, as keepalived's words and as ipvsadm saves them. */
import { familyOf } from "../../../src/base/ip.ts";
import { SCHEDULERS, type Scheduler } from "../../../src/base/scheduler.ts";
import type { TableChange, TableService } from "../../../src/director/table.ts";
import type { Endpoint, Forwarding, Protocol } from "../../../src/model/director-models.ts";

export function address(protocol: Protocol, ip: string, port: number): Endpoint {
  return { kind: "address", protocol, address: ip, port };
}

/** Servers are address, port and weight. */
export function service(
  endpoint: Endpoint,
  scheduler: Scheduler,
  servers: readonly (readonly [string, number, number])[],
  forwarding: Forwarding = { method: "nat" },
  more: Partial<TableService> = {},
): TableService {
  return {
    endpoint,
    scheduler,
    flags: { flag1: false, flag2: false, flag3: false },
    onePacket: false,
    persistence: undefined,
    destinations: servers.map(([ip, port, weight]) => ({
      address: ip,
      port,
      family: familyOf(ip),
      forwarding,
      weight,
      upperThreshold: 0,
      lowerThreshold: 0,
    })),
    ...more,
  };
}

/** Everything from nothing: services before their servers. */
export function changesFor(services: readonly TableService[]): TableChange[] {
  return services.flatMap(({ destinations, ...rest }): TableChange[] => [
    { kind: "AddService", service: rest },
    ...destinations.map(
      (destination): TableChange => ({ kind: "AddDestination", endpoint: rest.endpoint, destination }),
    ),
  ]);
}

interface Kind {
  readonly service: TableService;
  /** What follows `virtual_server`. */
  readonly words: string;
  readonly saved: readonly string[];
}

function server(ip: string, port: number, words = ""): string {
  return `real_server ${ip} ${port} { weight 1\n ${words} }`;
}

const limited: TableService = service(address("tcp", "10.8.0.6", 80), "wlc", [["10.8.1.1", 80, 5]], {
  method: "dr",
});

/** Every scheduler with no more to it; `twos` is newer than the machine's kernel. */
const PLAIN_SCHEDULERS = SCHEDULERS.filter((one) => !["rr", "wrr", "wlc", "twos"].includes(one));

const KINDS: readonly Kind[] = [
  {
    service: service(address("tcp", "10.8.0.1", 80), "rr", [
      ["10.8.1.1", 80, 1],
      ["10.8.1.2", 8080, 1],
    ]),
    words: `10.8.0.1 80 { lb_algo rr\n lb_kind NAT\n protocol TCP\n ${server("10.8.1.1", 80)}\n ${server("10.8.1.2", 8080)}\n }`,
    saved: [
      "-A -t 10.8.0.1:80 -s rr",
      "-a -t 10.8.0.1:80 -r 10.8.1.1:80 -m -w 1",
      "-a -t 10.8.0.1:80 -r 10.8.1.2:8080 -m -w 1",
    ],
  },
  {
    service: service(
      address("udp", "10.8.0.2", 5060),
      "rr",
      [["10.8.1.1", 5060, 1]],
      { method: "dr" },
      {
        onePacket: true,
        persistence: { timeout: 90, prefixLength: 24, engine: "sip" },
      },
    ),
    words: `10.8.0.2 5060 { lb_algo rr\n lb_kind DR\n protocol UDP\n ops\n persistence_timeout 90\n persistence_granularity 255.255.255.0\n persistence_engine sip\n ${server("10.8.1.1", 5060)}\n }`,
    saved: [
      "-A -u 10.8.0.2:5060 -s rr -p 90 -M 255.255.255.0 --pe sip -o",
      "-a -u 10.8.0.2:5060 -r 10.8.1.1:5060 -g -w 1",
    ],
  },
  {
    service: service(address("sctp", "10.8.0.3", 2905), "wrr", [["10.8.1.1", 2905, 1]]),
    words: `10.8.0.3 2905 { lb_algo wrr\n lb_kind NAT\n protocol SCTP\n ${server("10.8.1.1", 2905)}\n }`,
    saved: [
      "-A --sctp-service 10.8.0.3:2905 -s wrr",
      "-a --sctp-service 10.8.0.3:2905 -r 10.8.1.1:2905 -m -w 1",
    ],
  },
  {
    service: service(
      address("tcp", "10.8.0.4", 0),
      "rr",
      [["10.8.1.1", 0, 1]],
      { method: "dr" },
      {
        persistence: { timeout: 360, prefixLength: 32, engine: undefined },
      },
    ),
    words: `10.8.0.4 0 { lb_algo rr\n lb_kind DR\n protocol TCP\n persistence_timeout\n ${server("10.8.1.1", 0)}\n }`,
    saved: ["-A -t 10.8.0.4:0 -s rr -p 360", "-a -t 10.8.0.4:0 -r 10.8.1.1:0 -g -w 1"],
  },
  {
    service: service({ kind: "fwmark", mark: 5, family: "ipv4" }, "wlc", [["10.8.1.1", 0, 1]], {
      method: "dr",
    }),
    words: `fwmark 5 { lb_algo wlc\n lb_kind DR\n ${server("10.8.1.1", 0)}\n }`,
    saved: ["-A -f 5 -s wlc", "-a -f 5 -r 10.8.1.1:0 -g -w 1"],
  },
  {
    service: service({ kind: "fwmark", mark: 6, family: "ipv6" }, "rr", [["fd00:8:1::1", 0, 1]], {
      method: "dr",
    }),
    words: `fwmark 6 { ip_family inet6\n lb_algo rr\n lb_kind DR\n ${server("fd00:8:1::1", 0)}\n }`,
    saved: ["-A -f 6 -6 -s rr", "-a -f 6 -6 -r [fd00:8:1::1]:0 -g -w 1"],
  },
  {
    service: service(
      address("tcp", "fd00:8::1", 443),
      "rr",
      [["fd00:8:1::1", 8443, 1]],
      { method: "nat" },
      {
        persistence: { timeout: 30, prefixLength: 64, engine: undefined },
      },
    ),
    words: `fd00:8::1 443 { lb_algo rr\n lb_kind NAT\n protocol TCP\n persistence_timeout 30\n persistence_granularity 64\n ${server("fd00:8:1::1", 8443)}\n }`,
    saved: ["-A -t [fd00:8::1]:443 -s rr -p 30 -M 64", "-a -t [fd00:8::1]:443 -r [fd00:8:1::1]:8443 -m -w 1"],
  },
  {
    service: {
      ...limited,
      destinations: limited.destinations.map((one) => ({ ...one, upperThreshold: 200, lowerThreshold: 100 })),
    },
    words: `10.8.0.6 80 { lb_algo wlc\n lb_kind DR\n protocol TCP\n real_server 10.8.1.1 80 { weight 5\n uthreshold 200\n lthreshold 100\n }\n }`,
    saved: ["-A -t 10.8.0.6:80 -s wlc", "-a -t 10.8.0.6:80 -r 10.8.1.1:80 -g -w 5"],
  },
  ...tunnels(),
  {
    service: service(
      address("tcp", "10.8.0.11", 80),
      "sh",
      [["10.8.1.1", 80, 1]],
      { method: "dr" },
      {
        flags: { flag1: true, flag2: true, flag3: false },
      },
    ),
    words: `10.8.0.11 80 { lb_algo sh\n sh-port\n sh-fallback\n lb_kind DR\n protocol TCP\n ${server("10.8.1.1", 80)}\n }`,
    saved: ["-A -t 10.8.0.11:80 -s sh -b sh-fallback,sh-port", "-a -t 10.8.0.11:80 -r 10.8.1.1:80 -g -w 1"],
  },
  {
    service: service(
      address("tcp", "10.8.0.12", 80),
      "mh",
      [["10.8.1.1", 80, 1]],
      { method: "dr" },
      {
        flags: { flag1: false, flag2: true, flag3: false },
      },
    ),
    words: `10.8.0.12 80 { lb_algo mh\n mh-port\n lb_kind DR\n protocol TCP\n ${server("10.8.1.1", 80)}\n }`,
    saved: ["-A -t 10.8.0.12:80 -s mh -b mh-port", "-a -t 10.8.0.12:80 -r 10.8.1.1:80 -g -w 1"],
  },
  {
    service: service(
      address("tcp", "10.8.0.13", 80),
      "rr",
      [["10.8.1.1", 80, 1]],
      { method: "dr" },
      {
        flags: { flag1: false, flag2: false, flag3: true },
      },
    ),
    words: `10.8.0.13 80 { lb_algo rr\n flag-3\n lb_kind DR\n protocol TCP\n ${server("10.8.1.1", 80)}\n }`,
    saved: ["-A -t 10.8.0.13:80 -s rr -b flag-3", "-a -t 10.8.0.13:80 -r 10.8.1.1:80 -g -w 1"],
  },
  ...PLAIN_SCHEDULERS.map((scheduler, index): Kind => {
    const ip = `10.8.2.${index + 1}`;
    return {
      service: service(address("tcp", ip, 80), scheduler, [["10.8.1.1", 80, 1]], { method: "dr" }),
      words: `${ip} 80 { lb_algo ${scheduler}\n lb_kind DR\n protocol TCP\n ${server("10.8.1.1", 80)}\n }`,
      saved: [`-A -t ${ip}:80 -s ${scheduler}`, `-a -t ${ip}:80 -r 10.8.1.1:80 -g -w 1`],
    };
  }),
];

/** Each tunnel; the server of the IPv4 service behind an IPv6 tunnel is the only mixture of families that there is. */
function tunnels(): Kind[] {
  const kind = (last: number, ip: string, forwarding: Forwarding, words: string, saved: string): Kind => ({
    service: service(address("tcp", `10.8.3.${last}`, 80), "rr", [[ip, 80, 1]], forwarding),
    words: `10.8.3.${last} 80 { lb_algo rr\n lb_kind TUN ${words}\n protocol TCP\n ${server(ip, 80)}\n }`,
    saved: [
      `-A -t 10.8.3.${last}:80 -s rr`,
      `-a -t 10.8.3.${last}:80 -r ${ip.includes(":") ? `[${ip}]` : ip}:80 -i -w 1${saved}`,
    ],
  });
  return [
    kind(
      1,
      "10.8.1.1",
      { method: "tun", type: "ipip", port: undefined, checksum: "none" },
      "",
      " --tun-type ipip",
    ),
    kind(
      2,
      "10.8.1.1",
      { method: "tun", type: "gue", port: 6080, checksum: "csum" },
      "type gue port 6080 csum",
      " --tun-type gue --tun-port 6080 --tun-csum",
    ),
    kind(
      3,
      "10.8.1.1",
      { method: "tun", type: "gue", port: 6081, checksum: "remcsum" },
      "type gue port 6081 remcsum",
      " --tun-type gue --tun-port 6081 --tun-remcsum",
    ),
    kind(
      4,
      "10.8.1.1",
      { method: "tun", type: "gre", port: undefined, checksum: "csum" },
      "type gre csum",
      " --tun-type gre --tun-csum",
    ),
    kind(
      5,
      "fd00:8:1::1",
      { method: "tun", type: "ipip", port: undefined, checksum: "none" },
      "",
      " --tun-type ipip",
    ),
  ];
}

export const EVERY_KIND: readonly TableService[] = KINDS.map((kind) => kind.service);

export const EVERY_KIND_CONFIG = `
global_defs {
  router_id test
}
${KINDS.map(({ words }) => `virtual_server ${words}`).join("\n")}
`;

export const EVERY_KIND_SAVED: readonly string[] = KINDS.flatMap(({ saved }) => saved);
