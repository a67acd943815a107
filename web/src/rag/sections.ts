/** The parts of a document that its headings make: `sprat.rag.sections`. */

import { length, strip } from "../words/text.ts";
import type { Content, Heading } from "./document.ts";
import { tokensAbout } from "./tokens.ts";

/** Under a heading with less than that, a deeper one begins no new passage. */
const LEAST_TOKENS = 24;

/** A part of a document that no passage reaches out of. */
export interface Section {
  readonly start: number;
  readonly end: number;
  /** The headings above it; of several small ones, those of the last. */
  readonly heading: string;
}

export function* sections({ text, headings }: Content): Generator<Section> {
  const paths = [...pathsOf(headings)];
  const first = headings[0];
  let begun = 0;
  if (first && strip(text.slice(0, first.start)) !== "") {
    yield { start: 0, end: first.start, heading: "" };
    begun = first.start;
  }
  for (const [place, heading] of paths.entries()) {
    const following = headings[place + 1];
    const until = following?.start ?? text.length;
    const here = headings[place];
    if (here && following && goesOn(here, following, text.slice(begun, until))) continue;
    yield { start: begun, end: until, heading };
    begun = until;
  }
  if (begun < text.length && !first) yield { start: begun, end: text.length, heading: "" };
}

/** Whether so little was said that the next heading belongs to it. */
function goesOn(here: Heading, following: Heading, said: string): boolean {
  if (following.level > here.level) return tokensAbout(said) < LEAST_TOKENS;
  return length(strip(said)) <= length(here.text) + 8; // Nothing but the heading and its marks.
}

function* pathsOf(headings: readonly Heading[]): Generator<string> {
  const above: Heading[] = [];
  for (const heading of headings) {
    while ((above.at(-1)?.level ?? 0) >= heading.level) above.pop();
    above.push(heading);
    yield above.map((one) => one.text).join(" > ");
  }
}
