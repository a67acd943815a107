/** Words and vectors into one list, with a score from 0 to 1: `sprat.rag.fuse`, `sprat.rag.alike`. */

import { python } from "../words/python.ts";
import { strip } from "../words/text.ts";
import type { Found, Hit } from "./document.ts";

/** Of words; the rest is the vectors'. As in the gateway: docs/retrieval.md. */
const WEIGHT = 0.5;
/** Of the shorter one's word triples that stand in the other too: from here on they are alike. */
const ALIKE = 0.9;
const WORD = python(String.raw`\w+`, "g");

export interface Fused extends Hit {
  readonly lexical: number | null;
  readonly dense: number | null;
}

/**
 * One list of both, best first; `dense` null: words are all there is.
 *
 * Source: Bruch, Gai, Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023, section 4.
 */
export function fuse(lexical: readonly Hit[], dense: readonly Hit[] | null, pool: number): Fused[] {
  const [words, near] = [byKey(lexical), byKey(dense ?? [])];
  const share = dense ? WEIGHT : 1;
  const [noWords, notNear] = [last(lexical, pool), last(dense ?? [], pool)];
  const made = [...new Set([...words.keys(), ...near.keys()])].map((key) => {
    const [word, cosine] = [words.get(key), near.get(key)];
    const score = share * (word ?? noWords) + (1 - share) * Math.max(cosine ?? notNear, 0);
    return { key, score, lexical: word ?? null, dense: cosine ?? null };
  });
  return made.sort((one, other) => other.score - one.score || one.key - other.key);
}

function byKey(hits: readonly Hit[]): Map<number, number> {
  return new Map(hits.map((hit) => [hit.key, hit.score]));
}

/** What a full list does not hold is no better than its last one. */
function last(hits: readonly Hit[], pool: number): number {
  return hits.length >= pool ? (hits.at(-1)?.score ?? 0) : 0;
}

/**
 * Those that say something which no one before them does.
 *
 * Source: Broder, "On the resemblance and containment of documents", 1997 (containment).
 */
export function* unlike(found: Iterable<Found>): Generator<Found> {
  const kept: Set<string>[] = [];
  for (const one of found) {
    const triples = triplesOf(one.passage.text);
    if (kept.some((other) => areAlike(triples, other))) continue;
    kept.push(triples);
    yield one;
  }
}

function triplesOf(text: string): Set<string> {
  const words = text.toLowerCase().match(WORD) ?? [];
  if (words.length < 3) return new Set([strip(text)]);
  return new Set(words.slice(2).map((word, at) => `${words[at]} ${words[at + 1]} ${word}`));
}

function areAlike(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  let shared = 0;
  for (const triple of one) if (other.has(triple)) shared += 1;
  return shared >= ALIKE * Math.min(one.size, other.size);
}
