/** Whether what an answer says stands in the passages: rules, no model: `sprat.rag.weighing`. */

import { abstains } from "../words/abstain.ts";
import { python } from "../words/python.ts";
import { strip, stripStart } from "../words/text.ts";
import { Cleaner } from "./clean.ts";
import type { Shown } from "./document.ts";
import { nearby, ownShare, restsOn, type Rests } from "./support.ts";

/** The rules of `sprat.rag.gate` where nothing was learned. */
const SUPPORT = 0.8;
const OWN = 0.5;
const NEAR_UNQUOTED = 0.5;
const REFUSAL = python(String.raw`\A\W*not\s+in\s+the\s+documents?\b`, "i");
const CITED = python(String.raw`\[\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*\]`, "g");
const DIGITS = /\p{Nd}+/gu;

export interface Checked {
  /** Whether the answer's words stand in the passages; else it is "not shown in the text". */
  readonly shown: boolean;
  /** Whether the model says that the passages do not answer. */
  readonly silent: boolean;
  /** One line. */
  readonly why: string;
  /** The answer, clean, with `[n]`. */
  readonly answer: string;
  /** Numbers of passages, in the order in which the answer cites them. */
  readonly cited: readonly number[];
  /** Citations of passages that there are not; they were taken out. */
  readonly wrong: number;
  /** Where the words stand that it rests on, in the document's text; null: nowhere. */
  readonly rests: {
    readonly number: number;
    readonly entry: number;
    readonly start: number;
    readonly end: number;
  } | null;
}

/** What an answer to `question` from `passages` is worth. */
export function check(text: string, question: string, passages: readonly Shown[]): Checked {
  const said = strip(text);
  const silent = said === "" || REFUSAL.test(said) || abstains(said);
  const rests = silent ? null : restsOn(said, question, passages);
  const fault = silent ? "the model says that they do not say" : faultOf(said, question, passages, rests);
  const cleaner = new Cleaner(question, passages.length);
  const start = cleaner.feed(said);
  const answer = stripStart(start + cleaner.end(fault === null ? (rests?.shown.number ?? null) : null));
  return {
    shown: fault === null,
    silent,
    why: fault ?? "its words stand in the passages",
    answer,
    cited: cleaner.cited,
    wrong: cleaner.wrong,
    rests: rests && placeOf(rests),
  };
}

/** What an answer lacks; null: nothing. */
function faultOf(said: string, question: string, passages: readonly Shown[], rests: Rests | null): string | null {
  const support = rests?.support ?? 0;
  if (support < SUPPORT) return `${percent(support)} of its words stand in the passages`;
  const own = ownShare(said, question, restedOn(said, passages, rests));
  if (own < OWN) return `${percent(own)} of the answer's words and numbers stand in the passage`;
  const near = rests ? nearby(rests, question) : 0;
  if (near >= NEAR_UNQUOTED) return null;
  return `${percent(near)} of the question's words stand near the words that it rests on`;
}

/** The passage where its words stand, and those that it cites. */
function restedOn(said: string, passages: readonly Shown[], rests: Rests | null): string {
  const cited = Array.from(said.matchAll(CITED), (found) => found[1]?.match(DIGITS) ?? []).flat();
  const numbers = new Set([...cited.map(Number), rests?.shown.number]);
  const found = passages.filter((one) => numbers.has(one.number)).map((one) => one.found.passage);
  return found.map((passage) => `${passage.heading}\n${passage.text}`).join("\n");
}

function placeOf({ shown, start, end }: Rests): Checked["rests"] {
  return { number: shown.number, entry: shown.found.passage.entry, start, end };
}

function percent(share: number): string {
  return `${Math.round(100 * share)}%`;
}
