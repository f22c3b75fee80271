/** The words of a route that stand for the kernel's metrics (RTAX_*). */
import type { RouteMetric } from "../base/routing.ts";
import type { Word } from "../config/tree.ts";
import type { RoutingLine } from "./routing-line.ts";

interface MetricWord {
  readonly id: number;
  readonly kind: "number" | "time" | "name" | "features";
  readonly max?: number;
  readonly lockable?: boolean;
  /** Units of the kernel in a millisecond. */
  readonly scale?: number;
}

const METRICS: ReadonlyMap<string, MetricWord> = new Map<string, MetricWord>([
  ["mtu", { id: 2, kind: "number", lockable: true }],
  ["window", { id: 3, kind: "number" }],
  ["rtt", { id: 4, kind: "time", lockable: true, scale: 8 }],
  ["rttvar", { id: 5, kind: "time", lockable: true, scale: 4 }],
  ["ssthresh", { id: 6, kind: "number", lockable: true }],
  ["cwnd", { id: 7, kind: "number", lockable: true }],
  ["advmss", { id: 8, kind: "number", lockable: true }],
  ["reordering", { id: 9, kind: "number", lockable: true }],
  ["hoplimit", { id: 10, kind: "number", max: 255 }],
  ["initcwnd", { id: 11, kind: "number" }],
  ["features", { id: 12, kind: "features" }],
  ["rto_min", { id: 13, kind: "time", lockable: true, scale: 1 }],
  ["initrwnd", { id: 14, kind: "number" }],
  ["quickack", { id: 15, kind: "number", max: 1 }],
  ["congctl", { id: 16, kind: "name", lockable: true }],
  ["fastopen_no_cookie", { id: 17, kind: "number", max: 1 }],
]);

const FEATURE_ECN = 1;
/** TCP_RTO_MIN: the kernel takes no shorter guess of a round-trip time. */
const SHORTEST_RTT = 200;
const LONGEST_NAME = 15;

/** The metric this word begins; undefined if it begins none, or its value was wrong and the line is dropped. */
export function readMetric(line: RoutingLine, word: Word): RouteMetric | "none" | undefined {
  const metric = METRICS.get(word.text);
  if (metric === undefined) return "none";
  const locked = metric.lockable === true && line.accept("lock") !== undefined;
  const value = readValue(line, metric);
  return value === undefined ? undefined : { id: metric.id, value, locked };
}

function readValue(line: RoutingLine, metric: MetricWord): number | string | undefined {
  switch (metric.kind) {
    case "number":
      return line.number(0, metric.max ?? 0xffff_ffff);
    case "time":
      return readTime(line, metric);
    case "features":
      return readFeatures(line);
    case "name": {
      const name = line.value();
      if (name === undefined || name.text.length <= LONGEST_NAME) return name?.text;
      return line.drop("invalid-value", name.span, `'${name.text}' is no name of a congestion control`);
    }
  }
}

/** `5s`, `100ms`, or a number of milliseconds, in the kernel's units. */
function readTime(line: RoutingLine, { scale = 1 }: MetricWord): number | undefined {
  const word = line.value();
  if (word === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)(s|sec|secs|ms|msec|msecs)?$/.exec(word.text);
  if (match === null) return line.drop("invalid-value", word.span, `'${word.text}' is no time`);
  const millis = Math.ceil(Number(match[1]) * (match[2]?.startsWith("s") === true ? 1000 : 1));
  if (scale === 1 || millis >= SHORTEST_RTT) return millis * scale;
  line.context.report.repair("out-of-range", word.span, `the kernel takes no time below ${SHORTEST_RTT} ms`, {
    repair: `${SHORTEST_RTT} ms is used`,
  });
  return SHORTEST_RTT * scale;
}

/** One or more names of features, of which there is one. */
function readFeatures(line: RoutingLine): number {
  const word = line.value();
  if (word !== undefined && word.text !== "ecn") {
    line.ignore(word.span, `the kernel has no feature '${word.text}' for a route`);
    return 0;
  }
  return FEATURE_ECN;
}
