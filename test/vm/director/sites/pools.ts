/** Files that differ in who is in the pool: quorums, sorry servers, inhibition, weights, limits; reloads amid all that. */
import { type Configuration, dies, returns } from "../play.ts";
import { reals } from "../words.ts";
import { at, BOTH, by, checked, noted, quorumNoted, site, THREE } from "./site.ts";

const SORRY = "sorry_server 10.9.0.104 80";
const TCP = "TCP_CHECK {; connect_port 80; connect_timeout 20; retry 0; }";

const ALL_THREE = [
  dies("death", 101),
  dies("quorum lost", 102),
  returns("one back", 102),
  returns("quorum back", 101),
  dies("all dead", ...THREE),
  returns("all back", ...THREE),
];

const quorums: readonly Configuration[] = [
  site(
    "alpha; one is dead from the start",
    {
      before: [
        at(by("rr", `alpha; ${quorumNoted("web")}`), [
          checked(101, noted("101"), TCP),
          checked(102, noted("102"), TCP),
        ]),
      ],
      after: [
        at(by("rr", `alpha; ${quorumNoted("web")}`), [
          checked(101, noted("101"), TCP),
          checked(103, noted("103"), TCP),
        ]),
      ],
    },
    {
      first: (twins) => twins.serve([102], "gone"),
      awaits: [101],
      steps: [returns("return", 102), dies("all dead", ...BOTH), returns("all back", ...BOTH)],
    },
  ),
  site("omega: scripts of the end", {
    before: [
      at(by("rr", `omega; ${quorumNoted("web")}`), [
        checked(101, noted("101"), TCP),
        checked(102, noted("102"), TCP),
      ]),
    ],
    after: [
      at(by("wlc", `omega; ${quorumNoted("web")}`), [
        checked(101, noted("101"), TCP),
        checked(102, noted("102"), TCP),
      ]),
    ],
  }),
  site(
    "a quorum with hysteresis, without a sorry server",
    {
      before: [at(by("wrr", `quorum 2; hysteresis 1; ${quorumNoted("web")}`), reals(THREE))],
      after: [at(by("wrr", `quorum 3; ${quorumNoted("web")}`), reals(THREE, 80, "weight 2"))],
    },
    { steps: ALL_THREE },
  ),
  site(
    "a quorum and a sorry server; another one of both",
    {
      before: [at(by("rr", `quorum 2; ${SORRY}; ${quorumNoted("web")}`), reals(THREE))],
      after: [at(by("rr", `quorum 1; sorry_server 10.9.0.103 80; ${quorumNoted("web")}`), reals(BOTH))],
    },
    { steps: ALL_THREE },
  ),
  site("a sorry server with a method of its own", {
    before: [at(by("rr", `${SORRY}; sorry_server_lvs_method TUN`))],
    after: [at(by("wrr", `${SORRY}; sorry_server_lvs_method TUN`))],
  }),
  site("a sorry server that stays with weight 0", {
    before: [at(by("rr", `${SORRY}; sorry_server_inhibit`))],
    after: [at(by("wrr", `${SORRY}; sorry_server_inhibit`), reals(BOTH, 80, "weight 2"))],
  }),
  site("the dead stay with weight 0: of a service, of a server", {
    before: [
      at(by("wrr", "inhibit_on_failure"), reals(BOTH, 80, "weight 4")),
      at(by("wrr"), [...reals([101], 80, "weight 4; inhibit_on_failure"), ...reals([102])], "10.8.1.2 80"),
    ],
    after: [
      at(by("wrr", "inhibit_on_failure"), reals(BOTH, 80, "weight 6")),
      at(by("wrr"), [...reals([101], 80, "weight 6; inhibit_on_failure"), ...reals([102])], "10.8.1.2 80"),
    ],
  }),
  site("the dead stay with weight 0, and a sorry server comes", {
    before: [at(by("rr", SORRY), reals(BOTH, 80, "inhibit_on_failure"))],
    after: [at(by("wrr", SORRY), reals(BOTH, 80, "inhibit_on_failure"))],
  }),
  site("weights of 0, and servers without a check", {
    before: [
      at(by("wrr"), [
        "real_server 10.9.0.103 80 {; weight 2; }",
        ...reals([101], 80, "weight 0"),
        ...reals([102]),
      ]),
      at(
        by("wrr"),
        ["real_server 10.9.0.103 80 {; }", "real_server 10.9.0.104 80 {; weight 0; }"],
        "10.8.1.2 80",
      ),
    ],
    after: [
      at(by("wrr"), [
        "real_server 10.9.0.103 80 {; weight 0; }",
        ...reals([101], 80, "weight 3"),
        ...reals([102]),
      ]),
      at(
        by("wrr"),
        ["real_server 10.9.0.103 80 {; weight 5; }", "real_server 10.9.0.104 80 {; }"],
        "10.8.1.2 80",
      ),
    ],
  }),
  site(
    "limits of connections",
    {
      before: [at(by("wlc"), reals(BOTH, 80, "uthreshold 200; lthreshold 100"))],
      after: [at(by("wrr"), reals(BOTH, 80, "uthreshold 200; lthreshold 100; weight 2"))],
    },
    { lists: ["-n --thresholds"] },
  ),
];

const reloads: readonly Configuration[] = [
  site("one service goes, one comes, one stays", {
    before: [at(by("rr")), at(by("rr"), reals(BOTH), "10.8.1.2 80")],
    after: [at(by("rr")), at(by("wlc"), reals(BOTH), "10.8.1.3 80")],
  }),
  site(
    "a reload while one is dead, and its return",
    {
      before: [at(by("wrr"), reals(THREE, 80, "weight 2"))],
      after: [at(by("wrr"), reals(THREE, 80, "weight 5"))],
    },
    {
      steps: [dies("death", 101)],
      later: [returns("return", 101), dies("all dead", ...THREE), returns("all back", ...THREE)],
    },
  ),
  site(
    "a reload while all are dead and the sorry server serves",
    {
      before: [at(by("wrr", `${SORRY}; ${quorumNoted("web")}`), reals(BOTH, 80, "weight 2"))],
      after: [at(by("wlc", `${SORRY}; ${quorumNoted("web")}`), reals(BOTH, 80, "weight 5"))],
    },
    { steps: [dies("all dead", ...BOTH)], later: [returns("return", 101), returns("all back", 102)] },
  ),
  site(
    "a reload while an inhibited one is dead",
    {
      before: [at(by("wrr", "inhibit_on_failure"), reals(BOTH, 80, "weight 2"))],
      after: [at(by("wlc", "inhibit_on_failure"), reals(BOTH, 80, "weight 5"))],
    },
    {
      steps: [dies("death", 101)],
      later: [returns("return", 101), dies("all dead", ...BOTH), returns("all back", ...BOTH)],
    },
  ),
];

export const POOLS: readonly Configuration[] = [...quorums, ...reloads];
