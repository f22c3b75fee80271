/**
 * "Did you mean": the nearest of some known names.
 * The distance counts insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
 */

/** The distance, or `bound + 1` as soon as it must exceed the bound. */
export function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) > bound) return bound + 1;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (previous[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, (beforePrevious[j - 2] ?? 0) + 1);
      row.push(cost);
      least = Math.min(least, cost);
    }
    if (least > bound) return bound + 1;
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length] ?? bound + 1;
}

/** How far a name may be off: short words need a closer match. */
function tolerance(length: number): number {
  return length <= 3 ? 1 : length <= 7 ? 2 : 3;
}

/** The nearest candidate within reach, or undefined. Case and `-` for `_` count for little; ties go to the earlier one. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = normalise(word);
  if (wanted === "" || word.length > 80) return undefined;
  let best: string | undefined;
  let bestDistance = tolerance(wanted.length) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, normalise(candidate), bestDistance - 1);
    if (distance < bestDistance && candidate !== word && distance < candidate.length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function normalise(word: string): string {
  return word.toLowerCase().replaceAll("-", "_");
}

/** "did you mean 'x'?", for a hint; undefined where nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const nearest = suggest(word, candidates);
  return nearest === undefined ? undefined : `did you mean '${nearest}'?`;
}
