import { expect, it } from "vitest";
import { isFirstUserNamespace } from "./ipvs-presence.ts";

it("tells the machine's own user namespace from others", () => {
  expect(isFirstUserNamespace("         0          0 4294967295\n")).toBe(true);
  expect(isFirstUserNamespace("         0       1000          1\n")).toBe(false);
  expect(isFirstUserNamespace("")).toBe(false);
});
