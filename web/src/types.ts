/**
 * The nouns of the page: the same as the gateway's, in the words of TypeScript.
 *
 * Whatever answers is an `Engine`: the model in this page, the gateway, a policy over both.
 */

export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** One request. What is left out is the engine's own: 256 tokens, temperature 0. */
export interface Ask {
  readonly messages: readonly Message[];
  readonly maxTokens?: number;
  /** 0: always the likeliest token. */
  readonly temperature?: number;
  readonly topP?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  /** Keep the log-probability of every token: a policy's confidence is made of them. */
  readonly logprobs?: boolean;
}

/** A token that was written. */
export interface TokenLogprob {
  readonly id: number;
  readonly text: string;
  /** Natural logarithm, of the whole distribution at temperature 1. */
  readonly logprob: number;
  /** The likeliest other tokens' log-probabilities, highest first; as many as a policy needs. */
  readonly top: readonly number[];
}

export type Finish = "stop" | "length" | "cancelled";

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the input: tokens that were already read for the turn before. */
  readonly cachedTokens: number;
}

/** Milliseconds by `performance.now()` of the page's own thread; null: it never happened. */
export interface Timing {
  readonly sent: number;
  readonly firstToken: number | null;
  readonly lastToken: number | null;
  readonly done: number;
  /** Of `sent … firstToken`: loading the weights, where that was still to be done. */
  readonly loadMs: number;
}

/** One attempt at an answer; discarded ones stay too. */
export interface Step {
  readonly role: "retrieve" | "draft" | "answer";
  readonly engine: string;
  readonly why: string;
  readonly kept: boolean;
  readonly usage: Usage | null;
  readonly timing: Timing | null;
  readonly confidence: number | null;
}

export interface Reply {
  readonly text: string;
  readonly finish: Finish;
  readonly engine: string;
  /** Where it was computed: "webgpu", "wasm", "gateway". */
  readonly where: string;
  readonly usage: Usage;
  readonly timing: Timing;
  readonly logprobs: readonly TokenLogprob[];
  readonly steps: readonly Step[];
}

/** Yields text as it comes, and ends in exactly one `Reply`: the value of the promise. */
export interface Engine {
  readonly name: string;
  answer(ask: Ask, onText: (text: string) => void, signal?: AbortSignal): Promise<Reply>;
}

/** What went wrong, and what to do about it: both are shown to people as they stand. */
export class PageError extends Error {
  readonly fix: string;
  /** For programs: "no-webgpu", "insecure", "quota", "hash", "canary", "lost", "memory", "hang", … */
  readonly code: string;

  constructor(code: string, message: string, fix: string) {
    super(message);
    this.name = "PageError";
    this.code = code;
    this.fix = fix;
  }
}
