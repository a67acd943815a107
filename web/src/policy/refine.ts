/** When the large model improves a draft, and how it is asked to: `sprat.policies.refine`. */

import type { Ask } from "../types.ts";
import { python } from "../words/python.ts";
import { casefold, length } from "../words/text.ts";
import type { Answer } from "./features.ts";
import { faults } from "./rules.ts";
import type { Policy } from "./spec.ts";

const INSTRUCTION =
  "Improve your answer above: correct what is wrong in it, add what is missing, leave out what " +
  "was not asked for. Keep its language and the form that was asked for. " +
  "Reply with the improved answer only, without a word about the changes.";

/** Why the large model should improve a draft; null: it need not. */
export function due(policy: Policy, ask: Ask, draft: Answer): string | null {
  const rules = policy.refine;
  if (rules.when === "always") return "every draft is refined";
  const asked = casefold(ask.messages.map((message) => message.content).join("\n"));
  const word = rules.flags.find((flag) => stands(casefold(flag), asked));
  if (word !== undefined) return `flagged: '${word}' is in the prompt`;
  const found = faults(policy.rules, draft);
  if (found.length) return `flagged: ${found.join(", ")}`;
  const chars = length(draft.text);
  if (rules.when === "long" && chars >= rules.min_chars) {
    return `long: ${chars} characters, ${rules.min_chars} or more`;
  }
  return null;
}

function stands(word: string, text: string): boolean {
  const literal = word.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  return python(String.raw`(?<!\w)${literal}(?!\w)`).test(text);
}

/** The conversation, the draft as its answer, and what to do with it. */
export function refining(ask: Ask, draft: string): Ask {
  const turns = [
    { role: "assistant", content: draft },
    { role: "user", content: INSTRUCTION },
  ] as const;
  return { ...ask, messages: [...ask.messages, ...turns] };
}
