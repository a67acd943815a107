/** Every word of a request that a model is sent, wherever in it that stands. */

import type { Ask } from "../types.ts";
import { strip } from "../words/text.ts";
import { documentOf } from "./content.ts";
import { isList, Numeral, type Json } from "./json.ts";

/**
 * Every string of the request, and what those that are JSON hold, escapes undone.
 *
 * Of objects the keys and the numbers too: as they were written, and as Python writes them.
 */
export function* wordsOf(ask: Ask): Generator<string> {
  const left: Json[] = [...ask.messages.map((message) => message.content), ...(ask.stop ?? [])];
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (typeof value === "string") {
      yield value;
      left.push(...within(value));
    } else if (value instanceof Numeral) {
      yield* spellings(value);
    } else if (typeof value === "boolean") {
      yield value ? "True" : "False";
    } else if (value !== null) {
      left.push(...(isList(value) ? value : [...Object.keys(value), ...Object.values(value)]));
    }
  }
}

function within(text: string): Json[] {
  const value = /^[{["]/.test(strip(text)) ? documentOf(text) : undefined;
  return value === undefined ? [] : [value];
}

function spellings(number: Numeral): string[] {
  const { text, value, isWhole } = number;
  if (isWhole) return [text];
  return [text, Number.isInteger(value) && Math.abs(value) < 1e16 ? value.toFixed(1) : String(value)];
}
