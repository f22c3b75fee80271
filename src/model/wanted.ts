/** Which facts a configuration asks of the host: found before resolving, so that resolving stays pure. */
import { keyFileOf } from "./auth-hmac.ts";
import { EXPRESSION_SHELL, SCRIPT_ACCOUNT, SHELL } from "./commands.ts";
import { blockOf, type DraftBlock } from "./draft.ts";
import type { IdentityText } from "./values.ts";

/** Words of `SSL` that name a file. */
export const TLS_FILES = ["ca", "certificate", "key"] as const;
const KEY_BLOCK = "vrrp_instance.auth_hmac";

export interface WantedFacts {
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  /** First words of commands: paths, or names to be searched along PATH. */
  readonly scripts: ReadonlySet<string>;
  /** Where iproute2's names are to be read, if there are routes or rules. */
  readonly routing: WantedNames | undefined;
  /** Files with keys of `auth_hmac`. */
  readonly keyFiles: ReadonlySet<string>;
  /** Files of `SSL`. */
  readonly tlsFiles: ReadonlySet<string>;
  /** Whether there is IPVS: it decides what virtual servers can do. */
  readonly ipvs: boolean;
}

export interface WantedNames {
  /** `iproute_usr_dir`; undefined is wherever the distribution has it. */
  readonly usrDirectory: string | undefined;
  readonly etcDirectory: string;
  /** Some route asks for the table of a VRF. */
  readonly vrfs: boolean;
}

/** Everything named anywhere in the tree, used or not. */
export function wantedFacts(root: DraftBlock): WantedFacts {
  const users = new Set<string>([SCRIPT_ACCOUNT]);
  const groups = new Set<string>();
  const scripts = new Set<string>([SHELL, EXPRESSION_SHELL]);
  const keyFiles = new Set<string>();
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
      const keyFile = statement.row.block === KEY_BLOCK ? keyFileOf(statement) : undefined;
      if (keyFile !== undefined) keyFiles.add(keyFile);
      if (statement.block !== undefined) visit(statement.block);
    }
  };
  visit(root);
  const ipvs = root.has("virtual_server");
  return { users, groups, scripts, keyFiles, tlsFiles: tlsFiles(root), ipvs, routing: wantedNames(root) };
}

function tlsFiles(root: DraftBlock): ReadonlySet<string> {
  const blocks = root.all("SSL").map(blockOf);
  const named = TLS_FILES.flatMap((keyword) => blocks.map((block) => block.text(keyword)));
  return new Set(named.filter((path) => path !== undefined));
}

const ETC_DIRECTORY = "/etc/iproute2";

function wantedNames(root: DraftBlock): WantedNames | undefined {
  const instances = root.all("vrrp_instance").map(blockOf);
  const lists = [
    ...["static_routes", "static_rules"].flatMap((keyword) => root.all(keyword)),
    ...instances.flatMap((block) => [...block.all("virtual_routes"), ...block.all("virtual_rules")]),
  ];
  if (lists.length === 0) return undefined;
  const globals = root.all("global_defs").map(blockOf);
  const directory = (keyword: string): string | undefined =>
    globals.map((block) => block.text(keyword)).findLast((text) => text !== undefined);
  const words = lists.flatMap(({ entries }) => entries.flatMap((entry) => entry.words));
  return {
    usrDirectory: directory("iproute_usr_dir"),
    etcDirectory: directory("iproute_etc_dir") ?? ETC_DIRECTORY,
    vrfs: words.some(({ text }) => text === "vrf"),
  };
}
