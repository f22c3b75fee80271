/** Who gives an order. */
import { userInfo } from "node:os";

/** The person behind sudo, where there is one. */
export function whoAsks(): string {
  const { SUDO_USER, USER } = process.env;
  if (SUDO_USER !== undefined && SUDO_USER !== "") return SUDO_USER;
  try {
    return userInfo().username;
  } catch {
    // A container's user need not have a name.
    return USER ?? `uid ${process.getuid?.()}`;
  }
}
