/** How close together the words of a question stand: `sprat.rag.close`. */

import { fold } from "../words/text.ts";
import { TOKEN, canonical } from "../words/words.ts";
import type { Passage } from "./document.ts";
import { stem, terms } from "./terms.ts";

/** Characters, about a sentence: words are close that begin within so many. */
const REACH = 120;
/** Closeness in the score of a passage; the rest is words' and vectors'. */
export const CLOSE = 0.2;

type Place = readonly [at: number, term: string];

/**
 * Of each passage the share, 0 to 1, of the question's weight that stands closest together.
 *
 * Source: Tao, Zhai, "An Exploration of Proximity Measures in Information Retrieval", 2007.
 */
export function closeness(query: string, passages: readonly Passage[]): number[] {
  const asked = new Set(terms(query));
  const texts = passages.map((passage) => places(passage.text, asked));
  const above = passages.map(({ heading }) => new Set(terms(heading).filter((term) => asked.has(term))));
  const weights = weightsOf(asked, texts, above);
  const whole = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  return texts.map((text, at) => (whole ? Math.min(1, closest(text, above[at] ?? new Set(), weights) / whole) : 0));
}

/** Where in the folded text the words that are asked for begin, in order. */
function places(text: string, asked: ReadonlySet<string>): Place[] {
  return Array.from(fold(text).matchAll(TOKEN), (found): Place => [found.index, stem(canonical(found[0]))]).filter(
    ([, term]) => asked.has(term),
  );
}

/** ln(1 + N / n), n of the N passages having the word; one that none has counts as half a passage's. */
function weightsOf(
  asked: ReadonlySet<string>,
  texts: readonly (readonly Place[])[],
  above: readonly ReadonlySet<string>[],
): Map<string, number> {
  const having = new Map<string, number>();
  texts.forEach((text, at) => {
    for (const term of new Set([...(above[at] ?? []), ...text.map(([, one]) => one)])) {
      having.set(term, (having.get(term) ?? 0) + 1);
    }
  });
  return new Map(Array.from(asked, (term) => [term, Math.log1p(texts.length / (having.get(term) ?? 0.5))]));
}

/** The most weight in any stretch: its end goes from word to word, its beginning follows. */
function closest(text: readonly Place[], above: ReadonlySet<string>, weights: ReadonlyMap<string, number>): number {
  const inside = new Map(Array.from(above, (term) => [term, 1]));
  let weight = Array.from(above, (term) => weights.get(term) ?? 0).reduce((sum, one) => sum + one, 0);
  let [begins, most] = [0, weight];
  const count = (term: string, by: number): void => {
    const before = inside.get(term) ?? 0;
    inside.set(term, before + by);
    if (before === 0) weight += weights.get(term) ?? 0;
    if (before + by === 0) weight -= weights.get(term) ?? 0;
  };
  for (const [at, term] of text) {
    count(term, 1);
    for (let first = text[begins]; first && at - first[0] >= REACH; first = text[begins]) {
      count(first[1], -1);
      begins += 1;
    }
    most = Math.max(most, weight);
  }
  return most;
}
