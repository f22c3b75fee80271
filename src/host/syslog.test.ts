import { describe, expect, it } from "vitest";
import { syslogLine } from "./syslog.ts";

describe("syslogLine", () => {
  it("has the form of libc's syslog", () => {
    const when = new Date(2026, 10, 3, 4, 5, 6);
    expect(syslogLine(30, when, "Keepalived_vrrp", 71, "(VI_1) Entering MASTER STATE")).toBe(
      "<30>Nov  3 04:05:06 Keepalived_vrrp[71]: (VI_1) Entering MASTER STATE",
    );
  });
});
