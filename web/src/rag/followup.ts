/** What is looked for when a question only makes sense after what was said before. */

import type { Message } from "../types.ts";
import { python } from "../words/python.ts";
import { head, strip } from "../words/text.ts";
import { terms } from "./terms.ts";

const POINTS = python(
  String.raw`\b(?:it|its|itself|they|them|their|theirs|he|him|his|she|her|hers|this|that|these|those|` +
    String.raw`there|then|one|ones|same|former|latter|such|both|else)\b`,
  "i",
);
const BEGINS = python(
  String.raw`\A\W*(?:and|but|so|or|also|what about|how about|why|why not|how so|since when|really|` +
    String.raw`how come|in which case|for example|more|another|any other)\b`,
  "i",
);
const CITED = python(String.raw`\[\d+\]`, "g");
const WORD = python(String.raw`\w[\w.-]*\w|\d`, "g");
const NAMED = /^[\p{Uppercase}\p{Nd}]/u;
/** A question with at most so many content words, that points or goes on, borrows. */
const SHORT = 2;
const TURNS = 2;
const MOST_TERMS = 8;
const MOST_CHARS = 4000;

/** The last thing that the user said. */
export function questionOf(messages: readonly Message[]): string {
  return strip(messages.findLast((message) => message.role === "user")?.content ?? "");
}

/** The last turns before the question, of user and assistant, oldest first. */
export function before(messages: readonly Message[]): Message[] {
  const talk = messages.filter((one) => one.role !== "system" && strip(one.content));
  const last = Math.max(0, talk.findLastIndex((one) => one.role === "user"));
  return talk.slice(Math.max(0, last - 2 * TURNS), last);
}

/** Whether the question leans on what was said before. */
export function goesOn(question: string): boolean {
  const own = terms(question).length;
  return BEGINS.test(question) || POINTS.test(question) ? own <= 2 * SHORT : own < SHORT;
}

/** What to look for: the question, and if it goes on, content words of the turns before. */
export function queryOf(messages: readonly Message[]): string {
  const question = head(questionOf(messages), MOST_CHARS);
  const talk = before(messages);
  if (talk.length === 0 || !goesOn(question)) return question;
  const borrowed = borrowedBy(question, talk);
  return borrowed.length ? `${question} ${borrowed.join(" ")}` : question;
}

/** The user's own words first, the latest turn before older ones; of an answer names and numbers. */
function borrowedBy(question: string, talk: readonly Message[]): string[] {
  const [known, found] = [new Set(terms(question)), [] as string[]];
  const latest = talk.toReversed();
  for (const turn of [...latest.filter(isUser), ...latest.filter((one) => !isUser(one))]) {
    for (const word of head(turn.content, MOST_CHARS).replace(CITED, "").match(WORD) ?? []) {
      const added = terms(word).filter((term) => !known.has(term));
      if (added.length === 0 || !(isUser(turn) || NAMED.test(word))) continue;
      for (const term of added) known.add(term);
      found.push(word);
    }
  }
  return found.slice(0, MOST_TERMS);
}

function isUser(turn: Message): boolean {
  return turn.role === "user";
}
