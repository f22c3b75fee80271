/** What a configuration says about the process itself; it must be known before anything is started. */
import type { Statement, Tree } from "../config/tree.ts";

/** How this daemon differs from others on the host. */
export interface DaemonIdentity {
  /** Network namespace to run in. */
  readonly namespace: string | undefined;
  readonly instance: string | undefined;
  /** Pid files go into keepalived's directory. */
  readonly pidDirectory: boolean;
}

/** `namespace` is the command line's and comes before the file's. */
export function identityOf(tree: Tree, namespace: string | undefined): DaemonIdentity {
  return {
    namespace: namespace ?? lastOf(tree, "net_namespace")?.words[0]?.text,
    instance: lastOf(tree, "instance")?.words[0]?.text,
    pidDirectory: lastOf(tree, "use_pid_dir") !== undefined,
  };
}

/** The last statement of that name outside of blocks: it is the one that counts. */
export function lastOf(tree: Tree, keyword: string): Statement | undefined {
  return tree.statements.findLast((statement) => statement.keyword === keyword);
}

/** What keepalived adds to the name it logs under: `_NAMESPACE_INSTANCE`. */
export function identitySuffix(identity: Pick<DaemonIdentity, "namespace" | "instance">): string {
  const parts = [identity.namespace, identity.instance];
  return parts.map((part) => (part === undefined ? "" : `_${part}`)).join("");
}
