/** What a question tells before anybody has answered it: `sprat.policies.prompt`. */

import type { Message } from "../types.ts";
import { python } from "../words/python.ts";
import { count, length, lines, split, strip } from "../words/text.ts";
import type { Features } from "./logistic.ts";

const NUMBER = python(String.raw`\d+(?:[.,]\d+)*`, "g");
const FACT = python(String.raw`\b(?:who|whom|whose|what|when|where|which)\b`, "i");
const WHY = python(String.raw`\b(?:why|how|explain|compare|prove|step by step)\b`, "i");
/** `str.isdigit`: decimal digits, and those in circles, brackets and beside the line. */
const DIGIT =
  /[\p{Nd}\u00b2\u00b3\u00b9\u1369-\u1371\u19da\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792\u{10a40}-\u{10a43}\u{10e60}-\u{10e68}\u{11052}-\u{1105a}\u{1f100}-\u{1f10a}]/gu;
const CAPITAL = /\p{Uppercase}/gu;
const FOREIGN = /[^\u0000-\u007f]/gu;

/** Cheap features of a conversation alone, for a policy that decides before anybody has drafted. */
export function promptFeatures(messages: readonly Message[]): Features {
  // A raw prompt, which the page never has, stands in front: hence the empty first line.
  const said = ["", ...messages.map((message) => message.content)].join("\n");
  const words = split(said);
  return {
    prompt_log_chars: Math.log1p(length(said)),
    prompt_log_words: Math.log1p(words.length),
    prompt_word_chars: words.length ? length(words.join("")) / words.length : 0,
    prompt_log_lines: Math.log1p(count(strip(said), "\n")),
    prompt_log_turns: Math.log1p(messages.length),
    prompt_log_numbers: Math.log1p(said.match(NUMBER)?.length ?? 0),
    prompt_digit_share: share(said, DIGIT),
    prompt_capital_share: share(said, CAPITAL),
    prompt_foreign_share: share(said, FOREIGN),
    prompt_code: Number(said.includes("```")),
    prompt_json: Number(said.includes("JSON")),
    ...ofQuestion(questionIn(messages)),
  };
}

function ofQuestion(asked: string): Features {
  return {
    prompt_questions: Math.log1p(count(asked, "?")),
    prompt_asks_fact: Number(FACT.test(asked)),
    prompt_asks_why: Number(WHY.test(asked)),
  };
}

/** The last line that the user said with a question mark in it; else all that was said last. */
function questionIn(messages: readonly Message[]): string {
  const last = messages.findLast((message) => message.role === "user")?.content ?? "";
  return lines(last).findLast((line) => line.includes("?")) ?? last;
}

function share(text: string, pattern: RegExp): number {
  return text ? (text.match(pattern)?.length ?? 0) / length(text) : 0;
}
