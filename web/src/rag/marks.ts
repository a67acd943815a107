/** What turns a sentence into another one: its numbers, and its words of denial. */

import { python } from "../words/python.ts";
import { tokens } from "../words/words.ts";
import { inFigures } from "./spelled.ts";

const DENIES = new Set(
  ("not no never none nor neither without nobody nothing nowhere " +
    "tidak bukan tiada jangan tanpa belum").split(" "),
);
const CANNOT = python(String.raw`\bcan(?:not|['\u2019]t)\b`, "gi");
const SHORT = python(String.raw`n['\u2019]t\b`, "gi");
/** Before a number, and after none: "-5", not "10-15". */
const MINUS = python(String.raw`(?<![\w.,)\]])[-\u2212](?=\d)`, "g");
/** Citations, and the numbering of a list. */
const NO_NUMBER = python(String.raw`\[\s*\d[\d\s,;]*\]|^\s*\d[.)]\s`, "gm");

/** Numbers and denials in their order, each in one spelling; a lone "one" is none of them. */
export function marks(text: string): string[] {
  return signed(whole(text)).filter((word) => DENIES.has(word) || isFigure(word));
}

/** The numbers that a text claims; those of its citations and lists are none. */
export function figures(text: string): string[] {
  return marks(text.replace(NO_NUMBER, " ")).filter((mark) => !DENIES.has(mark));
}

/** Its words without the numbers. */
export function worded(text: string): string {
  return signed(whole(text)).filter((word) => !isNumber(word)).join(" ");
}

/** The numbers that a passage offers: of "2.5 million" the 2.5 too, for one may ask for that. */
export function numbersThere(text: string): Set<string> {
  const words = [...signed(whole(text)), ...signed(text)];
  return new Set(words.filter(isNumber).map((word) => (word === "one" ? "1" : word)));
}

function isNumber(word: string): boolean {
  return isFigure(word) || word === "one";
}

function isFigure(word: string): boolean {
  return /^-?\p{Nd}/u.test(word);
}

/** The tokens of a text; a number below zero has its sign. */
function signed(text: string): string[] {
  const found: string[] = [];
  for (const word of tokens(text.replace(MINUS, " minus "))) {
    if (found.at(-1) === "minus" && /^\p{Nd}/u.test(word)) found[found.length - 1] = `-${word}`;
    else found.push(word);
  }
  return found;
}

function whole(text: string): string {
  return inFigures(text.replace(CANNOT, "can not").replace(SHORT, " not"));
}
