/** The words of a text that carry its content, in a form in which they can be compared. */

import { tokens } from "../words/words.ts";

const COMMON = new Set(
  ("a about after all also am an and any are as at be because been before being between both but by " +
    "can could did do does doing down during each few for from further had has have having he her " +
    "here hers him his how i if in into is it its itself just many may me might more most much must " +
    "my no nor not of off on once one only or other our out over own shall she should so some such " +
    "than that the their them then there these they this those through to too under until up upon us " +
    "very was we were what when where which while who whom whose why will with would yes you your please " +
    "tell give according passage passages document documents say says name").split(" "),
);
const ENDINGS = ["ings", "ing", "edly", "ied", "ies", "ed", "es", "ly", "s"];
const LEAST_STEM = 3;

/** The content words and numbers of `text`, in order, folded, stemmed. */
export function terms(text: string): string[] {
  return tokens(text).filter((word) => !COMMON.has(word)).map(stem);
}

/** A word without its ending; digits keep theirs. */
export function stem(word: string): string {
  if (!/^\p{L}+$/u.test(word)) return word;
  const size = [...word].length;
  const ending = ENDINGS.find((one) => word.endsWith(one) && size - one.length >= LEAST_STEM) ?? "";
  const left = word.slice(0, word.length - ending.length);
  return left.endsWith("e") && [...left].length > LEAST_STEM ? left.slice(0, -1) : left;
}

/** The share of `wanted` that stands in `there`; 1 of nothing: nothing is missing. */
export function share(wanted: readonly string[], there: ReadonlySet<string>): number {
  const different = new Set(wanted);
  const found = [...different].filter((term) => there.has(term));
  return different.size ? found.length / different.size : 1;
}
