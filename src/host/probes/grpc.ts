/** A gRPC server's own word on its health (grpc.health.v1, Check). */
import type { ClientHttp2Session } from "node:http2";
import type { GrpcProbeModel } from "../../model/director-models.ts";
import { encodeHealthRequest, readHealthResponse } from "../../wire/grpc-health.ts";
import { type Attempt, NO_TLS_SESSION, type Verdict } from "./attempt.ts";
import { Http2Connection, http2Clause } from "./http2.ts";
import type { TlsContexts } from "./tls-channel.ts";

/** An answer is a dozen bytes; one longer than this is something else. */
const MAX_ANSWER = 4_096;

export function startGrpc(probe: GrpcProbeModel, attempt: Attempt, tls: TlsContexts): void {
  const connection = new Http2Connection(probe, tls, {
    reached: () => attempt.wait(probe.target.timeout, NO_TLS_SESSION),
    ready: (session) => ask(session, probe, attempt),
    failed: (detail) => attempt.fail(detail),
  });
  attempt.holds(() => connection.close());
  attempt.wait(probe.target.timeout, "no connection");
}

function ask(session: ClientHttp2Session, probe: GrpcProbeModel, attempt: Attempt): void {
  attempt.wait(probe.target.timeout, "no answer");
  const stream = session.request({
    ":method": "POST",
    ":path": "/grpc.health.v1.Health/Check",
    ":authority": probe.host,
    "content-type": "application/grpc",
    te: "trailers",
  });
  const pieces: Buffer[] = [];
  let length = 0;
  let status: string | undefined;
  const noteStatus = (headers: { readonly [name: string]: unknown }): void => {
    if (headers["grpc-status"] !== undefined) status = String(headers["grpc-status"]);
  };
  stream.on("response", (headers) => {
    noteStatus(headers);
    if (headers[":status"] !== 200) attempt.fail(`answered ${headers[":status"]}`);
  });
  stream.on("trailers", noteStatus);
  stream.on("data", (bytes: Buffer) => {
    pieces.push(bytes);
    length += bytes.length;
    if (length > MAX_ANSWER) attempt.fail("no gRPC answer");
  });
  stream.on("end", () => attempt.settle(judge(Buffer.concat(pieces), status)));
  stream.on("error", (error: NodeJS.ErrnoException) => attempt.fail(http2Clause(error)));
  stream.end(encodeHealthRequest(probe.service));
}

const STATUS_CLAUSES: Readonly<Record<string, string>> = {
  "5": "the server does not know the service",
  "12": "the server has no health service",
};

function judge(bytes: Uint8Array, status: string | undefined): Verdict {
  if (status !== undefined && status !== "0") {
    return { ok: false, detail: STATUS_CLAUSES[status] ?? `answered gRPC status ${status}` };
  }
  const health = readHealthResponse(bytes);
  if (health === undefined) return { ok: false, detail: "no gRPC answer" };
  return { ok: health === "SERVING", detail: `answered ${health}` };
}
