/** Logistic regression over named features, as a policy file holds it. */

export interface Logistic {
  readonly features: readonly string[];
  readonly centres: readonly number[];
  readonly scales: readonly number[];
  readonly weights: readonly number[];
  readonly bias: number;
}

export type Features = Readonly<Record<string, number>>;

/**
 * `1 / (1 + exp(-(bias + Σ weight · (feature - centre) / scale)))`.
 *
 * A feature that an answer lacks counts as its centre: it says nothing either way.
 */
export function probability(learned: Logistic, values: Features): number {
  let score = 0;
  learned.features.forEach((name, at) => {
    const value = values[name];
    if (value === undefined) return;
    const [weight, centre, scale] = [learned.weights[at], learned.centres[at], learned.scales[at]];
    score += ((weight ?? 0) * (value - (centre ?? 0))) / (scale ?? 1);
  });
  return sigmoid(learned.bias + score);
}

/** Stable for scores of any size. */
function sigmoid(score: number): number {
  return score >= 0 ? 1 / (1 + Math.exp(-score)) : Math.exp(score) / (1 + Math.exp(score));
}
