/** Which words of the passages an answer rests on: `sprat.rag.support`. */

import { python } from "../words/python.ts";
import { strip } from "../words/text.ts";
import type { Shown } from "./document.ts";
import { figures, numbersThere, worded } from "./marks.ts";
import { share, terms } from "./terms.ts";

const END = python(
  String.raw`(?<=[.!?])([\"')\]]*)\s+(?=[\"'(\[]*[A-Z0-9])|\n\s*\n|\n(?=\s*[-*#|])`,
  "g",
);
/** Of the question's content words, those within so many characters stand near. */
const REACH = 200;

/** The sentence that an answer rests on; offsets are the document's. */
export interface Rests {
  readonly shown: Shown;
  readonly start: number;
  readonly end: number;
  /** The share of the answer's own content words that stand there. */
  readonly support: number;
  /** The share of the question's content words that stand there or in the sentence before. */
  readonly near: number;
}

/** Where each sentence begins and ends. */
export function* sentences(text: string): Generator<readonly [start: number, end: number]> {
  let start = 0;
  for (const found of text.matchAll(END)) {
    const last = found.index + (found[1]?.length ?? 0); // Closing brackets belong to it.
    if (strip(text.slice(start, last))) yield [start, last];
    start = found.index + found[0].length;
  }
  if (strip(text.slice(start))) yield [start, text.length];
}

/** The content words that the answer adds to the question; all of them where it adds none. */
function ownTerms(answer: string, question: string): string[] {
  const asked = new Set(terms(question));
  const said = terms(answer);
  const own = said.filter((term) => !asked.has(term));
  return own.length ? own : said;
}

/** The share of the answer's own content words in `text`; 0 if one of its numbers is not there. */
export function ownShare(answer: string, question: string, text: string): number {
  const numbers = numbersThere(text);
  if (!figures(answer).every((figure) => numbers.has(figure))) return 0;
  return share(ownTerms(worded(answer), question), new Set(terms(text)));
}

/** The sentence that holds most of what the answer says, and of what was asked; null: none does. */
export function restsOn(answer: string, question: string, passages: readonly Shown[]): Rests | null {
  const [own, asked] = [ownTerms(answer, question), terms(question)];
  let best: Rests | null = null;
  for (const shown of passages) {
    const { text, start: offset } = shown.found.passage;
    let before = new Set<string>();
    for (const [start, end] of sentences(text)) {
      const there = new Set(terms(text.slice(start, end)));
      const [support, near] = [share(own, there), share(asked, new Set([...there, ...before]))];
      const rests = { shown, start: offset + start, end: offset + end, support, near };
      if (own.length && support > 0 && (best === null || worth(rests) > worth(best))) best = rests;
      before = there;
    }
  }
  return best;
}

/** What the answer says counts most, for it is what must be shown. */
function worth(rests: Rests): number {
  return rests.support + 0.5 * rests.near;
}

/** The share of the question's content words that stand around a place of the document. */
export function nearby({ shown, start, end }: Rests, question: string): number {
  const { passage } = shown.found;
  const low = Math.max(0, start - passage.start - REACH);
  const around = passage.text.slice(low, end - passage.start + REACH);
  return share(terms(question), new Set(terms(around)));
}
