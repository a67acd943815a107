/** An answer of the gateway, put together from its chunks. */

import type { Finish, Reply, Step, Timing, TokenLogprob, Usage } from "../types.ts";
import { failure, noStream } from "./problems.ts";
import { logprobsOf, usageOf } from "./wire.ts";
import type { Attempt, Chunk, Sprat } from "./wire.ts";

export class Answer {
  readonly #model: string;
  readonly #sent: number;
  readonly #onText: (text: string) => void;
  #text = "";
  #pieces = 0;
  #first: number | null = null;
  #last: number | null = null;
  #finish: Finish | null = null;
  #usage: Usage | null = null;
  #sprat: Sprat | null = null;
  #logprobs: TokenLogprob[] = [];

  constructor(model: string, sent: number, onText: (text: string) => void) {
    this.#model = model;
    this.#sent = sent;
    this.#onText = onText;
  }

  get chars(): number {
    return this.#text.length;
  }

  /** Throws `PageError`: the event is an error, or no JSON. */
  take(data: string): void {
    const chunk = parsed(data);
    if (chunk.error) throw failure(chunk.error);
    if (chunk.usage) this.#usage = usageOf(chunk.usage);
    if (chunk.sprat) this.#sprat = chunk.sprat;
    const choice = chunk.choices?.[0];
    if (choice?.logprobs?.content) this.#logprobs.push(...logprobsOf(choice.logprobs.content));
    if (choice?.delta?.reasoning_content) this.#stamp();
    if (choice?.delta?.content) this.#add(choice.delta.content);
    if (choice?.finish_reason) this.#finish = choice.finish_reason === "length" ? "length" : "stop";
  }

  #stamp(): void {
    this.#last = performance.now();
    this.#first ??= this.#last;
  }

  #add(text: string): void {
    this.#stamp();
    this.#text += text;
    this.#pieces += 1;
    this.#onText(text);
  }

  /** What there is now. A cancelled answer was not counted by the gateway: pieces stand for tokens. */
  reply(cancelled: boolean): Reply {
    const timing = this.#timing();
    const counted = { inputTokens: 0, outputTokens: this.#pieces, cachedTokens: 0 };
    return {
      text: this.#text,
      finish: cancelled ? "cancelled" : (this.#finish ?? "stop"),
      engine: this.#sprat?.model ?? this.#model,
      where: "gateway",
      usage: this.#usage ?? counted,
      timing,
      logprobs: this.#logprobs,
      steps: this.#steps(timing),
    };
  }

  #timing(): Timing {
    const loadMs = (this.#sprat?.timing.load_s ?? 0) * 1000;
    return { sent: this.#sent, firstToken: this.#first, lastToken: this.#last, done: performance.now(), loadMs };
  }

  #steps(timing: Timing): Step[] {
    const attempts = (this.#sprat?.steps ?? []).filter((attempt) => attempt.role !== "gate");
    if (attempts.length > 0) return attempts.map((attempt) => stepOf(attempt, this.#sent));
    const engine = this.#sprat?.model ?? this.#model;
    const rest = { why: "asked at the gateway", kept: true, usage: this.#usage, confidence: null };
    return [{ role: "answer", engine, timing, ...rest }];
  }
}

/** The gateway tells how long an attempt took, not when it began: all are laid from `sent`. */
function stepOf(attempt: Attempt, sent: number): Step {
  return {
    role: attempt.role === "draft" ? "draft" : attempt.role === "retrieve" ? "retrieve" : "answer",
    engine: attempt.engine,
    why: attempt.why,
    kept: attempt.kept,
    usage: usageOfAttempt(attempt),
    timing: timingOfAttempt(attempt, sent),
    confidence: attempt.confidence,
  };
}

function usageOfAttempt({ input_tokens, output_tokens }: Attempt): Usage | null {
  if (input_tokens === null || output_tokens === null) return null;
  return { inputTokens: input_tokens, outputTokens: output_tokens, cachedTokens: 0 };
}

function timingOfAttempt({ first_token_s, seconds }: Attempt, sent: number): Timing | null {
  if (seconds === null) return null;
  const firstToken = first_token_s === null ? null : sent + first_token_s * 1000;
  const done = sent + seconds * 1000;
  return { sent, firstToken, lastToken: firstToken === null ? null : done, done, loadMs: 0 };
}

function parsed(data: string): Chunk {
  try {
    const chunk: unknown = JSON.parse(data);
    if (typeof chunk === "object" && chunk !== null) return chunk as Chunk;
  } catch {
    // As below: whatever it is, the gateway does not write it.
  }
  throw noStream();
}
