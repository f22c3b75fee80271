/** TCP_CHECK: the connection comes about. */
import type { ProbeModel } from "../../model/director-models.ts";
import type { Attempt } from "./attempt.ts";
import { TcpStream } from "./tcp-stream.ts";

export function startTcp(probe: Extract<ProbeModel, { kind: "tcp" }>, attempt: Attempt): void {
  const ended = (): void => attempt.fail("connection closed");
  const stream = new TcpStream(probe.target, {
    connected: () => attempt.pass("connected"),
    received: ended,
    ended,
    failed: (detail) => attempt.fail(detail),
  });
  attempt.holds(() => stream.close());
  attempt.wait(probe.target.timeout, "no connection");
}
