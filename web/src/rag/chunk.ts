/** A document → the passages it is cut into, each with its exact place: `sprat.rag.chunk`. */

import { python } from "../words/python.ts";
import { strip, stripStart } from "../words/text.ts";
import type { Content, Passage } from "./document.ts";
import { sections, type Section } from "./sections.ts";
import { tokensAbout } from "./tokens.ts";

/** Of a passage and its headings: MiniLM reads 256, and six passages fit a small model's prompt. */
const MOST_TOKENS = 200;
/** Of those, how many the headings may take. */
const HEADING_TOKENS = 40;
/** How much larger than the mean of its section a passage may be, so that the last is no crumb. */
const EVEN = 1.15;

const FENCE = python(
  "^ {0,3}(`{3,}|~{3,})[^\\n]*\\n.*?(?:^ {0,3}\\1[`~]*[ \\t]*$|\\Z)",
  "gms",
);
const BLANK = python(String.raw`\n(?:[ \t]*\n)+`, "g");
const ITEM = python(String.raw`\n(?=[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t])`, "g");
/** A table's row or the edge of code: what has one is cut between lines, not between sentences. */
const ROWS = python("^[ \\t]*(?:\\||`{3}|~{3})", "gm");
const WORD = python(String.raw`\S+\s*|\s+`, "g");
const LINE = /\n/g;
const SENTENCE = /(?:[.!?;]|\.\)|\."|\.\u201d)[ \n]|\u061f |[\u3002\uff01\uff1f\u0964\u06d4]/g;
const SAID = /[\p{L}\p{N}]/u;

type Span = readonly [start: number, end: number];

/**
 * The passages of a document, in its order.
 *
 * A heading begins a new one, unless there is next to nothing under it. What is too long is cut
 * between paragraphs, then list items, sentences, lines, words, and characters at last.
 */
export function chunk(entry: number, content: Content): Passage[] {
  const cut = new Cut(content);
  return [...sections(content)].flatMap((section) =>
    cut.spans(section).flatMap((span) => passageAt(entry, content.text, span, section) ?? []),
  );
}

/** What is turned into a vector: the passage under its innermost headings. */
export function worded({ heading, text }: Passage): string {
  const names = heading.split(" > ");
  while (names.length > 1 && tokensAbout(names.join(" > ")) > HEADING_TOKENS) names.shift();
  let above = names.join(" > ").slice(0, 4 * HEADING_TOKENS);
  while (tokensAbout(above) > HEADING_TOKENS) above = above.slice(0, -1); // a Hangul syllable alone is three
  return above ? `${above}\n${text}` : text;
}

function passageAt(entry: number, text: string, span: Span, section: Section): Passage | null {
  const piece = text.slice(...span);
  const start = span[0] + piece.length - stripStart(piece).length;
  const said = strip(piece);
  if (!SAID.test(said)) return null;
  return { entry, start, end: start + said.length, text: said, heading: section.heading };
}

/** Cuts the sections of one document. */
class Cut {
  private readonly text: string;
  private readonly isCode: boolean;
  private readonly fences: readonly Span[];

  constructor(content: Content) {
    this.text = content.text;
    this.isCode = content.media === "code";
    const fenced = content.media === "markdown" || content.media === "html";
    this.fences = fenced ? [...content.text.matchAll(FENCE)].map((found) => spanOf(found)) : [];
  }

  spans(section: Section): Span[] {
    const above = Math.min(tokensAbout(section.heading), HEADING_TOKENS);
    return this.within([section.start, section.end], section, Math.max(1, MOST_TOKENS - above), 0);
  }

  private within(span: Span, section: Section, room: number, level: number): Span[] {
    if (this.tokens(span) <= room) return [span];
    const parts = this.parts(span, section, room, level);
    return this.joined(parts, room).flatMap((whole) =>
      this.tokens(whole) <= room || whole[1] - whole[0] === 1
        ? [whole]
        : this.within(whole, section, room, level + 1),
    );
  }

  private tokens(span: Span): number {
    return tokensAbout(this.text.slice(...span));
  }

  /** Neighbours as long as there is room for them, and about equally long. */
  private joined(parts: readonly Span[], room: number): Span[] {
    const counts = parts.map((part) => this.tokens(part));
    let ends = mergedAt(counts, room);
    const even = Math.ceil((EVEN * counts.reduce((sum, count) => sum + count, 0)) / ends.length);
    const evener = even < room ? mergedAt(counts, even) : [];
    if (evener.length === ends.length) ends = evener;
    return ends.map((end, at) => [parts[ends[at - 1] ?? 0]?.[0] ?? 0, parts[end - 1]?.[1] ?? 0]);
  }

  /** The pieces of `span`, without gaps; finer from level to level. */
  private parts(span: Span, section: Section, room: number, level: number): Span[] {
    return between(span, this.places(span, section, room, level));
  }

  private places(span: Span, section: Section, room: number, level: number): number[] {
    const inRows = this.isCode || [...finds(ROWS, this.text, span)].length > 0;
    if (level === 0) return this.paragraphs(span, section);
    if (level === 1 && !inRows) return endsOf(ITEM, this.text, span);
    if (level === 2 && !inRows) return endsOf(SENTENCE, this.text, span);
    if (level <= 3) return endsOf(LINE, this.text, span);
    if (level === 4) return endsOf(WORD, this.text, span);
    return this.steps(span, Math.max(1, Math.floor(room / 3))); // A word longer than a passage.
  }

  /** Places that cut no character in two. */
  private steps([start, end]: Span, size: number): number[] {
    const places: number[] = [];
    for (let at = start; at < end; at += size) {
      const isLow = (this.text.charCodeAt(at) & 0xfc00) === 0xdc00;
      places.push(isLow ? at + 1 : at);
    }
    return places;
  }

  /** Blank lines outside of code, but none after a heading, or after words that lead on. */
  private paragraphs(span: Span, section: Section): number[] {
    const [start, end] = span;
    const line = section.heading ? this.text.slice(0, end).indexOf("\n", start) : start;
    const begun = Math.max(start, line);
    const rest = this.text.slice(begun, end);
    const said = end - stripStart(rest).length;
    return [...finds(BLANK, this.text, span)]
      .filter((found) => {
        const after = found.index + found[0].length;
        return after > said && this.text[found.index - 1] !== ":" && !this.inFence(after);
      })
      .map((found) => found.index + found[0].length);
  }

  private inFence(place: number): boolean {
    return this.fences.some(([start, end]) => start < place && place < end);
  }
}

function spanOf(found: RegExpExecArray): Span {
  return [found.index, found.index + found[0].length];
}

function* finds(pattern: RegExp, text: string, [start, end]: Span): Generator<RegExpExecArray> {
  const seen = text.slice(0, end);
  pattern.lastIndex = start;
  for (let found = pattern.exec(seen); found; found = pattern.exec(seen)) yield found;
}

function endsOf(pattern: RegExp, text: string, span: Span): number[] {
  return Array.from(finds(pattern, text, span), (found) => found.index + found[0].length);
}

/** The spans between the ends of `span` and those of `places` that lie between. */
function between([start, end]: Span, places: readonly number[]): Span[] {
  const inner = new Set(places.filter((at) => start < at && at < end));
  const all = [start, ...[...inner].toSorted((left, right) => left - right), end];
  return all.slice(1).map((at, place) => [all[place] ?? start, at]);
}

/** Where each group ends: as many neighbours as there is room for, one at least. */
function mergedAt(counts: readonly number[], room: number): number[] {
  const ends: number[] = [];
  let sum = 0;
  counts.forEach((count, at) => {
    if (at > (ends.at(-1) ?? 0) && sum + count > room) {
      ends.push(at);
      sum = 0;
    }
    sum += count;
  });
  return counts.length ? [...ends, counts.length] : ends;
}
