/** The ways of the kinds of policies: who is asked, in which order, and whose answer is kept. */

import { PageError, type Ask, type Reply } from "../types.ts";
import { tokenF1 } from "../words/words.ts";
import { Attempt } from "./attempt.ts";
import { accepts, confidenceOf, judged, type Confidence } from "./confidence.ts";
import type { Answer } from "./features.ts";
import type { Features } from "./logistic.ts";
import { due, refining } from "./refine.ts";
import { faults } from "./rules.ts";
import type { Policy, Which } from "./spec.ts";
import type { Path, Turn } from "./turn.ts";

export type Way = (turn: Turn) => Promise<void>;

/** Refused by one model for what it is, so that it was never the policy's to decide. */
const CANNOT = /^(?:context|too-long|unsupported)/;

/** The small model answers; a confidence decides whether the large one answers again. */
export async function cascade(turn: Turn): Promise<void> {
  const learned = turn.policy.decision.logistic !== null;
  const draft = await drafted(turn, learned);
  if (draft.cancelled || (draft.reply && settled(turn, draft, await judge(turn, draft, draft.reply)))) {
    return accept(turn, draft);
  }
  await escalated(turn, draft, draft.reply ? "the draft was not good enough" : noAnswer(draft));
}

/** The beginning of a draft decides whether it goes on. */
export async function probe(turn: Turn): Promise<void> {
  const { probe_tokens: tokens } = turn.policy;
  const most = turn.ask.maxTokens ?? 256;
  // What is drawn is drawn again alike, so that what goes on is what was judged.
  const ask = (turn.ask.temperature ?? 0) > 0 ? { seed: 1, ...turn.ask } : turn.ask;
  const begun = { ...ask, logprobs: true, maxTokens: Math.min(tokens, most) };
  const head = await turn.small("draft", "", begun, turn.parts.onDraft);
  head.cut = head.reply?.finish === "length" && tokens < most;
  if (head.cancelled) return accept(turn, head);
  if (head.reply && settled(turn, head, ofHead(turn, head.reply, head.cut))) {
    return head.cut ? goOn(turn, head, ask) : accept(turn, head);
  }
  await escalated(turn, head, head.reply ? "its beginning was not good enough" : "there is no draft");
}

/** The whole of a draft whose beginning was good enough; it is the small model's own, whatever comes. */
async function goOn(turn: Turn, head: Attempt, ask: Ask): Promise<void> {
  const whole = await turn.small("answer", "its beginning was good enough", { ...ask, logprobs: true }, turn.say);
  if (whole.error) throw whole.error;
  whole.confidence = head.confidence;
  whole.calibrated = head.calibrated;
  turn.keep(whole, "accepted");
}

/** What is not at its end may be short, or not look like an answer yet. */
function ofHead(turn: Turn, reply: Reply, cut: boolean): Confidence {
  if (!cut) return confidenceOf(turn.policy, turn.ask, reply, turn.parts.apart());
  const policy = { ...turn.policy, rules: { ...turn.policy.rules, min_chars: 0 } };
  return confidenceOf(policy, turn.ask, { ...reply, finish: "stop" }, turn.parts.apart());
}

/** Who answers is decided from the prompt alone. */
export async function beforehand(turn: Turn): Promise<void> {
  const { decision } = turn.policy;
  const found = confidenceOf(turn.policy, turn.ask, null, turn.parts.apart());
  const enough = found.decides && accepts(decision, found.value);
  const said = found.decides ? judged(decision, found.value) : "cannot be judged";
  if (found.decides) turn.foreseen = { confidence: found.value, calibrated: found.calibrated };
  const [which, other] = enough ? (["small", "large"] as const) : (["large", "small"] as const);
  await direct(turn, which, other, `from the prompt: ${said}; ${found.why}`);
}

/** The draft where it is short and without a flag, else the large model's version. */
export async function refine(turn: Turn): Promise<void> {
  const draft = await drafted(turn, false);
  const why = draft.reply && !draft.cancelled ? due(turn.policy, turn.ask, draft.reply) : null;
  if (draft.reply && why === null) {
    draft.why = "nothing asks for refining";
    return accept(turn, draft);
  }
  const asked = draft.reply ? refining(turn.ask, draft.text) : turn.ask;
  await escalated(turn, draft, why ?? noAnswer(draft), asked);
}

/** The small model's answer where nothing is wrong with it, else the large one's. */
export async function fallback(turn: Turn): Promise<void> {
  const draft = await drafted(turn, false);
  const found = draft.reply && !draft.cancelled ? faults(turn.policy.rules, draft.reply) : [];
  draft.why = found.join(", ") || "no fault found";
  if (draft.reply && found.length === 0) return accept(turn, draft);
  await escalated(turn, draft, found.length ? `the draft: ${draft.why}` : noAnswer(draft));
}

/** One model; the `other` where it fails, or may not be asked, before its first piece. */
export async function direct(turn: Turn, which: Which, other: Which | null, why: string): Promise<void> {
  const first = await answered(turn, which, why);
  if (first.reply) return turn.keep(first, "direct");
  if (first.text || other === null || turn.signal?.aborted) throw first.error ?? nothing();
  const second = await answered(turn, other, noAnswer(first));
  if (!second.reply) throw both(first, second);
  const cannot = CANNOT.test(first.error?.code ?? "");
  turn.keep(second, cannot ? "direct" : other === "large" ? after(first) : "degraded");
}

async function answered(turn: Turn, which: Which, why: string): Promise<Attempt> {
  if (which === "large") return turn.large(why, turn.ask, null);
  return turn.small("answer", why, turn.ask, turn.say);
}

/** The large model; the draft where that fails, or may not be asked, before its first piece. */
async function escalated(turn: Turn, draft: Attempt, why: string, ask: Ask = turn.ask): Promise<void> {
  const large = await turn.large(why, ask, draft);
  if (large.reply && (large.text || large.cancelled || !draft.reply)) return turn.keep(large, after(draft));
  if (large.error && (large.text || !draft.reply)) throw both(draft, large);
  if (draft.cut) return onceMore(turn, large);
  const said = large.error?.message ?? `${large.name} answered nothing.`;
  draft.why = draft.why ? `${draft.why}; kept, because: ${said}` : `kept, because: ${said}`;
  turn.keep(draft, "degraded");
  turn.say(draft.text);
}

/** The small model's whole answer, where its draft was given up too early. */
async function onceMore(turn: Turn, large: Attempt): Promise<void> {
  const again = await turn.small("answer", `kept, because: ${large.error?.message ?? "nothing came"}`, turn.ask, turn.say);
  if (!again.reply) throw both(large, again);
  turn.keep(again, "degraded");
}

/** The path of the large model's answer after this attempt of the small one's. */
function after(draft: Attempt): Path {
  return !draft.asked || CANNOT.test(draft.error?.code ?? "") ? "direct" : "escalated";
}

async function drafted(turn: Turn, logprobs: boolean): Promise<Attempt> {
  const ask = logprobs ? { ...turn.ask, logprobs } : turn.ask;
  return turn.small("draft", "", ask, turn.parts.onDraft);
}

function accept(turn: Turn, draft: Attempt): void {
  turn.keep(draft, "accepted");
  turn.say(draft.text);
}

async function judge(turn: Turn, draft: Attempt, reply: Answer): Promise<Confidence> {
  const learned = turn.policy.decision.logistic !== null && reply.logprobs.length > 0;
  const extra = learned && turn.policy.decision.sample ? await drawn(turn, draft) : {};
  return confidenceOf(turn.policy, turn.ask, reply, turn.parts.apart(), extra);
}

/** A second answer, drawn at temperature 0.7: how alike are they? */
async function drawn(turn: Turn, draft: Attempt): Promise<Features> {
  const ask = { ...turn.ask, temperature: 0.7, seed: 1 };
  const sample = await turn.small("draft", "does it say the same?", ask, () => {});
  return sample.reply ? { agreement: tokenF1(draft.text, sample.text) } : {};
}

/** Write the judgement into the draft's attempt, and say whether it is enough. */
function settled(turn: Turn, draft: Attempt, found: Confidence): boolean {
  if (!found.decides) {
    draft.why = `cannot be judged: ${found.why}`;
    return false;
  }
  draft.why = `${judged(turn.policy.decision, found.value)}; ${found.why}`;
  draft.confidence = found.value;
  draft.calibrated = found.calibrated;
  return accepts(turn.policy.decision, found.value);
}

function noAnswer(attempt: Attempt): string {
  return `${attempt.name} gave no answer`;
}

function nothing(): PageError {
  return new PageError("failed", "No model gave an answer.", "Ask again.");
}

/** The last error, with what the first attempt failed of in its message too. */
function both(first: Attempt, last: Attempt): PageError {
  const error = last.error ?? nothing();
  if (!first.error) return error;
  const said = `${error.message} Before that ${noAnswer(first)}: ${first.error.message}`;
  return new PageError(error.code, said, error.fix);
}

/** Where a policy has no say in it. */
export function wayOf(policy: Policy): Way {
  if (policy.mode === "pre") return beforehand;
  if (policy.mode === "probe") return probe;
  const ways: Partial<Record<Policy["kind"], Way>> = { cascade, refine, fallback };
  return ways[policy.kind] ?? cascade;
}
