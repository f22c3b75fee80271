/** When a service has enough live weight. */

/** The bound that the sum of live weights is held against: hysteresis widens it against the present state. */
export function quorumBound(
  up: boolean,
  model: { readonly quorum: number; readonly hysteresis: number },
): number {
  return up ? model.quorum - model.hysteresis : model.quorum + model.hysteresis;
}

/** The state that follows: lost below the lower bound or without any weight, gained at the upper one. */
export function nextQuorum(
  up: boolean,
  weight: number,
  model: { readonly quorum: number; readonly hysteresis: number },
): boolean {
  const bound = quorumBound(up, model);
  return up ? weight > 0 && weight >= bound : weight >= bound;
}
