/**
 * One answer after the other from one decoder, token by token.
 *
 * What the last turn has in common with this one is not read again: the cache is cut back to the
 * common beginning, over a pasted text as over a conversation.
 */

import { PageError } from "../types.ts";
import type { Finish } from "../types.ts";
import type { Decoder } from "./decoder.ts";
import type { Piece } from "./protocol.ts";
import { noted, Sampler } from "./sampling.ts";
import type { Sampling } from "./sampling.ts";
import { StopFilter, TextStream } from "./text.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** As many other tokens as a policy is calibrated with. */
const ALTERNATIVES = 5;
/** Room made at once for an answer; more when it becomes longer. */
const ROOM_TOKENS = 256;

export interface Question {
  readonly prompt: readonly number[];
  readonly maxTokens: number;
  readonly sampling: Sampling;
  readonly stop: readonly string[];
  readonly logprobs: boolean;
  /** Tokens of the answer that are written already, and shown: it goes on after them. */
  readonly begun: readonly number[];
}

export interface Answer {
  readonly finish: Finish;
  /** What was held back, as it might have begun a stop string, and can be shown after all. */
  readonly rest: string;
  /** With those that were begun with. */
  readonly outputTokens: number;
  readonly cachedTokens: number;
}

/** Asked between two runs: whoever wants to be heard is, and may say that it is enough. */
export type Pause = () => Promise<"on" | "stop">;

export class Answerer {
  readonly #decoder: Decoder;
  readonly #vocabulary: Vocabulary;
  readonly #ends: ReadonlySet<number>;
  readonly #contextTokens: number;
  /** The tokens that the cache holds. */
  #kept: number[] = [];

  constructor(
    decoder: Decoder, vocabulary: Vocabulary, ends: readonly number[], contextTokens: number,
  ) {
    this.#decoder = decoder;
    this.#vocabulary = vocabulary;
    this.#ends = new Set(ends);
    this.#contextTokens = contextTokens;
  }

  /** Answer; `onPiece` gets each token. */
  async answer(question: Question, onPiece: (piece: Piece) => void, pause: Pause): Promise<Answer> {
    const turn = new Turn(question, this.#vocabulary, this.#ends, onPiece);
    const text = [...question.prompt, ...question.begun];
    if (question.begun.length > 0 && text.length >= this.#contextTokens) turn.finish ??= "length";
    const cachedTokens = turn.finish ? 0 : this.#keep(text, question.maxTokens);
    const logits = turn.finish ? null : await this.#read(text, pause);
    const finish = turn.finish ?? (logits ? await this.#write(turn, logits, pause) : "cancelled");
    return { finish, rest: turn.rest(), outputTokens: turn.outputTokens, cachedTokens };
  }

  /** Cut back to what this text and the cache have in common, and make room; how many tokens that is. */
  #keep(text: readonly number[], maxTokens: number): number {
    if (text.length >= this.#contextTokens) throw tooLong(text.length, this.#contextTokens);
    const cachedTokens = Math.min(common(this.#kept, text), text.length - 1);
    this.#kept.length = cachedTokens;
    const room = text.length + Math.min(maxTokens, ROOM_TOKENS);
    this.#decoder.cache.reserve(Math.min(room, this.#contextTokens), cachedTokens);
    return cachedTokens;
  }

  /** Read what is not kept of the prompt, in pieces. Null: told to stop. */
  async #read(prompt: readonly number[], pause: Pause): Promise<Float32Array | null> {
    let logits: Float32Array | null = null;
    while (this.#kept.length < prompt.length) {
      if ((await pause()) === "stop") return null;
      const at = this.#kept.length;
      logits = await this.#append(prompt.slice(at, at + this.#decoder.mostTokens));
    }
    return logits;
  }

  async #write(turn: Turn, first: Float32Array, pause: Pause): Promise<Finish> {
    let logits = first;
    for (;;) {
      const token = turn.take(logits);
      if (turn.finish !== null) return turn.finish;
      if (this.#kept.length + 1 >= this.#contextTokens) return "length";
      if ((await pause()) === "stop") return "cancelled";
      this.#decoder.cache.reserve(this.#kept.length + 1, this.#kept.length);
      logits = await this.#append([token]);
    }
  }

  async #append(tokens: readonly number[]): Promise<Float32Array> {
    const logits = await this.#decoder.run(tokens, this.#kept.length);
    this.#kept.push(...tokens);
    return logits;
  }
}

/** What is written of one answer. */
class Turn {
  finish: Finish | null = null;
  outputTokens = 0;
  readonly #question: Question;
  readonly #vocabulary: Vocabulary;
  readonly #ends: ReadonlySet<number>;
  readonly #onPiece: (piece: Piece) => void;
  readonly #sampler: Sampler;
  readonly #stream: TextStream;
  readonly #filter: StopFilter;

  constructor(
    question: Question, vocabulary: Vocabulary, ends: ReadonlySet<number>,
    onPiece: (piece: Piece) => void,
  ) {
    this.#question = question;
    this.#vocabulary = vocabulary;
    this.#ends = ends;
    this.#onPiece = onPiece;
    this.#sampler = new Sampler(question.sampling);
    this.#stream = new TextStream(vocabulary.strips);
    this.#filter = new StopFilter(question.stop);
    for (const token of question.begun) this.#resume(token);
  }

  /** Written by another worker: counted, and not shown again. */
  #resume(token: number): void {
    this.#sampler.skip();
    this.#add(token);
  }

  /** Choose the next token and show what it completes; `finish` is set when it was the last. */
  take(logits: Float32Array): number {
    const token = this.#sampler.choose(logits);
    if (!Number.isFinite(logits[token])) throw noNumber(logits[token]);
    if (this.#ends.has(token)) {
      this.finish = "stop";
      return token;
    }
    const text = this.#add(token);
    this.#onPiece({ text, token, ...this.#noted(logits, token) });
    return token;
  }

  /** What this token lets be shown. */
  #add(token: number): string {
    this.outputTokens += 1;
    const text = this.#filter.add(this.#stream.add(this.#vocabulary.bytes(token)));
    if (this.#filter.stopped) this.finish = "stop";
    else if (this.outputTokens >= this.#question.maxTokens) this.finish = "length";
    return text;
  }

  /** Told together with the end, so that whoever goes on with the answer never shows it twice. */
  rest(): string {
    return this.#filter.flush();
  }

  #noted(logits: Float32Array, token: number): Pick<Piece, "logprob"> {
    if (!this.#question.logprobs) return {};
    return { logprob: noted(logits, token, ALTERNATIVES, this.#vocabulary.text(token)) };
  }
}

/** How many tokens both begin with. */
export function common(kept: readonly number[], prompt: readonly number[]): number {
  const most = Math.min(kept.length, prompt.length);
  let count = 0;
  while (count < most && kept[count] === prompt[count]) count += 1;
  return count;
}

/** A card that goes wrong while it computes gives such: the canary does not see that any more. */
function noNumber(found: number | undefined): PageError {
  return new PageError(
    "canary",
    `This machine computed ${found} where a number must be.`,
    "Choose another way to compute in the settings, or update the browser and the graphics driver.",
  );
}

function tooLong(tokens: number, most: number): PageError {
  return new PageError(
    "length",
    `This conversation has ${tokens} tokens; this model reads ${most}.`,
    "Begin a new chat, or take away some of the text.",
  );
}
