/** Documents in this page: added, cut, found, and made into a prompt. They never leave it. */

import { PageError, type Message, type Step } from "../types.ts";
import { tail } from "../words/text.ts";
import { chunk, worded } from "./chunk.ts";
import type { Content, Found, Retrieved, Shown } from "./document.ts";
import type { Embedder } from "./embedder.ts";
import { farOff } from "./far.ts";
import { before, goesOn, queryOf, questionOf } from "./followup.ts";
import { CLOSE, closeness } from "./close.ts";
import { fuse, unlike, type Fused } from "./fuse.ts";
import { defused, promptFor, shown } from "./prompt.ts";
import { contentOf, pasted } from "./read/content.ts";
import { Shelf } from "./shelf.ts";
import { tokensAbout } from "./tokens.ts";

export const MOST = { entries: 100, fileBytes: 20_000_000, chars: 2_000_000, allChars: 8_000_000 } as const;
/** Of passages in a prompt: reading them is most of what an answer takes. */
const TOKENS = 700;
const PASSAGES = 6;
/** Looked at of each kind, before they are fused. */
const POOL = 50;
/** Of those so many at a time, for how close the question's words stand in them. */
const LOOK = 24;
const QUERY_CHARS = 1000;
/** For a question's own vector: without it, words alone are searched. */
const VECTOR_MS = 10_000;

export interface Entry {
  readonly id: number;
  readonly name: string;
  readonly chars: number;
  readonly passages: number;
  /** Whether meaning is searched too, and not words alone. */
  readonly embedded: boolean;
}

/** A question, made ready for a model. */
export interface Asked {
  /** What the model is to be sent. */
  readonly messages: readonly Message[];
  readonly question: string;
  readonly passages: readonly Shown[];
  /** Whether all documents are in it, whole: what was read of them is not read again. */
  readonly whole: boolean;
  /** Why no model need be asked: say that the documents do not say. null: ask. */
  readonly silence: string | null;
  /** The finding, for the reply's steps. */
  readonly step: Step;
}

export interface AskOptions {
  /** So many tokens of documents at most; default 700. */
  readonly tokens?: number;
  /** So many passages at most; default 6. */
  readonly passages?: number;
}

interface Kept {
  readonly name: string;
  readonly content: Content;
  readonly passages: number;
  readonly tokens: number;
}

export class Library {
  /** Why meaning is not searched; null: it is, or nothing asked for it. */
  note: string | null = null;
  private readonly kept = new Map<number, Kept>();
  private readonly shelf = new Shelf();
  private readonly onChange: () => void;
  private embedder: Embedder | null = null;
  private working: Promise<void> | null = null;
  private ids = 0;

  private readonly vectorMs: number;

  /** `onChange`: something was added, removed or embedded. `vectorMs`: how long a question waits for its vector. */
  constructor(onChange: () => void = () => {}, vectorMs = VECTOR_MS) {
    this.onChange = onChange;
    this.vectorMs = vectorMs;
  }

  get entries(): Entry[] {
    return Array.from(this.kept, ([id, { name, content, passages }]) => {
      const embedded = passages > 0 && this.shelf.bare(id).length === 0;
      return { id, name, chars: content.text.length, passages, embedded };
    });
  }

  /** Pasted text. Throws a `PageError`: too much, or nothing in it. */
  add(name: string, text: string): Entry {
    return this.put(name, pasted(name, bounded(name, text)));
  }

  /** A dropped file. Throws a `PageError`: too large, or none that is read here. */
  async addFile(file: Pick<File, "name" | "size" | "arrayBuffer">): Promise<Entry> {
    if (file.size > MOST.fileBytes) throw tooMuch(file.name, `${file.size} bytes`, `${MOST.fileBytes} bytes`);
    const content = contentOf(file.name, new Uint8Array(await file.arrayBuffer()));
    bounded(file.name, content.text);
    return this.put(file.name, content);
  }

  remove(id: number): void {
    if (!this.kept.delete(id)) return;
    this.shelf.remove(id);
    this.onChange();
  }

  /** A document's whole text, in which every offset counts; empty: it is not here. */
  text(id: number): string {
    return this.kept.get(id)?.content.text ?? "";
  }

  /** Search meaning too, from when all passages have their vectors. */
  embedWith(embedder: Embedder): void {
    this.embedder = embedder;
    void this.settled();
  }

  /** Resolves when nothing is left to embed, or it cannot be. */
  settled(): Promise<void> {
    this.working ??= this.work().finally(() => (this.working = null));
    return this.working;
  }

  /** At most so many passages, best first; near-copies of a better one are left out. */
  async find(query: string, most = PASSAGES): Promise<Retrieved> {
    const pool = Math.max(POOL, 2 * most);
    const begun = performance.now();
    const lexical = this.shelf.lexical(query, pool);
    const searched = performance.now();
    const vector = await this.vectorOf(query);
    const embedMs = vector && performance.now() - searched;
    const fused = fuse(lexical, vector && this.shelf.dense(vector, pool), pool);
    const found = [...unlike(this.looked(query, fused, Math.max(LOOK, 2 * most)))].slice(0, most);
    const first = found.sort((one, other) => other.score - one.score);
    return { query, found: first, lexicalMs: searched - begun, embedMs };
  }

  /** Passages, best first, so many at a time. */
  private *looked(query: string, fused: readonly Fused[], look: number): Generator<Found> {
    for (let at = 0; at < fused.length; at += look) {
      const some = fused.slice(at, at + look).flatMap(({ key, ...hit }): Found[] => {
        const passage = this.shelf.get(key);
        return passage ? [{ passage, ...hit }] : [];
      });
      const close = closeness(query, some.map((one) => one.passage));
      const scored = some.map((one, place) => ({
        ...one,
        score: (1 - CLOSE) * one.score + CLOSE * (close[place] ?? 0),
      }));
      yield* scored.sort((one, other) => other.score - one.score);
    }
  }

  /** The conversation's last question, with what the documents say to it; as it is without any. */
  async ask(messages: readonly Message[], options: AskOptions = {}): Promise<Asked> {
    const { tokens = TOKENS, passages: most = PASSAGES } = options;
    const sent = performance.now();
    const question = questionOf(messages);
    const whole = this.fits(tokens);
    const retrieved = whole ? null : await this.find(queryOf(messages), most);
    const passages = retrieved ? shown(retrieved.found, tokens) : this.all();
    const silence = retrieved && farOff(retrieved);
    const step = stepOf(sent, silence ?? told(passages, whole));
    const rest = { question, passages, whole, silence, step };
    if (this.kept.size === 0) return { messages, ...rest };
    const earlier = goesOn(question) ? before(messages) : [];
    const system = messages.filter((message) => message.role === "system");
    return { messages: [...system, ...promptFor(question, passages, earlier, whole)], ...rest };
  }

  private put(name: string, content: Content): Entry {
    if (this.kept.size >= MOST.entries) throw tooMuch(name, `document ${this.kept.size + 1}`, `${MOST.entries} documents`);
    const id = this.ids + 1;
    const cut = chunk(id, content);
    if (cut.length === 0) throw new PageError("file", `${name} has no words in it.`, "Add a document with text.");
    this.ids = id;
    this.shelf.add(cut);
    this.kept.set(id, { name, content, passages: cut.length, tokens: tokensAbout(content.text) });
    this.refuseOverflow(id, name);
    this.onChange();
    void this.settled();
    return { id, name, chars: content.text.length, passages: cut.length, embedded: false };
  }

  private refuseOverflow(id: number, name: string): void {
    const all = [...this.kept.values()].reduce((sum, { content }) => sum + content.text.length, 0);
    if (all <= MOST.allChars) return;
    this.kept.delete(id);
    this.shelf.remove(id);
    throw tooMuch(name, `${all} characters with the others`, `${MOST.allChars} in all`);
  }

  private fits(tokens: number): boolean {
    return [...this.kept.values()].reduce((sum, one) => sum + one.tokens, 0) <= tokens;
  }

  /** Every document as one passage, in the order of adding, so that a prompt begins as the last one. */
  private all(): Shown[] {
    return Array.from(this.kept, ([entry, { content: { text } }], at) => {
      const passage = { entry, start: 0, end: text.length, text, heading: "" };
      const found = { passage, score: 1, lexical: null, dense: null };
      return { number: at + 1, found, text: defused(text) };
    });
  }

  private async vectorOf(query: string): Promise<Float32Array | null> {
    if (!this.embedder || !this.shelf.embedded || query.trim() === "") return null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<[]>((wake) => (timer = setTimeout(() => wake([]), this.vectorMs)));
    const [vector] = await Promise.race([this.embedder.embed([tail(query, QUERY_CHARS)]).catch(this.failed), late]);
    clearTimeout(timer);
    return vector ?? null;
  }

  private async work(): Promise<void> {
    await Promise.resolve(); // What is being added is whole first.
    while (this.embedder) {
      const some = this.shelf.bare().slice(0, 4);
      if (some.length === 0) return;
      const vectors = await this.embedder.embed(some.map(([, passage]) => worded(passage))).catch(this.failed);
      if (vectors.length === 0) return;
      some.forEach(([key], at) => this.shelf.keep(key, vectors[at] ?? new Float32Array()));
      this.onChange();
    }
  }

  /** Words alone are searched then, and it is said. */
  private readonly failed = (error: unknown): [] => {
    if (!this.embedder) return []; // Told already: this is what waited for the same one.
    const broken = this.embedder;
    this.embedder = null;
    broken.close?.();
    this.note = error instanceof PageError ? `${error.message} ${error.fix}` : String(error);
    this.onChange();
    return [];
  };
}

function bounded(name: string, text: string): string {
  if (text.length > MOST.chars) throw tooMuch(name, `${text.length} characters`, `${MOST.chars} characters`);
  return text;
}

function tooMuch(name: string, found: string, most: string): PageError {
  return new PageError(
    "file",
    `${name} is too much for this page: ${found}; the most is ${most}.`,
    "Remove others, or index it on the gateway: sprat index FILE",
  );
}

function told(passages: readonly Shown[], whole: boolean): string {
  if (passages.length === 0) return "no documents";
  if (whole) return "the documents are short: all of them were read";
  const best = passages[0] ? `, the best one ${passages[0].found.score.toFixed(2)}` : "";
  return `${passages.length} passage${passages.length === 1 ? "" : "s"}${best}`;
}

function stepOf(sent: number, why: string): Step {
  const timing = { sent, firstToken: null, lastToken: null, done: performance.now(), loadMs: 0 };
  return { role: "retrieve", engine: "documents", why, kept: false, usage: null, timing, confidence: null };
}
