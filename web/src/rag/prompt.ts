/**
 * What a model is asked: numbered passages, the question, and how to answer: `sprat.rag.prompt`.
 *
 * Passages are data. What in them could pass for a part of the prompt is defused.
 */

import type { Message } from "../types.ts";
import { python } from "../words/python.ts";
import { head, length } from "../words/text.ts";
import type { Found, Shown } from "./document.ts";
import { tokensAbout } from "./tokens.ts";

/** What a model says when no passage answers. */
export const NOT_THERE = "NOT IN THE DOCUMENTS";
/** A passage that would be cut shorter than this is left out. */
const LEAST_TOKENS = 50;
/** Where chat templates begin and end a turn. */
const MARKS = python(
  String.raw`<\|[^|<>\n]{0,40}\|?>|</?s>|\[/?INST\]|<</?SYS>>|</?(?:start|end)_of_turn>`,
  "gi",
);
const NUMBERED = python(String.raw`^([ \t]*)\[(\d{1,3})\]`, "gm");
const LABEL = python(String.raw`^([ \t]*)(question|passages?|earlier)[ \t]*:`, "gim");

/** The passages that fit, best first; the last one perhaps cut. One is always shown. */
export function shown(found: readonly Found[], mostTokens: number): Shown[] {
  const kept: Shown[] = [];
  let left = mostTokens;
  for (const one of found) {
    let text = defused(one.passage.text);
    const size = tokensAbout(text);
    if (size > left) text = left >= LEAST_TOKENS || kept.length === 0 ? cut(text, left / size) : "";
    if (!text) break;
    kept.push({ number: kept.length + 1, found: one, text });
    left -= size;
  }
  return kept;
}

/** The beginning, to the end of a word. */
function cut(text: string, share: number): string {
  const part = head(text, Math.max(1, Math.floor(length(text) * share)));
  return part.slice(0, Math.max(0, part.lastIndexOf(" "))) || part;
}

/** Text in which nothing reads as the end of a turn, a passage's number, or the question. */
export function defused(text: string): string {
  return text
    .replace(MARKS, (mark) => [...mark].join(" "))
    .replace(NUMBERED, "$1($2)")
    .replace(LABEL, "$1$2 -")
    .replaceAll(NOT_THERE, NOT_THERE.toLowerCase());
}

/**
 * The conversation that a model is asked to go on with.
 *
 * `earlier`: what was said before a question that cannot be understood alone. `stable`: the passages
 * stand in front of everything, so that a model which has read them need not read them again.
 */
export function promptFor(
  question: string,
  passages: readonly Shown[],
  earlier: readonly Message[] = [],
  stable = false,
): Message[] {
  const text = passages.map((one) => `[${one.number}] ${headed(one)}`).join("\n\n");
  const talk = told(earlier);
  const given = stable ? `${text}\n\n${talk}` : `${talk}${text}\n\n`;
  const content =
    `${given}Answer the question from the passages above, in as few ` +
    `words as possible. If they do not answer it, write ${NOT_THERE}.\n\n` +
    `Question: ${question}`;
  return [{ role: "user", content }];
}

function headed({ found, text }: Shown): string {
  const { heading } = found.passage;
  const inner = heading.split(" > ").at(-1) ?? "";
  if (!heading || head(text, length(heading) + 8).includes(inner)) return text;
  return `(${defused(heading)}) ${text}`;
}

function told(earlier: readonly Message[]): string {
  if (earlier.length === 0) return "";
  const lines = earlier.map((turn) => `${turn.role}: ${head(defused(turn.content), 300)}`);
  return `Earlier:\n${lines.join("\n")}\n\n`;
}
