/** Checks of both daemons against the same servers with the same failures: both take a server out, or neither. */
import { deepEqual } from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Behaviour } from "../../support/farm.ts";
import { waitFor } from "../../support/wait.ts";
import type { MachineCase } from "../case.ts";
import { type Twin, type Twins, withTwins } from "../director/twins.ts";
import { file, real, virtual } from "../director/words.ts";

const PATIENCE = { within: 300_000, every: 500 };
const SERVER = "10.9.0.101";
const TIMING = "delay_loop 1; connect_timeout 3; retry 0; warmup 0";
const BODY = "fine weather\n";
const DIGEST = createHash("md5").update(BODY).digest("hex");

/** A server with a check, and what it may come to. */
interface Trial {
  readonly check: string;
  readonly transport: "tcp" | "udp";
  readonly well: string;
  /** Behaviour and what both are to think of it. */
  readonly ill: readonly (readonly [behaviour: string, verdict: "in" | "out"])[];
}

const get = (url: string): string => `HTTP_GET {; url {; path /; ${url}; }; ${TIMING}; }`;

const TRIALS: readonly Trial[] = [
  {
    check: `TCP_CHECK {; ${TIMING}; }`,
    transport: "tcp",
    well: "web",
    ill: [
      ["gone", "out"],
      ["silent", "in"],
    ],
  },
  {
    check: get("status_code 200"),
    transport: "tcp",
    well: "web",
    ill: [
      ["gone", "out"],
      ["silent", "out"],
      ["broken", "out"],
      ["garbage", "out"],
      ["closing", "out"],
      ["resetting", "out"],
      ["other", "in"],
    ],
  },
  {
    check: get(`digest ${DIGEST}`),
    transport: "tcp",
    well: "web",
    ill: [
      ["other", "out"],
      ["broken", "out"],
      ["garbage", "out"],
    ],
  },
  {
    check: get('regex "fine +w"'),
    transport: "tcp",
    well: "web",
    ill: [
      ["other", "out"],
      ["silent", "out"],
    ],
  },
  {
    check: get('status_code 200-299 500-503; regex "weather"; regex_options caseless'),
    transport: "tcp",
    well: "web",
    ill: [
      ["broken", "in"],
      ["other", "out"],
    ],
  },
  {
    check: `SMTP_CHECK {; helo_name twin.example; ${TIMING}; }`,
    transport: "tcp",
    well: "mail",
    ill: [
      ["gone", "out"],
      ["silent", "out"],
      ["mail-busy", "out"],
      ["mail-rude", "out"],
      ["garbage", "out"],
      ["closing", "out"],
    ],
  },
  {
    check: `DNS_CHECK {; type A; name twin.example; ${TIMING}; }`,
    transport: "udp",
    well: "dns",
    ill: [
      ["gone", "out"],
      ["silent", "out"],
      ["dns-failing", "out"],
      ["dns-stranger", "out"],
      ["garbage", "out"],
    ],
  },
  {
    check: `UDP_CHECK {; payload 01020304; ${TIMING}; }`,
    transport: "udp",
    well: "echo",
    ill: [
      ["gone", "out"],
      ["silent", "in"],
      ["garbage", "in"],
    ],
  },
  {
    check: `UDP_CHECK {; payload 01020304; require_reply 0102xx04; min_reply_length 4; max_reply_length 6; ${TIMING}; }`,
    transport: "udp",
    well: "echo",
    ill: [
      ["gone", "out"],
      ["silent", "out"],
      ["garbage", "out"],
    ],
  },
];

/** One real server for each failure of each check, by its port. */
const ATTEMPTS = TRIALS.flatMap(({ check, transport, well, ill }) =>
  ill.map(([behaviour, verdict]) => ({ check, transport, well, behaviour, verdict })),
).map((attempt, index) => ({ ...attempt, port: 2_000 + index }));

function textOf({ check, behaviour }: (typeof ATTEMPTS)[number]): string {
  return `${check.split(";").slice(0, 3).join(" ")}: ${behaviour}`;
}

/** Asked by ping, and by a script whose exit status is its weight. */
const [PINGED, SCRIPTED] = ["10.9.0.104", "10.9.0.102"] as const;
const EXTRA = [81, 82];

/** Both begin with all servers out: what is in has passed its check. */
function configuration(script: string): string {
  return file(
    "",
    virtual(
      "10.8.7.1 80",
      "alpha; lb_algo rr; lb_kind NAT; protocol TCP",
      ...ATTEMPTS.map(({ port, check }) => real(`${SERVER} ${port}`, "", check)),
      real(`${PINGED} 81`, "", `PING_CHECK {; ${TIMING}; }`),
      real(
        `${SCRIPTED} 82`,
        "",
        `MISC_CHECK {; misc_path "${script}"; misc_timeout 20; misc_dynamic; warmup 0; }`,
      ),
    ),
  );
}

/** Port and weight of the servers that are in. */
function serversIn(twin: Twin): string[] {
  const lines = [...twin.glimpse().matchAll(/-> [0-9A-F]{8}:([0-9A-F]{4}) +\S+ +(\d+)/g)];
  const found = lines.map(([, port = "", weight]) => [Number.parseInt(port, 16), weight] as const);
  return found.sort(([a], [b]) => a - b).map(([port, weight]) => `${port} ${weight}`);
}

function behave(twins: Twins, pick: (attempt: (typeof ATTEMPTS)[number]) => string): Promise<void> {
  return twins.farm.behave(
    ATTEMPTS.map((attempt): Behaviour => [pick(attempt), attempt.transport, SERVER, attempt.port]),
  );
}

async function verdicts(twins: Twins): Promise<void> {
  const { host } = twins.farm;
  const say = (status: number): string => host.writeFile("status.sh", `#!/bin/sh\nexit ${status}\n`, 0o755);
  const all = [...EXTRA, ...ATTEMPTS.map(({ port }) => port)];
  await behave(twins, ({ well }) => well);
  const script = say(0);
  for (const twin of twins.both) twin.start(configuration(script), []);
  await bothHave(twins, "when all is well", all);
  await behave(twins, ({ behaviour }) => behaviour);
  say(12);
  host.ip(`addr del ${PINGED}/24 dev eth0`);
  const left = ATTEMPTS.filter(({ verdict }) => verdict === "in").map(({ port }) => port);
  await bothHave(twins, "when each fails in its way", [82, ...left], "82 10");
  await behave(twins, ({ well }) => well);
  say(0);
  host.ip(`addr add ${PINGED}/24 dev eth0`);
  await bothHave(twins, "when all is well again", all);
  await Promise.all(twins.both.map((twin) => twin.stop()));
}

/** `weight` is the port of the scripted server and its weight. */
async function bothHave(
  twins: Twins,
  when: string,
  ports: readonly number[],
  weight = "82 1",
): Promise<void> {
  const wanted = ports.map((port) => (port === 82 ? weight : `${port} 1`));
  const isSo = (): boolean => twins.both.every((twin) => serversIn(twin).join() === wanted.join());
  try {
    await waitFor(`both to agree ${when}`, isSo, PATIENCE);
  } catch {
    for (const twin of twins.both)
      deepEqual(serversIn(twin).map(explained), wanted.map(explained), `${twin.kind} ${when}`);
  }
}

function explained(server: string): string {
  const attempt = ATTEMPTS.find(({ port }) => server.startsWith(`${port} `));
  return attempt === undefined ? server : `${server}: ${textOf(attempt)}`;
}

export const verdictCases: readonly MachineCase[] = [
  { name: "twins: verdicts of checks", run: () => withTwins(verdicts) },
];
