/** What is wrong with an answer, as far as rules can tell: `sprat.policies.rules`. */

import { abstains } from "../words/abstain.ts";
import { python } from "../words/python.ts";
import { casefold, head, length, strip } from "../words/text.ts";
import type { Answer } from "./features.ts";
import type { Rules } from "./spec.ts";

/** An answer that refuses does so at once, in characters. */
const WITHIN = 200;
const CANNOT =
  "(?:can't|cannot|can not|won't|will not|couldn't|could not|am unable to|'m unable to" +
  "|am not able to|'m not able to|must decline to|don't have the ability to)";
const HELPS =
  String.raw`(?:help(?! but)|assist|provide|answer|comply|fulfil|fulfill|give|offer|generate|write` +
  "|create|discuss|share|engage|continue|translate|summari[sz]e|process|access|browse" +
  String.raw`|perform|do (?:this|that|so))\b`;
const REFUSES = python(
  String.raw`\b(?:i|we)(?: |(?='))(?:really |simply |just )?${CANNOT} ${HELPS}` +
    String.raw`|\A\W*as an? (?:ai\b|artificial intelligence|(?:large )?language model)` +
    String.raw`|\A\W*maaf\b.{0,40}\btidak (?:dapat|boleh) (?:membantu|memberi|menjawab|memenuhi)` +
    String.raw`|\A\W*samahani\b.{0,40}\bsiwezi (?:kusaidia|kutoa|kujibu|kufanya)`,
  "s",
);

/** Every fault that `rules` look for, each in a few words; empty: none was found. */
export function faults(rules: Rules, answer: Answer): string[] {
  const said = strip(answer.text);
  const found: string[] = [];
  if (length(said) < rules.min_chars) found.push("too short");
  if (rules.unknown && refuses(said)) found.push("refuses");
  else if (rules.unknown && abstains(said)) found.push("says that it does not know");
  if (rules.cut_off && answer.finish === "length") found.push("cut off");
  return found;
}

/** Whether an answer declines to help, in English, Malay or Swahili. */
export function refuses(text: string): boolean {
  return REFUSES.test(casefold(head(text, WITHIN).replaceAll("\u2019", "'")));
}
