/** The passages of all documents, with their words and, in time, their vectors. */

import { Words } from "./bm25.ts";
import type { Hit, Passage } from "./document.ts";

export class Shelf {
  private readonly passages = new Map<number, Passage>();
  private readonly vectors = new Map<number, Float32Array>();
  private readonly words = new Words();
  private next = 0;

  add(passages: readonly Passage[]): void {
    for (const passage of passages) {
      this.passages.set(this.next, passage);
      this.words.add(this.next, passage);
      this.next += 1;
    }
  }

  remove(entry: number): void {
    for (const [key, passage] of this.passages) {
      if (passage.entry !== entry) continue;
      this.passages.delete(key);
      this.vectors.delete(key);
      this.words.remove(key);
    }
  }

  get(key: number): Passage | undefined {
    return this.passages.get(key);
  }

  get size(): number {
    return this.passages.size;
  }

  /** Of an entry's passages, those without a vector; of all where none is named. */
  bare(entry?: number): [key: number, passage: Passage][] {
    return [...this.passages].filter(([key, passage]) => !this.vectors.has(key) && (entry ?? passage.entry) === passage.entry);
  }

  /** A passage that was taken out meanwhile stays out. */
  keep(key: number, vector: Float32Array): void {
    if (this.passages.has(key)) this.vectors.set(key, vector);
  }

  /** Whether every passage has its vector: only then do vectors rank. */
  get embedded(): boolean {
    return this.size > 0 && this.vectors.size === this.size;
  }

  lexical(query: string, most: number): Hit[] {
    return this.words.best(query, most);
  }

  /** The passages whose vectors are nearest, by cosine, best first. */
  dense(vector: Float32Array, most: number): Hit[] {
    const hits = Array.from(this.vectors, ([key, one]) => ({ key, score: dot(one, vector) }));
    return hits.sort((one, other) => other.score - one.score || one.key - other.key).slice(0, most);
  }
}

function dot(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += (one[at] ?? 0) * (other[at] ?? 0);
  return sum;
}
