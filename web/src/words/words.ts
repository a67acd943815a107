/** Text made comparable: the words of `sprat.questions.scorers.words`. */

import { begins, python } from "./python.ts";
import { fold, length, split, strip } from "./text.ts";

/** A word or a number of folded text. */
export const TOKEN = python(String.raw`\d+(?:[.,:/]\d+)*|[^\W\d_]+|[^\W_]+`, "g");
const THOUSANDS = python(String.raw`\A\d{1,3}(?:,\d{3})+(?:\.\d+)?\Z`);
const DECIMAL = python(String.raw`\A\d+\.\d+\Z`);
const FENCE = python("\\A\\s*```[\\w-]*[ \\t]*\\n(.*?)\\n?\\s*```\\s*\\Z", "s");
const LABELLED = python(
  String.raw`\A\s*\**(?:final answer|answer|jawapan|jibu)\**\s*:\s*\**\s*`,
  "i",
);
const PUNCTUATION = /[\p{P}!-/:-@[-`{-~]/gu;
const ARTICLES = python(String.raw`\b(a|an|the)\b`, "g");
const QUOTES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "\u201c": "\u201d",
  "\u2018": "\u2019",
  "\u00ab": "\u00bb",
  "`": "`",
};

/** The words and numbers of `text`, folded; a number is one token in one spelling. */
export function tokens(text: string): string[] {
  return (fold(text).match(TOKEN) ?? []).map(canonical);
}

/** A number in its one spelling. */
export function canonical(token: string): string {
  const whole = THOUSANDS.test(token) ? token.replaceAll(",", "") : token;
  return DECIMAL.test(whole) ? whole.replace(/0+$/, "").replace(/\.$/, "") : whole;
}

/** `text` without a code fence, "Answer:", quotation marks or emphasis around it. */
export function bare(text: string): string {
  const inside = begins(FENCE, text)?.[1] ?? text;
  let left = strip(inside.replace(LABELLED, ""));
  while (length(left) > 1 && isWrapped([...left])) left = strip([...left].slice(1, -1).join(""));
  return left;
}

function isWrapped(chars: readonly string[]): boolean {
  const [first, last, inner] = [chars[0] ?? "", chars.at(-1), chars.slice(1, -1)];
  if (first === "*" && last === "*") return strip(chars[1] ?? "x") !== "";
  const closing = QUOTES[first];
  return closing !== undefined && closing === last && ![first, closing].some((one) => inner.includes(one));
}

/** As SQuAD's official metric compares it, in English: no case, punctuation or articles. */
export function normalize(text: string): string {
  let before = text;
  for (let turn = 0; turn < 8; turn += 1) {
    const changed = split(fold(before).replace(PUNCTUATION, "").replace(ARTICLES, " ")).join(" ");
    if (changed === before) break;
    before = changed;
  }
  return before;
}

/** How alike two texts are: harmonic mean of precision and recall over normalised words, 0 to 1. */
export function tokenF1(left: string, right: string): number {
  const [one, other] = [split(normalize(left)), split(normalize(right))];
  if (one.length === 0 || other.length === 0) return one.length === other.length ? 1 : 0;
  const there = new Map<string, number>();
  for (const word of other) there.set(word, (there.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of one) {
    const more = there.get(word) ?? 0;
    if (more > 0) shared += 1;
    there.set(word, more - 1);
  }
  return (2 * shared) / (one.length + other.length);
}
