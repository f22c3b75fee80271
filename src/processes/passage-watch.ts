/** Looks now and then whether packets can pass to the servers, and says what stands in their way: once for each cause. */
import type { IpFamily } from "../base/ip.ts";
import type { Micros } from "../base/time.ts";
import { seconds } from "../base/time.ts";
import type { Loop, Timer } from "../host/loop.ts";
import { NFT_PLANE } from "../host/nft/plane.ts";
import { readForwarding, readStrictChains, readTracked } from "../host/passage.ts";
import type { DirectorModel } from "../model/director-models.ts";
import { translatedFamilies } from "../model/director-passage.ts";
import { NO_PLANE } from "../observe/pool-view.ts";
import type { Obstacle } from "../supervise/passage.ts";
import { obstaclesOf } from "../supervise/passage.ts";

const INTERVAL: Micros = seconds(30);

export type PassageWord =
  | ({ readonly kind: "Degraded" } & Obstacle)
  | { readonly kind: "Mended"; readonly what: string };

export class PassageWatch {
  readonly #loop: Loop;
  readonly #tell: (word: PassageWord) => void;
  readonly #timer: Timer;
  readonly #told = new Set<string>();
  /** Of servers that are reached by NAT. */
  #families: readonly IpFamily[] = [];
  #plane = NO_PLANE;
  #looking = false;

  constructor(loop: Loop, tell: (word: PassageWord) => void) {
    this.#loop = loop;
    this.#tell = tell;
    this.#timer = loop.timer(() => this.#look());
  }

  /** Of a table in another network namespace nothing is known. */
  configure(model: DirectorModel, plane: string): void {
    const isKnown = plane !== NO_PLANE && model.tableNamespace === undefined;
    this.#plane = plane;
    this.#families = isKnown ? translatedFamilies(model.virtualServers) : [];
    this.#look();
  }

  close(): void {
    this.#families = [];
    this.#told.clear();
    this.#timer.close();
  }

  #look(): void {
    const isNeeded = this.#families.length > 0;
    this.#timer.set(isNeeded ? this.#loop.now() + INTERVAL : undefined);
    if (!isNeeded) this.#compare([]);
    if (!isNeeded || this.#looking) return;
    this.#looking = true;
    readStrictChains(this.#loop, (strictChains) => {
      this.#looking = false;
      const facts = { forwarding: readForwarding(), tracked: readTracked(), strictChains };
      this.#compare(obstaclesOf(this.#families, this.#plane === NFT_PLANE, facts));
    });
  }

  #compare(found: readonly Obstacle[]): void {
    for (const what of this.#told) {
      if (found.some((one) => one.what === what)) continue;
      this.#told.delete(what);
      this.#tell({ kind: "Mended", what });
    }
    for (const obstacle of found) {
      if (this.#told.has(obstacle.what)) continue;
      this.#told.add(obstacle.what);
      this.#tell({ kind: "Degraded", ...obstacle });
    }
  }
}
