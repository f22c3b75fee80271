/** `authentication { ... }`: passwords of VRRP version 2, in clear text or as the key of an Authentication Header. */

import type { AuthenticationModel } from "./advertising.ts";
import type { ResolveContext } from "./context.ts";
import { blockOf, type DraftBlock, type DraftStatement } from "./draft.ts";

/** Bytes of the authentication field. */
const PASSWORD_BYTES = 8;
const NONE: AuthenticationModel = { kind: "none" };

export function resolveAuthentication(
  instance: DraftBlock,
  version: 2 | 3,
  context: ResolveContext,
): AuthenticationModel {
  const statement = instance.last("authentication");
  if (statement === undefined) return NONE;
  const block = blockOf(statement);
  const kind = block.text("auth_type");
  if (kind === undefined) {
    if (block.has("auth_pass")) {
      context.report.note("no-auth-type", statement.span, "a password without auth_type is not used");
    }
    return NONE;
  }
  if (version === 3) {
    context.report.repair("authentication", statement.span, "VRRP version 3 has no authentication", {
      repair: "it is ignored",
    });
    return NONE;
  }
  return readPassword(kind === "AH" ? "ah" : "pass", block, statement, context);
}

function readPassword(
  kind: "pass" | "ah",
  block: DraftBlock,
  statement: DraftStatement,
  context: ResolveContext,
): AuthenticationModel {
  const password = block.text("auth_pass");
  if (password === undefined) {
    context.report.repair(
      "authentication",
      statement.span,
      `auth_type ${kind === "ah" ? "AH" : "PASS"} has no auth_pass`,
      {
        repair: "there is no authentication",
      },
    );
    return NONE;
  }
  const kept = truncate(password, PASSWORD_BYTES);
  if (kept !== password) {
    context.report.repair(
      "password-too-long",
      block.last("auth_pass")?.span,
      "auth_pass is longer than 8 bytes",
      {
        repair: "the first 8 are used",
        secret: true,
      },
    );
  }
  return { kind, password: kept };
}

/** The longest beginning that fits into so many bytes of UTF-8. */
function truncate(text: string, bytes: number): string {
  let size = 0;
  let kept = "";
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    size += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (size > bytes) break;
    kept += character;
  }
  return kept;
}
