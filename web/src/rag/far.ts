/** Why no model need be asked: nothing that was found can answer: `sprat.rag.judge.far_off`. */

import type { Retrieved } from "./document.ts";
import { share, terms } from "./terms.ts";

const LEAST_SCORE = 0.05;
const LEAST_ASKED = 0.25;
/** From this cosine on a passage is near. MiniLM: unrelated texts stay below 0.3 or so. */
const NEAR = 0.4;

/** null: something may answer. */
export function farOff({ query, found }: Retrieved): string | null {
  const best = found[0];
  if (!best) return "no passage shares a word with the question";
  if (best.score < LEAST_SCORE) return `the best passage fits by ${best.score.toFixed(2)} only`;
  const there = new Set(found.flatMap((one) => terms(one.passage.text)));
  const shared = share(terms(query), there);
  const near = Math.max(...found.map((one) => one.dense ?? -1));
  if (shared >= LEAST_ASKED || near >= NEAR) return null;
  return `${Math.round(100 * shared)}% of the question's words stand in any passage found`;
}
