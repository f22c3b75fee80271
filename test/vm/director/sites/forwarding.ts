/** Files that differ in how connections are forwarded, spread and kept together. */
import { type Configuration, dies, returns } from "../play.ts";
import { real, reals } from "../words.ts";
import { at, BOTH, by, OTHERS, site, THREE } from "./site.ts";

const natted = "lb_algo rr; lb_kind NAT; protocol TCP";
const GUE = (port: number, sums: string): string =>
  `lb_algo rr; lb_kind TUN type gue port ${port} ${sums}; protocol TCP`;
const GRE = (sums: string): string => `lb_algo rr; lb_kind TUN type gre ${sums}; protocol TCP`;

const methods: readonly Configuration[] = [
  site("NAT to another port; one server goes and one comes", {
    before: [at(natted, reals(BOTH, 8080))],
    after: [at(natted, reals(OTHERS, 8080))],
  }),
  site("DR; another scheduler and other weights", {
    before: [at(by("wrr"), reals(BOTH, 80, "weight 5"))],
    after: [at(by("wlc"), [...reals([101], 80, "weight 9"), ...reals([102], 80, "weight 5")])],
  }),
  site("TUN in IP, which becomes DR", {
    before: [at("lb_algo wlc; lb_kind TUN; protocol TCP")],
    after: [at(by("wlc"))],
  }),
  site("TUN by GUE and GRE; another port and other checksums", {
    before: [at(GUE(6080, "nocsum")), at(GRE("nocsum"), reals(BOTH), "10.8.1.2 80")],
    after: [
      at(GUE(6081, "remcsum"), reals(BOTH, 80, "weight 2")),
      at(GRE("csum"), reals(BOTH), "10.8.1.2 80"),
    ],
  }),
  site("each server by a method of its own, which change places", {
    before: [
      at(natted, [
        ...reals([101], 80, "lvs_method DR"),
        ...reals([102], 80, "lvs_method TUN"),
        ...reals([103]),
      ]),
    ],
    after: [
      at(natted, [
        ...reals([101]),
        ...reals([102], 80, "lvs_method DR"),
        ...reals([103], 80, "lvs_method TUN"),
      ]),
    ],
  }),
  site("servers of IPv6 behind an address of IPv4, through tunnels", {
    before: [
      at(
        "lb_algo rr; lb_kind TUN; protocol TCP",
        BOTH.map((last) => real(`fd00:9::${last} 80`)),
      ),
    ],
    after: [
      at(
        "lb_algo rr; lb_kind TUN; protocol TCP",
        OTHERS.map((last) => real(`fd00:9::${last} 80`)),
      ),
    ],
  }),
  site("IPv6; another weight", {
    before: [
      at(
        natted,
        BOTH.map((last) => real(`fd00:9::${last} 80`)),
        "fd00:8::1 80",
      ),
    ],
    after: [
      at(
        natted,
        BOTH.map((last) => real(`fd00:9::${last} 80`, "weight 7")),
        "fd00:8::1 80",
      ),
    ],
  }),
];

/** Services with one scheduler each, which a reload exchanges. */
function scheduled(...schedulers: readonly string[]): Pick<Parameters<typeof site>[1], "before" | "after"> {
  const services = (names: readonly string[]): string[] =>
    names.map((name, index) => at(by(name), reals(BOTH), `10.8.1.${index + 1} 80`));
  return { before: services(schedulers), after: services([...schedulers.slice(1), schedulers[0] ?? "rr"]) };
}

const schedulers: readonly Configuration[] = [
  site("schedulers: lc, wlc, sed, nq, fo, ovf", scheduled("lc", "wlc", "sed", "nq", "fo", "ovf")),
  site("schedulers: lblc, lblcr, dh", scheduled("lblc", "lblcr", "dh")),
  site("schedulers: sh and mh, with flags", {
    before: [
      at(by("sh", "sh-port; sh-fallback")),
      at(by("mh", "mh-port"), reals(BOTH), "10.8.1.2 80"),
      at(by("rr", "flag-1; flag-3"), reals(BOTH), "10.8.1.3 80"),
    ],
    after: [
      at(by("sh", "sh-port"), reals(BOTH, 80, "weight 2")),
      at(by("mh", "mh-port; mh-fallback"), reals(BOTH), "10.8.1.2 80"),
      at(by("rr", "flag-2"), reals(BOTH), "10.8.1.3 80"),
    ],
  }),
];

const keeping: readonly Configuration[] = [
  site("persistence: times, masks, all ports", {
    before: [
      at(by("rr", "persistence_timeout 50; persistence_granularity 255.255.255.0")),
      at(by("rr", "persistence_timeout"), reals(BOTH), "10.8.1.2 80"),
      at(by("rr"), reals(BOTH, 0), "10.8.1.3 0"),
      at(by("rr", "persistence_granularity 255.255.0.0"), reals(BOTH), "10.8.1.4 80"),
    ],
    after: [
      at(by("rr", "persistence_timeout 70; persistence_granularity 255.255.255.128")),
      at(by("rr"), reals(BOTH), "10.8.1.2 80"),
      at(by("rr", "persistence_timeout 20"), reals(BOTH, 0), "10.8.1.3 0"),
      at(by("rr", "persistence_timeout 30"), reals(BOTH), "10.8.1.4 80"),
    ],
  }),
  site("UDP: one packet at a time, and calls of SIP", {
    before: [
      at("lb_algo rr; lb_kind NAT; protocol UDP; ops", reals(BOTH, 53), "10.8.1.1 53"),
      at(
        "lb_algo rr; lb_kind NAT; protocol UDP; ops; persistence_timeout 90; persistence_engine sip",
        reals(BOTH, 5060),
        "10.8.1.2 5060",
      ),
    ],
    after: [
      at("lb_algo rr; lb_kind NAT; protocol UDP", reals(BOTH, 53), "10.8.1.1 53"),
      at("lb_algo rr; lb_kind NAT; protocol UDP; ops", reals(BOTH, 5060), "10.8.1.2 5060"),
    ],
  }),
  site("SCTP", {
    before: [at("lb_algo wrr; lb_kind NAT; protocol SCTP", reals(BOTH, 2905), "10.8.1.1 2905")],
    after: [at("lb_algo wrr; lb_kind NAT; protocol SCTP", reals(BOTH, 2905, "weight 4"), "10.8.1.1 2905")],
  }),
  site("marks of both families", {
    before: [
      at("lb_algo wlc; lb_kind DR", reals(BOTH, 0), "fwmark 5"),
      at(
        "ip_family inet6; lb_algo rr; lb_kind DR",
        [real("fd00:9::101 0"), real("fd00:9::102 0")],
        "fwmark 6",
      ),
    ],
    after: [
      at("lb_algo wlc; lb_kind DR", reals(THREE, 0), "fwmark 5"),
      at(
        "ip_family inet6; lb_algo wrr; lb_kind DR",
        [real("fd00:9::101 0"), real("fd00:9::102 0")],
        "fwmark 7",
      ),
    ],
  }),
  // 2.2.7 cannot change a group by a reload, so it stays.
  site("a group of ranges and a mark", {
    before: [
      "virtual_server_group web {; 10.8.1.1-3 80; 10.8.1.16/30 8080; fwmark 7; };",
      at(by("rr"), reals(BOTH, ""), "group web"),
    ],
    after: [
      "virtual_server_group web {; 10.8.1.1-3 80; 10.8.1.16/30 8080; fwmark 7; };",
      at(by("rr"), reals(BOTH, ""), "group web"),
      at(by("rr"), reals(BOTH), "10.8.1.9 80"),
    ],
  }),
  site(
    "one server in two services, which die with it",
    {
      before: [at(by("rr")), at(by("wlc"), reals([101]), "10.8.1.2 80")],
      after: [at(by("rr")), at(by("wlc"), reals([102, 101]), "10.8.1.2 80")],
    },
    {
      steps: [
        dies("death", 101),
        returns("return", 101),
        dies("all dead", 101, 102),
        returns("all back", 101, 102),
      ],
    },
  ),
];

export const FORWARDING: readonly Configuration[] = [...methods, ...schedulers, ...keeping];
