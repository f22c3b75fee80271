/** What the system or a peer refused, as a clause for people. */
import type { OsError } from "../../base/result.ts";

const BY_ERRNO: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection closed",
  ECONNABORTED: "connection aborted",
  ETIMEDOUT: "connection timed out",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  EHOSTDOWN: "host down",
  ENONET: "network unreachable",
  EADDRNOTAVAIL: "no local address to connect from",
  EADDRINUSE: "local port in use",
  EMFILE: "too many open files on this host",
  ENFILE: "too many open files on this host",
  ENOBUFS: "no buffers on this host",
  ENOMEM: "no memory on this host",
  EACCES: "not permitted",
  EPERM: "not permitted",
};

/** `connection refused` for ECONNREFUSED; the name itself where there is no better word. */
export function errnoClause(errno: string): string {
  return BY_ERRNO[errno] ?? errno;
}

/** What this host lacks: no word about the server, whichever call says it. */
const LACKS: ReadonlySet<string> = new Set([
  "EADDRNOTAVAIL",
  "EADDRINUSE",
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EAGAIN",
  "EACCES",
  "EPERM",
]);

/** Whether a refusal is about this host. A connection or a datagram may be refused for what is known of the way to the server. */
export function isLocal({ call, errno }: OsError): boolean {
  return (call !== "connect" && call !== "send") || LACKS.has(errno);
}

/** A refusal that happened on this host, before anything was sent. */
export function localClause(error: OsError): string {
  if (error.call === "connect" || error.call === "send") return errnoClause(error.errno);
  return `cannot ${error.call} ${error.subject}: ${errnoClause(error.errno)}`;
}
