/** Two directors in namespaces of the machine. Times are generous: programs run slowly here. */
import { Director, type DirectorKind } from "../../support/director.ts";
import { type Host, Lan } from "../../support/lan.ts";
import { waitFor } from "../../support/wait.ts";

export const ADDRESS = "10.9.0.100";
const PATIENCE_MS = 90_000;

export interface PairOptions {
  readonly kinds: readonly [DirectorKind, DirectorKind];
  /** Builds what the instance lives on, before anything starts. */
  readonly prepare: (lan: Lan, host: Host, number: 1 | 2) => void;
  readonly interface: string;
  /** What holds the address, where it is not the instance's own interface. */
  readonly holder?: string;
  /** Further lines of `global_defs`. */
  readonly globals?: string;
  /** Further lines of the instance, of the first and of the second. */
  readonly extra?: (number: 1 | 2) => string;
}

export class MachinePair {
  readonly lan = new Lan();
  readonly one: Director;
  readonly two: Director;
  readonly #options: PairOptions;

  constructor(options: PairOptions) {
    this.#options = options;
    const [one, two] = options.kinds;
    this.one = this.#add("one", 1, one);
    this.two = this.#add("two", 2, two);
  }

  #add(name: string, number: 1 | 2, kind: DirectorKind): Director {
    const host = this.lan.addHost(name);
    this.#options.prepare(this.lan, host, number);
    return new Director(kind, host);
  }

  /** Starts both; the first is to be master. */
  async start(): Promise<void> {
    this.one.start(this.config(150, 1));
    this.two.start(this.config(100, 2));
    await this.waitForMaster(this.one);
  }

  config(priority: number, number: 1 | 2): string {
    return `
global_defs {
  router_id test
  ${this.#options.globals ?? ""}
}
vrrp_instance VI_1 {
  state BACKUP
  interface ${this.#options.interface}
  virtual_router_id 51
  priority ${priority}
  advert_int 0.5
  version 3
  virtual_ipaddress {
    ${ADDRESS}/24
  }
  ${this.#options.extra?.(number) ?? ""}
}
`;
  }

  holds(director: Director): boolean {
    const name = this.#options.holder ?? this.#options.interface;
    const isThere = director.host.run("ip", "-o", "link").includes(` ${name}@`);
    return (isThere || this.#options.holder === undefined) && director.host.holds(ADDRESS, name);
  }

  async waitForMaster(director: Director): Promise<void> {
    const other = director === this.one ? this.two : this.one;
    await waitFor(
      `${director.host.name} (${director.kind}) to be the only master`,
      () => this.holds(director) && !this.holds(other),
      { within: PATIENCE_MS, every: 1_000, detail: () => this.story() },
    );
  }

  /** What both printed. */
  story(): string {
    return [this.one, this.two]
      .map((director) => `--- ${director.host.name} (${director.kind})\n${director.output.slice(-3_000)}`)
      .join("\n");
  }

  async stop(): Promise<void> {
    await Promise.all([this.one.stop(), this.two.stop()]);
  }
}

/** Runs a story with a pair; a failure tells what both printed. */
export async function withPair(
  options: PairOptions,
  story: (pair: MachinePair) => Promise<void>,
): Promise<void> {
  const pair = new MachinePair(options);
  try {
    await pair.start();
    await story(pair);
    await pair.stop();
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${pair.story()}`, { cause: error });
  } finally {
    pair.lan.destroy();
  }
}
