/** What one answer has come to so far, with stamps by the page's own clock. */

import type { Finish, Reply, Step, Timing, TokenLogprob, Usage } from "../types.ts";
import type { Written } from "./protocol.ts";

export class Turn {
  text = "";
  loadMs = 0;
  readonly #engine: string;
  readonly #onText: (text: string) => void;
  readonly #sent = performance.now();
  #firstToken: number | null = null;
  #lastToken: number | null = null;

  constructor(engine: string, onText: (text: string) => void) {
    this.#engine = engine;
    this.#onText = onText;
  }

  add(text: string): void {
    this.#lastToken = performance.now();
    this.#firstToken ??= this.#lastToken;
    this.text += text;
    this.#onText(text);
  }

  /** `written` null: cancelled before anything was. */
  reply(written: Written | null, where: string): Reply {
    const finish: Finish = written?.finish ?? "cancelled";
    const usage: Usage = written?.usage ?? { inputTokens: 0, outputTokens: 0, cachedTokens: 0 };
    const logprobs: readonly TokenLogprob[] = written?.logprobs ?? [];
    const timing = this.#timing();
    const [engine, text] = [this.#engine, this.text];
    const done = { engine, usage, timing };
    const step: Step = { ...done, role: "answer", why: "", kept: true, confidence: null };
    return { ...done, text, finish, where, logprobs, steps: [step] };
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
