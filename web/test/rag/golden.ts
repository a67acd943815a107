/** What `tools/golden_rag.py` wrote. */

import { readFileSync } from "node:fs";
import type { Content, Found, Media, Passage } from "../../src/rag/document.ts";
import type { Message } from "../../src/types.ts";

type Turn = [role: "user" | "assistant", content: string];
export interface GoldenDocument {
  name: string;
  text: string;
  media: Media;
  headings: [number, number, string][];
  passages: [start: number, end: number, heading: string, worded: string][];
}
interface Golden {
  documents: GoldenDocument[];
  tokens: [string, number][];
  terms: [string, string[]][];
  stems: [string, string][];
  found: { query: string; hits: [number, number][]; first?: number }[];
  fused: {
    lexical: [number, number][];
    dense: [number, number][] | null;
    pool: number;
    fused: [number, number, number | null, number | null][];
  }[];
  close: { query: string; passages: number[]; close: number[] }[];
  marks: [text: string, marks: string[], figures: string[], worded: string, there: string[]][];
  unlike: { texts: string[]; kept: string[] };
  asked: { passages: number[]; room: number; question: string; earlier: Turn[]; shown: string[]; content: string }[];
  checked: {
    passages: number[];
    question: string;
    answer: string;
    given: boolean;
    why: string;
    rests: [number, number, number] | null;
  }[];
  cleaned: { question: string; pieces: string[]; text: string; cited: number[]; wrong: number }[];
  queries: { messages: Turn[]; query: string }[];
  far: { passages: number[]; score: number; query: string; why: string | null }[];
}

export const golden = JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8")) as Golden;

/** All passages of all documents, as Python cut them. */
export const passages: readonly Passage[] = golden.documents.flatMap((document, entry) =>
  document.passages.map(([start, end, heading]) => ({
    entry, start, end, heading, text: document.text.slice(start, end),
  })),
);

export function contentIn({ text, media, headings }: GoldenDocument): Content {
  return { text, media, headings: headings.map(([start, level, said]) => ({ start, level, text: said })) };
}

export function found(places: readonly number[], score = 0.5): Found[] {
  return places.map((place) => {
    const passage = passages[place];
    if (!passage) throw new Error(`no passage ${place}`);
    return { passage, score, lexical: 0.5, dense: null };
  });
}

export function messagesOf(turns: readonly Turn[]): Message[] {
  return turns.map(([role, content]) => ({ role, content }));
}
