/** What turns a sentence into another one: its numbers, and its words of denial. */

import { python } from "../words/python.ts";
import { tokens } from "../words/words.ts";

const DENIES = new Set(
  ("not no never none nor neither without nobody nothing nowhere " +
    "tidak bukan tiada jangan tanpa belum").split(" "),
);
const WORDS =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen " +
  "sixteen seventeen eighteen nineteen twenty";
const NUMBERS = new Map<string, string>([
  ...WORDS.split(" ").map((word, number): [string, string] => [word, String(number)]),
  ["thirty", "30"], ["forty", "40"], ["fifty", "50"], ["sixty", "60"], ["seventy", "70"],
  ["eighty", "80"], ["ninety", "90"], ["hundred", "100"], ["thousand", "1000"],
  ["million", "1000000"], ["billion", "1000000000"],
]);
const CANNOT = python(String.raw`\bcan(?:not|['\u2019]t)\b`, "gi");
const SHORT = python(String.raw`n['\u2019]t\b`, "gi");
/** Citations, and the numbering of a list. */
const NO_NUMBER = python(String.raw`\[\s*\d[\d\s,;]*\]|^\s*\d[.)]\s`, "gm");

/** Numbers and denials in their order, each in one spelling; "one" is none of them. */
export function marks(text: string): string[] {
  return tokens(whole(text))
    .filter((word) => DENIES.has(word) || (isNumber(word) && word !== "one"))
    .map((word) => NUMBERS.get(word) ?? word);
}

/** The numbers that a text claims; those of its citations and lists are none. */
export function figures(text: string): string[] {
  return marks(text.replace(NO_NUMBER, " ")).filter((mark) => !DENIES.has(mark));
}

/** Its words without the numbers. */
export function worded(text: string): string {
  return tokens(whole(text)).filter((word) => !isNumber(word)).join(" ");
}

/** The numbers that a passage offers. */
export function numbersThere(text: string): Set<string> {
  return new Set(tokens(text).filter(isNumber).map((word) => NUMBERS.get(word) ?? word));
}

function isNumber(word: string): boolean {
  return /^\p{Nd}/u.test(word) || NUMBERS.has(word);
}

function whole(text: string): string {
  return text.replace(CANNOT, "can not").replace(SHORT, " not");
}
