/** Which facts a configuration asks of the host: found before resolving, so that resolving stays pure. */
import { EXPRESSION_SHELL, SCRIPT_ACCOUNT, SHELL } from "./commands.ts";
import type { DraftBlock } from "./draft.ts";
import type { IdentityText } from "./values.ts";

export interface WantedFacts {
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  /** First words of commands: paths, or names to be searched along PATH. */
  readonly scripts: ReadonlySet<string>;
}

/** Everything named anywhere in the tree, used or not. */
export function wantedFacts(root: DraftBlock): WantedFacts {
  const users = new Set<string>([SCRIPT_ACCOUNT]);
  const groups = new Set<string>();
  const scripts = new Set<string>([SHELL, EXPRESSION_SHELL]);
  const addIdentity = (identity: IdentityText): void => {
    users.add(identity.user);
    if (identity.group !== undefined) groups.add(identity.group);
  };
  const visit = (block: DraftBlock): void => {
    for (const statement of block.statements) {
      for (const value of statement.values) {
        if (value.kind === "identity") addIdentity(value.value);
        if (value.kind !== "command") continue;
        if (value.value.argv[0] !== undefined) scripts.add(value.value.argv[0]);
        if (value.value.identity !== undefined) addIdentity(value.value.identity);
      }
      if (statement.block !== undefined) visit(statement.block);
    }
  };
  visit(root);
  return { users, groups, scripts };
}
