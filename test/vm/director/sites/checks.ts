/** Files that differ in how servers are looked at. */
import { type Configuration, dies, returns, type Step, told } from "../play.ts";
import { PROGRAM, type Twins, VALUE } from "../twins.ts";
import { reals } from "../words.ts";
import { at, BOTH, by, checked, site } from "./site.ts";

const TCP = "TCP_CHECK {; connect_port 80; connect_timeout 20; retry 0; }";
const program = (words = ""): string => `MISC_CHECK {; misc_path "${PROGRAM}"; misc_timeout 30; ${words}; }`;
const HTTP = `HTTP_GET {; connect_timeout 20; retry 0; delay_before_retry 1; fast_recovery
url {; path /; status_code 200; }; url {; path /other; regex fine; }; }`;
const DNS = "DNS_CHECK {; connect_port 53; connect_timeout 5; retry 0; type A; name www.example; }";

const WEIGHED = "-a -t 10.8.1.1:80 -r 10.9.0.101:80 -g -w";

/** What programs end with and tracked files hold from now on. */
const says = (name: string, value: number, more: Partial<Step> = { changes: "table" }): Step => ({
  name,
  act: (twins) => twins.say(value),
  ...more,
});

const turned = (to: "UP" | "DOWN", ...servers: readonly number[]): Partial<Step> => ({
  turns: { servers, to },
});

const answerNames = (
  twins: Twins,
  behaviour: "dns" | "dns-failing",
  servers: readonly number[],
): Promise<void> => twins.farm.behave(servers.map((last) => [behaviour, "udp", `10.9.0.${last}`, 53]));

const names = (
  name: string,
  behaviour: "dns" | "dns-failing",
  to: "UP" | "DOWN",
  ...servers: number[]
): Step => ({
  name,
  act: (twins) => answerNames(twins, behaviour, servers),
  turns: { servers, to },
});

export const CHECKS: readonly Configuration[] = [
  site(
    "MISC_CHECK that gives weights",
    {
      before: [at(by("wrr"), [checked(101, "weight 10", program("misc_dynamic")), ...reals([102])])],
      after: [at(by("wrr"), [checked(101, "weight 20", program("misc_dynamic")), ...reals([102])])],
    },
    {
      steps: [
        says("weight of the program", 42),
        says("weight 0", 2),
        says("death", 1, turned("DOWN", 101)),
        says("return", 52, turned("UP", 101)),
        says("all dead", 1, turned("DOWN", 101)),
        dies("the other too", 102),
        returns("the other back", 102),
        says("own weight", 0, turned("UP", 101)),
      ],
      later: [says("weight after the reload", 32)],
      // 2.2.7 takes the last exit code, 0, for a weight.
      differences: { reload: { ours: [`${WEIGHED} 20`], theirs: [`${WEIGHED} 0`] } },
    },
  ),
  site(
    "FILE_CHECK that adds to weights",
    {
      before: [
        `track_file load {; file "${VALUE}"; weight 1; };`,
        at(by("wrr"), [
          checked(101, "weight 10", "FILE_CHECK {; track_file load; weight 2; }"),
          ...reals([102]),
        ]),
      ],
      after: [
        `track_file load {; file "${VALUE}"; weight 1; };`,
        at(by("wrr"), [
          checked(101, "weight 30", "FILE_CHECK {; track_file load; weight 2; }"),
          ...reals([102]),
        ]),
      ],
    },
    {
      steps: [says("more", 7), says("less", -3), dies("death", 102), returns("return", 102)],
      later: [says("more after the reload", 4)],
    },
  ),
  site(
    "several checks of one server",
    {
      before: [
        at(
          by("rr"),
          BOTH.map((last) => checked(last, "", TCP, HTTP, program())),
        ),
      ],
      after: [
        at(
          by("wrr"),
          BOTH.map((last) => checked(last, "", TCP, program())),
        ),
      ],
    },
    {
      steps: [
        dies("death", 101),
        returns("return", 101),
        says("programs fail", 1, turned("DOWN", ...BOTH)),
        says("programs succeed", 0, turned("UP", ...BOTH)),
      ],
    },
  ),
  site("HTTP_GET with several pages", {
    before: [
      at(
        by("rr"),
        BOTH.map((last) => checked(last, "", HTTP)),
      ),
    ],
    after: [
      at(
        by("wrr"),
        BOTH.map((last) => checked(last, "weight 3", HTTP)),
      ),
    ],
  }),
  site(
    "DNS_CHECK of a name service",
    {
      before: [
        at(
          "lb_algo rr; lb_kind DR; protocol UDP",
          BOTH.map((last) => checked(last, "", DNS)),
          "10.8.1.1 80",
        ),
      ],
      after: [
        at(
          "lb_algo wrr; lb_kind DR; protocol UDP",
          BOTH.map((last) => checked(last, "", DNS)),
          "10.8.1.1 80",
        ),
      ],
    },
    {
      first: (twins) => answerNames(twins, "dns", BOTH),
      steps: [
        names("death", "dns-failing", "DOWN", 101),
        names("return", "dns", "UP", 101),
        names("all dead", "dns-failing", "DOWN", ...BOTH),
        names("all back", "dns", "UP", ...BOTH),
      ],
    },
  ),
  site(
    "words of 1.x: nb_get_retry, nat_mask, no protocol",
    {
      before: [
        "virtual_server 10.8.1.1 80 {; delay_loop 2; lb_algo rr; lb_kind NAT; nat_mask 255.255.255.0; protocol TCP",
        ...BOTH.map((last) =>
          checked(
            last,
            "",
            "HTTP_GET {; nb_get_retry 1; delay_before_retry 1; connect_timeout 20; url {; path /; status_code 200; }; }",
          ),
        ),
        "}",
      ],
      after: [
        "virtual_server 10.8.1.1 80 {; delay_loop 2; lvs_sched wlc; lvs_method NAT; protocol TCP",
        ...reals(BOTH, 8080),
        "}",
      ],
    },
    // keepalived judges the quorum after the removals alone.
    { differences: { reload: { theirs: [told("VS [10.8.1.1]:tcp:80 DOWN")] } } },
  ),
];
