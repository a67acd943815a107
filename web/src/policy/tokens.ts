/** What is kept of each token of an answer: rounded as an outcome log rounds it, so that a policy
 * decides here as it did when it was calibrated. */

import type { TokenLogprob } from "../types.ts";

/** Less likely than this is all the same. */
const LEAST_NATS = -100;
/** How many likeliest tokens, its own among them, a policy is calibrated with. */
export const ALTERNATIVES = 5;

/** One token; nats, rounded to thousandths. */
export interface TokenFacts {
  readonly text: string;
  readonly logprob: number;
  /** Its log-probability minus the likeliest other one's; null: no alternatives are known. */
  readonly margin: number | null;
  /** Of the known alternatives, and one more for all others. null: none are known. */
  readonly entropy: number | null;
}

export function factsOf(tokens: readonly TokenLogprob[]): TokenFacts[] {
  return tokens.map(facts);
}

function facts(token: TokenLogprob): TokenFacts {
  const { text, logprob } = token;
  const others = othersOf(token);
  if (others.length === 0) return { text, logprob: rounded(logprob), margin: null, entropy: null };
  const margin = Math.max(logprob, LEAST_NATS) - Math.max(...others);
  const entropy = entropyOf([logprob, ...others]);
  return { text, logprob: rounded(logprob), margin: rounded(margin), entropy: rounded(entropy) };
}

/**
 * The alternatives among the `ALTERNATIVES` likeliest tokens.
 *
 * A native engine is asked for so many and its own may be one of them; this page's engine tells the
 * others alone, so one less counts where the token itself is among the likeliest.
 */
function othersOf(token: TokenLogprob): number[] {
  const likelier = token.top.filter((value) => value > token.logprob).length;
  const count = likelier < ALTERNATIVES ? ALTERNATIVES - 1 : ALTERNATIVES;
  return token.top.slice(0, count).map((value) => Math.max(value, LEAST_NATS));
}

/**
 * `-Σ p ln p` over these and what is left of the probability.
 *
 * Source: Shannon (1948), A Mathematical Theory of Communication, section 6.
 */
function entropyOf(logprobs: readonly number[]): number {
  const shares = logprobs.map((value) => Math.exp(Math.min(0, Math.max(value, LEAST_NATS))));
  shares.push(Math.max(0, 1 - shares.reduce((sum, share) => sum + share, 0)));
  return -shares.reduce((sum, share) => sum + (share > 0 ? share * Math.log(share) : 0), 0);
}

function rounded(nats: number): number {
  const milli = 1000 * (Number.isNaN(nats) ? LEAST_NATS : Math.max(nats, LEAST_NATS));
  return halfToEven(milli) / 1000;
}

/** Python's `round`. */
function halfToEven(value: number): number {
  const below = Math.floor(value);
  const over = value - below;
  if (over !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
