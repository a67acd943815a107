/**
 * BM25 over passages held in memory, with the constants and the measure of `sprat.rag.store.bm25`.
 *
 * Source: Robertson, Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.
 */

import { head, split } from "../words/text.ts";
import type { Hit, Passage } from "./document.ts";
import { stems } from "./porter.ts";

/** Anserini's defaults: https://github.com/castorini/anserini. */
const K1 = 0.9;
const B = 0.4;
/** Of a question that are looked at. */
const MOST_CHARS = 20_000;
/** Different words looked for: the rarest. */
const MOST_WORDS = 64;
const WORD = /[\p{L}\p{N}]+/gu;
/** English words of grammar and of asking: looked for only where a question has no other word. */
const COMMON = new Set(
  ("a about above after again all also am an and any are as at be been before being below between both " +
    "but by can could did do does done down during each few for from had has have he her here him his " +
    "how i if in into is it its just many may me might more most much must my no nor not now of off on " +
    "once only or other our out over own same shall she should so some such than that the their them " +
    "then there these they this through to too under until up us very was we were what when where which " +
    "while who whom whose why will with would you your").split(" "),
);

/** Which words stand how often in which passages. */
export class Words {
  private readonly places = new Map<string, Map<number, number>>();
  private readonly lengths = new Map<number, number>();
  private total = 0;

  add(key: number, passage: Passage): void {
    for (const stem of [...stems(passage.text), ...stems(passage.heading)]) {
      const there = this.places.get(stem) ?? new Map<number, number>();
      there.set(key, (there.get(key) ?? 0) + 1);
      this.places.set(stem, there);
    }
    const words = split(passage.text).length + split(passage.heading).length;
    this.lengths.set(key, words);
    this.total += words;
  }

  remove(key: number): void {
    for (const [stem, there] of this.places) {
      if (there.delete(key) && there.size === 0) this.places.delete(stem);
    }
    this.total -= this.lengths.get(key) ?? 0;
    this.lengths.delete(key);
  }

  /**
   * The passages that hold any of the question's words, best first.
   *
   * The score is a share, 0 to 1, of the question's weight: BM25 over the most that it could be.
   */
  best(query: string, most: number): Hit[] {
    const terms = this.chosen(query);
    const idfs = terms.map((stem) => this.idf(stem));
    const sum = idfs.reduce((all, idf) => all + idf, 0);
    const scores = new Map<number, number>();
    terms.forEach((stem, at) => {
      for (const [key, count] of this.places.get(stem) ?? []) {
        const part = ((idfs[at] ?? 0) / sum) * this.saturated(key, count);
        scores.set(key, (scores.get(key) ?? 0) + part);
      }
    });
    const hits = Array.from(scores, ([key, score]) => ({ key, score: Math.min(score, 1) }));
    return hits.sort((one, other) => other.score - one.score || one.key - other.key).slice(0, most);
  }

  private idf(stem: string): number {
    const there = this.places.get(stem)?.size ?? 0;
    return Math.log1p((this.lengths.size - there + 0.5) / (there + 0.5));
  }

  /** How much of a word's weight so many of it bring, in a passage of that length. */
  private saturated(key: number, count: number): number {
    const average = Math.max(this.total / this.lengths.size, 1);
    return count / (count + K1 * (1 - B) + ((K1 * B) / average) * (this.lengths.get(key) ?? 0));
  }

  /** The question's stems that stand anywhere, the rarest first. */
  private chosen(query: string): string[] {
    const words = head(query, MOST_CHARS).toLowerCase().match(WORD) ?? [];
    const telling = this.known(words.filter((word) => !COMMON.has(word)));
    const terms = telling.length > 0 ? telling : this.known(words);
    const rare = (stem: string): number => this.places.get(stem)?.size ?? 0;
    return terms.sort((one, other) => rare(one) - rare(other) || (one < other ? -1 : 1)).slice(0, MOST_WORDS);
  }

  private known(words: readonly string[]): string[] {
    return [...new Set(words.flatMap((word) => stems(word)))].filter((stem) => this.places.has(stem));
  }
}
