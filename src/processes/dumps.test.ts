import { expect, it } from "vitest";
import { dumpPath } from "./dumps.ts";

it.each([
  [undefined, "", "", "/tmp/keepalived.data"],
  [undefined, "_parent", "", "/tmp/keepalived_parent.data"],
  [undefined, "_bfd", "_one", "/tmp/keepalived_bfd_one.data"],
  ["/var/lib/buoy/", "_parent", "", "/var/lib/buoy/keepalived_parent.data"],
  ["/var/lib/buoy/state.txt", "_bfd", "_one", "/var/lib/buoy/state_bfd_one.txt"],
  ["/var/lib/buoy/state", "", "", "/var/lib/buoy/state"],
])("with %s, suffix '%s', instance '%s' goes to %s", (wish, suffix, instance, path) => {
  expect(dumpPath("/tmp/keepalived.data", wish, suffix, instance)).toBe(path);
});
