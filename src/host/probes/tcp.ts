/** TCP_CHECK: the connection comes about. */
import type { ProbeModel } from "../../model/director-models.ts";
import type { Attempt } from "./attempt.ts";
import type { WatchSocket } from "./socket-set.ts";
import { TcpStream } from "./tcp-stream.ts";

export function startTcp(
  probe: Extract<ProbeModel, { kind: "tcp" }>,
  attempt: Attempt,
  watch: WatchSocket,
): void {
  const ended = (): void => attempt.fail("connection closed");
  const user = {
    connected: () => attempt.pass("connected"),
    received: ended,
    ended,
    failed: (detail: string) => attempt.fail(detail),
  };
  const stream = new TcpStream(probe.target, user, watch);
  attempt.holds(() => stream.close());
  attempt.wait(probe.target.timeout, "no connection");
}
