/** What an answer tells about whether it is right: formulas and sources in docs/confidence.md. */

import type { Reply } from "../types.ts";
import { abstains } from "../words/abstain.ts";
import { length } from "../words/text.ts";
import { contentOf, isDocument } from "./content.ts";
import type { Features } from "./logistic.ts";
import { factsOf, type TokenFacts } from "./tokens.ts";

/** What log-probabilities tell. */
export const OF_TOKENS: readonly string[] = [
  "mean", "min", "p10", "median", "sum", "log_length", "first", "mean_margin", "min_margin",
  "mean_entropy", "max_entropy", "unsure_share", "outvoted_share",
];

/** What a policy reads of an answer. */
export type Answer = Pick<Reply, "text" | "finish" | "logprobs">;

/** The features of one greedy answer; those that it does not have are left out. */
export function featuresOf(answer: Answer): Features {
  const all = factsOf(answer.logprobs);
  const tokens = isDocument(answer.text) ? contentOf(all) : all;
  return { ...ofTokens(tokens), ...ofText(answer) };
}

function ofTokens(tokens: readonly TokenFacts[]): Features {
  if (tokens.length === 0) return {};
  const logprobs = tokens.map((token) => token.logprob);
  const ordered = logprobs.toSorted((left, right) => left - right);
  const total = sum(logprobs);
  return {
    mean: total / tokens.length,
    min: ordered[0] ?? 0,
    p10: quantile(ordered, 0.1),
    median: quantile(ordered, 0.5),
    sum: total,
    log_length: Math.log1p(tokens.length),
    first: logprobs[0] ?? 0,
    unsure_share: logprobs.filter((value) => value < Math.log(0.5)).length / tokens.length,
    ...ofAlternatives(tokens),
  };
}

function ofAlternatives(tokens: readonly TokenFacts[]): Features {
  const margins = tokens.flatMap((token) => token.margin ?? []);
  const entropies = tokens.flatMap((token) => token.entropy ?? []);
  if (margins.length === 0 || entropies.length === 0) return {};
  return {
    mean_margin: sum(margins) / margins.length,
    min_margin: Math.min(...margins),
    mean_entropy: sum(entropies) / entropies.length,
    max_entropy: Math.max(...entropies),
    outvoted_share: margins.filter((margin) => margin < 0).length / margins.length,
  };
}

function ofText(answer: Answer): Features {
  return {
    cut_off: Number(answer.finish === "length"),
    abstains: Number(abstains(answer.text)),
    log_chars: Math.log1p(length(answer.text)),
  };
}

/**
 * The quantile of sorted values, linearly interpolated.
 *
 * Source: Hyndman & Fan (1996), The American Statistician 50:361, definition 7.
 */
export function quantile(ordered: readonly number[], share: number): number {
  const place = share * (ordered.length - 1);
  const below = Math.floor(place);
  const [low, high] = [ordered[below] ?? 0, ordered[Math.min(below + 1, ordered.length - 1)] ?? 0];
  return low + (place - below) * (high - low);
}

/** Compensated, so that long answers lose nothing. Source: Neumaier (1974), ZAMM 54:39. */
function sum(values: readonly number[]): number {
  let total = 0;
  let lost = 0;
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}
