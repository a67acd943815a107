/**
 * One answer after the other from one decoder, token by token.
 *
 * What the last turn has in common with this one is not read again: the cache is cut back to the
 * common beginning, over a pasted text as over a conversation.
 */

import { PageError } from "../types.ts";
import type { Finish, TokenLogprob } from "../types.ts";
import type { Decoder } from "./decoder.ts";
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
}

export interface Answer {
  readonly finish: Finish;
  readonly logprobs: readonly TokenLogprob[];
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

  /** Answer; `onToken` gets each token's text that can be shown, which may be "". */
  async answer(question: Question, onToken: (text: string) => void, pause: Pause): Promise<Answer> {
    const { prompt } = question;
    if (prompt.length >= this.#contextTokens) throw tooLong(prompt.length, this.#contextTokens);
    const cachedTokens = Math.min(common(this.#kept, prompt), prompt.length - 1);
    this.#kept.length = cachedTokens;
    const room = prompt.length + Math.min(question.maxTokens, ROOM_TOKENS);
    this.#decoder.cache.reserve(Math.min(room, this.#contextTokens), cachedTokens);
    const logits = await this.#read(prompt, pause);
    const turn = new Turn(question, this.#vocabulary, this.#ends, onToken);
    const finish = logits ? await this.#write(turn, logits, pause) : "cancelled";
    const { logprobs, outputTokens } = turn;
    return { finish, logprobs, outputTokens, cachedTokens };
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
      if (this.#kept.length + 1 >= this.#contextTokens) return turn.end("length");
      if ((await pause()) === "stop") return turn.end("cancelled");
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
  readonly logprobs: TokenLogprob[] = [];
  readonly #question: Question;
  readonly #vocabulary: Vocabulary;
  readonly #ends: ReadonlySet<number>;
  readonly #onToken: (text: string) => void;
  readonly #sampler: Sampler;
  readonly #stream: TextStream;
  readonly #filter: StopFilter;

  constructor(
    question: Question, vocabulary: Vocabulary, ends: ReadonlySet<number>,
    onToken: (text: string) => void,
  ) {
    this.#question = question;
    this.#vocabulary = vocabulary;
    this.#ends = ends;
    this.#onToken = onToken;
    this.#sampler = new Sampler(question.sampling);
    this.#stream = new TextStream(vocabulary.strips);
    this.#filter = new StopFilter(question.stop);
  }

  /** Choose the next token and show what it completes; `finish` is set when it was the last. */
  take(logits: Float32Array): number {
    const token = this.#sampler.choose(logits);
    if (this.#ends.has(token)) {
      this.end("stop");
      return token;
    }
    this.outputTokens += 1;
    if (this.#question.logprobs) this.#note(logits, token);
    this.#onToken(this.#filter.add(this.#stream.add(this.#vocabulary.bytes(token))));
    if (this.#filter.stopped) this.finish = "stop";
    else if (this.outputTokens >= this.#question.maxTokens) this.end("length");
    return token;
  }

  /** Show what was held back. */
  end(finish: Finish): Finish {
    const held = this.#filter.flush();
    if (held) this.#onToken(held);
    this.finish = finish;
    return finish;
  }

  #note(logits: Float32Array, token: number): void {
    this.logprobs.push(noted(logits, token, ALTERNATIVES, this.#vocabulary.text(token)));
  }
}

/** How many tokens both begin with. */
export function common(kept: readonly number[], prompt: readonly number[]): number {
  const most = Math.min(kept.length, prompt.length);
  let count = 0;
  while (count < most && kept[count] === prompt[count]) count += 1;
  return count;
}

function tooLong(tokens: number, most: number): PageError {
  return new PageError(
    "length",
    `This conversation has ${tokens} tokens; this model reads ${most}.`,
    "Begin a new chat, or take away some of the text.",
  );
}
