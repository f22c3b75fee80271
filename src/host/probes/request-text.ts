/** The request of a check, as keepalived words it: servers may look at it, and so may filters on the way. */
import type { HttpProbeModel } from "../../model/director-models.ts";

/** For a page of HTTP/1. */
export function requestText(
  { path, host }: { readonly path: string; readonly host: string },
  protocol: HttpProbeModel["protocol"],
): string {
  const version = protocol === "1.1" ? "1.1" : "1.0";
  const close = protocol === "1.0" ? "" : "Connection: close\r\n";
  return `GET ${path} HTTP/${version}\r\nUser-Agent: KeepAliveClient\r\n${close}Host: ${host}\r\n\r\n`;
}
