/** How likely an answer is to be right, as a policy judges it: `sprat.policies.confidence`. */

import type { Ask } from "../types.ts";
import { featuresOf, OF_TOKENS, type Answer } from "./features.ts";
import { Numeral } from "./json.ts";
import { probability, type Features, type Logistic } from "./logistic.ts";
import { promptFeatures } from "./prompt.ts";
import { faults } from "./rules.ts";
import type { Decision, Policy } from "./spec.ts";

export interface Confidence {
  /** 0 to 1; by rules 0 (a fault) or 1 (none). */
  readonly value: number;
  /** Whether it was learned from labelled answers, asked for in the same way, of these weights. */
  readonly calibrated: boolean;
  /** Whether the policy may decide by it; else the answer is escalated. */
  readonly decides: boolean;
  readonly why: string;
}

/**
 * The confidence in an answer; `answer` null: in the answer to come, from the request alone.
 *
 * `extra`: what a further request told. `apart`: why these weights are not those of the calibration
 * (`identity.apart`); null: they are.
 */
export function confidenceOf(
  policy: Policy,
  ask: Ask,
  answer: Answer | null,
  apart: string | null = null,
  extra: Features = {},
): Confidence {
  const learned = policy.decision.logistic;
  if (!learned) return byRules(policy, answer, "nothing was learned");
  if (answer?.logprobs.length === 0) return byRules(policy, answer, "there are no log-probabilities");
  const ofAnswer = answer ? featuresOf(answer) : {};
  if (answer && isBlind(learned, ofAnswer)) {
    return byRules(policy, answer, "none of its tokens belongs to a value");
  }
  const value = probability(learned, { ...promptFeatures(ask.messages), ...ofAnswer, ...extra });
  const off = otherSampling(policy, ask);
  if (off) return uncalibrated(policy.decision, value, `learned for other sampling: ${off}`);
  const what = policy.decision.aim === "right" ? "learned" : "learned: whether keeping it pays";
  // The same weights: what it was learned for, but for the arithmetic. It decides, and is marked.
  if (apart) return { value, calibrated: false, decides: true, why: `${what}, ${apart}` };
  return { value, calibrated: true, decides: true, why: what };
}

/** Whether it was learned from log-probabilities, and the answer has none that count. */
function isBlind(learned: Logistic, ofAnswer: Features): boolean {
  const reads = OF_TOKENS.filter((name) => learned.features.includes(name));
  return reads.length > 0 && !reads.some((name) => name in ofAnswer);
}

function uncalibrated(decision: Decision, value: number, why: string): Confidence {
  const decides = decision.logistic === null || decision.uncalibrated === "accept";
  return { value, calibrated: false, decides, why };
}

function byRules(policy: Policy, answer: Answer | null, because: string): Confidence {
  if (!answer) return uncalibrated(policy.decision, 1, `${because}, and there is no answer to judge`);
  const found = faults(policy.rules, answer);
  const why = `by rule, as ${because}: ${found.join(", ") || "no fault found"}`;
  return uncalibrated(policy.decision, found.length ? 0 : 1, why);
}

/** What is sampled otherwise than when the policy was calibrated; empty: nothing. */
function otherSampling(policy: Policy, ask: Ask): string {
  const asked: Readonly<Record<string, unknown>> = {
    temperature: ask.temperature ?? 0,
    top_p: ask.topP ?? 1,
    seed: ask.seed ?? null,
    max_tokens: ask.maxTokens ?? 256,
    presence_penalty: 0,
    frequency_penalty: 0,
  };
  const off = Object.keys(policy.sampling).toSorted().map((name) => {
    const wanted = policy.sampling[name];
    const [found, set] = [asked[name], wanted instanceof Numeral ? wanted.value : wanted];
    return found === set ? "" : `${name} ${shown(found)}, not ${shown(set)}`;
  });
  return off.filter(Boolean).join(", ");
}

/** As Python shows temperatures. */
function shown(value: unknown): string {
  return Number.isInteger(value) ? Number(value).toFixed(1) : String(value);
}

/** Whether so much confidence is enough. */
export function accepts(decision: Decision, confidence: number): boolean {
  return decision.threshold !== null && confidence >= decision.threshold;
}

/** The same in a few words. */
export function judged(decision: Decision, confidence: number): string {
  const said = `confidence ${confidence.toFixed(3)}`;
  if (decision.threshold === null) return `${said}, and none is enough`;
  const relation = accepts(decision, confidence) ? "is at least" : "is below";
  return `${said} ${relation} ${decision.threshold.toFixed(3)}`;
}
