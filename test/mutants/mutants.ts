/**
 * Ways in which the core could be wrong, as textual patches of its sources. The simulator must find each of them: a change
 * of the engine that moves a line below has to move the patch with it.
 */
export interface Mutant {
  readonly name: string;
  /** What an operator would see. */
  readonly effect: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /**
   * Whether the checkers of the whole world find it too, which see states and addresses but no single step. Not so where a
   * world that settles in the wrong way still settles.
   */
  readonly showsInWorld: boolean;
  /** Looked for in the long runs only. */
  readonly isLong?: true;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "deaf",
    effect: "advertisements are counted and otherwise ignored: every router is master",
    file: "src/vrrp/automaton.ts",
    find: 'if (memory.phase.kind === "MASTER") receiveAsMaster(',
    replace:
      'if (memory.phase.kind !== "INIT") return;\n  if (memory.phase.kind === "MASTER") receiveAsMaster(',
    showsInWorld: true,
  },
  {
    name: "silent",
    effect: "a master speaks when it becomes one and never again",
    file: "src/vrrp/automaton.ts",
    find: "    advertise(turn, instance);\n    phase.advertAt = nextAdvertAt(",
    replace: "    phase.advertAt = nextAdvertAt(",
    showsInWorld: true,
  },
  {
    name: "tie inverted",
    effect: "of two masters with equal priority the lower address stays",
    file: "src/vrrp/election.ts",
    find: "compareIp(advertiser, ownAddress) > 0",
    replace: "compareIp(advertiser, ownAddress) < 0",
    showsInWorld: true,
  },
  {
    name: "wrong skew",
    effect: "the lowest priority is the first to take over",
    file: "src/vrrp/timers.ts",
    find: "((256 - priority) * unit) / 256",
    replace: "(priority * unit) / 256",
    showsInWorld: true,
  },
  {
    name: "no priority 0",
    effect: "a master that stops or fails leaves without a word",
    file: "src/vrrp/transition.ts",
    find: "if (resigns) resign(turn, instance);",
    replace: "",
    showsInWorld: true,
  },
  {
    name: "timer never re-armed",
    effect: "a backup takes over from a living master when its first timer ends",
    file: "src/vrrp/automaton.ts",
    find: "  phase.masterDownAt = turn.now + masterDownOf(instance);\n  if (instance.group?.joining",
    replace: "  if (instance.group?.joining",
    showsInWorld: true,
  },
  {
    name: "VIP kept in BACKUP",
    effect: "a master that gives way keeps the addresses",
    file: "src/vrrp/transition.ts",
    find: "if (!transition.keepsAddresses) letGo(turn, instance);\n}",
    replace: 'if (!transition.keepsAddresses && transition.to !== "BACKUP") letGo(turn, instance);\n}',
    showsInWorld: true,
  },
  {
    name: "lost ActionFailed",
    effect: "an address that the kernel refused is taken for one under way",
    file: "src/vrrp/engine.ts",
    find: 'if (answer.kind === "ActionFailed") settleFailed(turn, holder, record, answer.error);',
    replace: 'if (answer.kind === "ActionFailed") return;',
    showsInWorld: true,
  },
  {
    name: "preempts when told not to",
    effect: "nopreempt is read and not obeyed",
    file: "src/vrrp/election.ts",
    find: "return !preempt || advertised >= own",
    replace: "return advertised >= own",
    showsInWorld: true,
  },
  {
    name: "accepts a bad checksum",
    effect: "a damaged advertisement counts",
    file: "src/vrrp/receive.ts",
    find: 'if (!packet.checksumVerified && !hasGoodChecksum(turn, instance, packet, header)) return "checksum";',
    replace:
      'if (!packet.checksumVerified && !hasGoodChecksum(turn, instance, packet, header) && packet.family === "ipv6") return "checksum";',
    showsInWorld: true,
  },
  {
    name: "a group follows its first member",
    effect: "a sync group is master as soon as one member would be",
    file: "src/vrrp/sync-group.ts",
    find: "wishOf(instance) === undefined)) return [];",
    replace: "wishOf(instance) === undefined && wishes.length === 0)) return [];",
    showsInWorld: false,
  },
  {
    name: "a group yields in part",
    effect: "a higher advertisement on one LAN takes only that LAN's addresses away",
    file: "src/vrrp/sync-group.ts",
    find: "return [...wishes, ...others.map((instance) => follow(turn, group, instance, trigger))];",
    replace: "return wishes;",
    showsInWorld: false,
  },
  {
    name: "a group fails in part",
    effect: "members of a sync group stay master while another has a fault",
    file: "src/vrrp/sync-group.ts",
    find: "return [...own, ...others.map((instance) => follow(turn, group, instance, trigger))];",
    replace: "return own;",
    showsInWorld: true,
  },
  {
    name: "a reload is patient",
    effect: "each reload that changes a backup makes it wait anew for a master that is gone",
    file: "src/vrrp/reload.ts",
    find: "phase.masterDownAt = Math.min(phase.masterDownAt, turn.now + masterDownOf(instance));",
    replace: "phase.masterDownAt = turn.now + masterDownOf(instance);",
    showsInWorld: false,
  },
  {
    name: "a removed address stays",
    effect: "what a reload takes out of the configuration stays on the interface",
    file: "src/vrrp/holdings.ts",
    find: 'request(turn, holder, "remove", leaving);',
    replace: "",
    showsInWorld: true,
  },
  {
    name: "an order lets go at once",
    effect: "a failover leaves the addresses with nobody until a backup's skew has passed",
    file: "src/vrrp/order-book.ts",
    find: "    handOver(turn, instance, phase, 1);",
    replace:
      '    turn.wishes.push({ instance, to: "BACKUP", cause: [orderFact(turn, instance)], resigns: true, due: turn.now });',
    showsInWorld: true,
  },
  {
    name: "a freeze forgets the priority",
    effect: "a tracker changes the priority of a frozen router",
    file: "src/vrrp/automaton.ts",
    find: 'if (!memory.frozen || memory.phase.kind === "INIT")',
    replace: "if (memory.phase !== undefined)",
    showsInWorld: true,
  },
  {
    name: "an unsigned word counts",
    effect: "auth_hmac in enforce mode takes advertisements that nobody has signed",
    file: "src/vrrp/authenticate.ts",
    find: 'if (authHmac.mode === "enforce") return "auth-ext-missing";',
    replace: "",
    showsInWorld: true,
  },
  {
    name: "any signature is good",
    effect: "an advertisement with a trailer of anybody's making counts",
    file: "src/vrrp/authenticate.ts",
    find: 'if (!verifyTrailer(message, bytes, subject, fromHex(key.secret))) return "auth-ext-invalid";',
    replace: "",
    showsInWorld: false,
    isLong: true,
  },
  {
    name: "stranded by the clock",
    effect: "after a step back of its clock a router signs with numbers of the future, which nobody believes",
    file: "src/vrrp/authenticate.ts",
    find: "if (!stranded) next = nextSequence(last);",
    replace: "next = nextSequence(last);",
    showsInWorld: true,
    isLong: true,
  },
  {
    name: "a replay counts",
    effect: "a recorded advertisement keeps backups waiting for a master that is gone",
    file: "src/vrrp/authenticate.ts",
    find: "!isAfter(heard.sequence, known.sequence)) return false;",
    replace: "!isAfter(heard.sequence, known.sequence)) return true;",
    showsInWorld: false,
    isLong: true,
  },
  {
    name: "one number for two masters",
    effect: "two masters that speak at once under an Authentication Header never hear each other",
    file: "src/vrrp/authenticate.ts",
    find: "return sequence > ahSequence || (ahOwn && sequence === ahSequence);",
    replace: "return sequence > ahSequence;",
    showsInWorld: false,
    isLong: true,
  },
  {
    name: "a count that begins anew",
    effect: "a master that is restarted warm says numbers that its backups have heard: another takes over",
    file: "src/vrrp/restore.ts",
    find: "    passAhSequence(instance, phase.advertAt, turn.now);\n",
    replace: "",
    showsInWorld: false,
    isLong: true,
  },
  {
    name: "strangers count",
    effect: "check_unicast_src is read and not obeyed",
    file: "src/vrrp/receive.ts",
    find: 'if (model.unicast?.checkSource === true && peer === undefined) return "unicast-source";',
    replace: "",
    showsInWorld: false,
  },
  {
    name: "a window that is open",
    effect: "min_ttl and max_ttl of a peer are read and not obeyed",
    file: "src/vrrp/receive.ts",
    find: 'return isInside ? undefined : "ttl-window";',
    replace: "return undefined;",
    showsInWorld: true,
    isLong: true,
  },
  {
    name: "a peer is left out",
    effect: "of several unicast peers the last is not told",
    file: "src/vrrp/peers.ts",
    find: "return [...new Set(addresses)].filter(",
    replace: "return [...new Set(addresses.slice(0, Math.max(1, addresses.length - 1)))].filter(",
    showsInWorld: true,
    isLong: true,
  },
  {
    name: "once in a group, always in it",
    effect: "an instance that a reload takes out of its sync group goes on to fail with it",
    file: "src/vrrp/sync-group.ts",
    find: "    instance.group = undefined;\n",
    replace: "",
    showsInWorld: false,
  },
  {
    name: "a name is an identity",
    effect: "a reload that renames an instance takes its addresses away",
    file: "src/vrrp/reload.ts",
    find: "const known = byKey.get(next.key);",
    replace:
      "const found = byKey.get(next.key);\n    const known = found?.model.name === next.name ? found : undefined;",
    showsInWorld: false,
  },
  {
    name: "an order without an end",
    effect: "a failover for ten minutes is one for ever",
    file: "src/vrrp/order-book.ts",
    find: "if (standing.length === turn.memory.orders.length) return false;",
    replace: "if (standing.length <= turn.memory.orders.length) return false;",
    showsInWorld: true,
  },
  {
    name: "an order for everybody",
    effect: "a failover of one instance hands over all of them",
    file: "src/vrrp/order-book.ts",
    find: "if (subject === undefined || subject === model.name) return true;",
    replace: "if (subject !== model.name || group === undefined) return true;",
    showsInWorld: false,
    isLong: true,
  },
  {
    name: "too many are enough",
    effect: "a runaway program passes for a sound one",
    file: "src/model/process-quorum.ts",
    find: "return count >= quorum && (quorumMax === undefined || count <= quorumMax);",
    replace: "return count >= quorum || quorumMax === 0;",
    showsInWorld: true,
  },
];
