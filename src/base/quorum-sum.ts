/** How a quorum is written in logs and mails. */

/** Quorum and hysteresis against the sum of weights: `1+0=1 <= 2` where it suffices, `2-1=1 > 0` where not. */
export function quorumSum(
  up: boolean,
  { quorum, hysteresis }: { readonly quorum: number; readonly hysteresis: number },
  weight: number,
): string {
  return up
    ? `${quorum}+${hysteresis}=${quorum + hysteresis} <= ${weight}`
    : `${quorum}-${hysteresis}=${quorum - hysteresis} > ${weight}`;
}
