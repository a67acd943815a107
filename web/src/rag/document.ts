/** The nouns of this room. Every offset counts UTF-16 units of the document's text. */

export type Media = "text" | "markdown" | "html" | "code";

export interface Heading {
  readonly start: number;
  /** 1 is the outermost. */
  readonly level: number;
  readonly text: string;
}

/** What a file holds. */
export interface Content {
  readonly media: Media;
  readonly text: string;
  readonly headings: readonly Heading[];
}

/** A piece of a document that is found, shown and quoted as a whole. */
export interface Passage {
  /** `Entry.id` of its document. */
  readonly entry: number;
  readonly start: number;
  readonly end: number;
  /** The document's `text.slice(start, end)`, exactly. */
  readonly text: string;
  /** The headings above it, from the outermost, joined by ` > `. */
  readonly heading: string;
}

/** A passage's number in the order of adding, and a score of one kind, larger is better. */
export interface Hit {
  readonly key: number;
  readonly score: number;
}

/** A passage that was found. */
export interface Found {
  readonly passage: Passage;
  /** Fused, 0 to 1. */
  readonly score: number;
  /** BM25 as a share of what the question could bring at most; null: none of its words stands here. */
  readonly lexical: number | null;
  /** Cosine; null: there are no vectors, or it was not among the nearest. */
  readonly dense: number | null;
}

/** What was found for one question, best first. Milliseconds; null: no vectors. */
export interface Retrieved {
  readonly query: string;
  readonly found: readonly Found[];
  readonly lexicalMs: number;
  readonly embedMs: number | null;
}

/** A passage as a model is shown it. */
export interface Shown {
  /** From 1. */
  readonly number: number;
  readonly found: Found;
  /** Defused, perhaps cut at its end. */
  readonly text: string;
}
