/** What one answer has come to so far, with stamps by the page's own clock. */

import type { Finish, Reply, Step, Timing, TokenLogprob, Usage } from "../types.ts";
import type { Piece, Written } from "./protocol.ts";

export class Turn {
  text = "";
  loadMs = 0;
  /** Of the text, so that another worker can go on. */
  readonly tokens: number[] = [];
  readonly #logprobs: TokenLogprob[] = [];
  readonly #engine: string;
  readonly #onText: (text: string) => void;
  readonly #sent = performance.now();
  #firstToken: number | null = null;
  #lastToken: number | null = null;

  constructor(engine: string, onText: (text: string) => void) {
    this.#engine = engine;
    this.#onText = onText;
  }

  add({ text, token, logprob }: Piece): void {
    this.tokens.push(token);
    if (logprob) this.#logprobs.push(logprob);
    this.#show(text);
  }

  /** Before the first token: what is loaded in the middle of an answer is time of the answer. */
  loaded(ms: number): void {
    if (this.#firstToken === null) this.loadMs += ms;
  }

  #show(text: string): void {
    if (text === "") return;
    this.#lastToken = performance.now();
    this.#firstToken ??= this.#lastToken;
    this.text += text;
    this.#onText(text);
  }

  /** `written` null: cancelled before anything was. */
  reply(written: Written | null, where: string): Reply {
    this.#show(written?.rest ?? "");
    const finish: Finish = written?.finish ?? "cancelled";
    const none: Usage = { inputTokens: 0, outputTokens: this.tokens.length, cachedTokens: 0 };
    const usage = written?.usage ?? none;
    const logprobs: readonly TokenLogprob[] = this.#logprobs;
    const timing = this.#timing();
    const [engine, text] = [this.#engine, this.text];
    const counted = written?.usage ?? null;
    const step: Step = { engine, usage: counted, timing, role: "answer", why: "", kept: true, confidence: null };
    return { engine, usage, timing, text, finish, where, logprobs, steps: [step] };
  }

  #timing(): Timing {
    return {
      sent: this.#sent,
      firstToken: this.#firstToken,
      lastToken: this.#lastToken,
      done: performance.now(),
      loadMs: this.loadMs,
    };
  }
}
