/** One attempt: a model is asked, and whatever comes of it is kept. */

import { PageError, type Ask, type Engine, type Reply, type Step } from "../types.ts";
import type { Breaker } from "./breaker.ts";
import type { Which } from "./spec.ts";

/** One of a policy's two engines, and how it fares. */
export interface Half {
  readonly which: Which;
  readonly engine: Engine;
  readonly breaker: Breaker;
}

/** A step that says what became of it. */
export interface PolicyStep extends Step {
  readonly calibrated: boolean;
  /** What was said, where it was not kept. */
  readonly text: string | null;
  readonly error: string | null;
}

export class Attempt {
  readonly half: Half;
  readonly ask: Ask;
  readonly role: Step["role"];
  why: string;
  text = "";
  reply: Reply | null = null;
  error: PageError | null = null;
  /** False: it was not asked, and `error` says why. */
  asked = false;
  kept = false;
  confidence: number | null = null;
  calibrated = false;
  /** The beginning was all that was wanted, and there is more. */
  cut = false;

  constructor(half: Half, ask: Ask, role: Step["role"], why: string) {
    this.half = half;
    this.ask = ask;
    this.role = role;
    this.why = why;
  }

  get name(): string {
    return this.half.engine.name;
  }

  get cancelled(): boolean {
    return this.reply?.finish === "cancelled";
  }

  /** Asks; afterwards exactly one of `reply` and `error` is set. */
  async run(onText: (text: string) => void, signal: AbortSignal | undefined, withinMs: number | null): Promise<void> {
    if (this.error) return;
    const alone = this.half.breaker.why;
    if (alone) {
      this.error = new PageError("left-alone", `${this.name} is ${alone}.`, "Ask again later.");
      return;
    }
    this.asked = true;
    if (withinMs !== null) await ready(this.half.engine);
    const patience = withinMs === null ? undefined : AbortSignal.timeout(withinMs);
    try {
      const reply = await this.half.engine.answer(this.ask, (piece) => {
        this.text += piece;
        onText(piece);
      }, either(signal, patience));
      if (reply.finish === "cancelled" && patience?.aborted && !signal?.aborted) throw this.tooSlow(withinMs ?? 0);
      this.reply = reply;
      this.text = reply.text;
      this.half.breaker.worked();
    } catch (error) {
      this.error = asPageError(error, this.name);
      this.half.breaker.failed(this.error);
    }
  }

  private tooSlow(withinMs: number): PageError {
    const said = `${this.name} had not answered after ${withinMs / 1000} s.`;
    return new PageError("slow", said, "Ask for less, or choose a policy with more patience.");
  }

  step(): PolicyStep {
    return {
      role: this.role,
      engine: this.name,
      why: this.error && !this.asked ? this.error.message : this.why,
      kept: this.kept,
      usage: this.reply?.usage ?? null,
      timing: this.reply?.timing ?? null,
      confidence: this.confidence,
      calibrated: this.calibrated,
      text: this.kept || !this.asked ? null : this.text,
      error: this.error && this.asked ? this.error.message : null,
    };
  }
}

/** Aborted as soon as one of the two is: `AbortSignal.any`, which browsers of 2023 lack. */
function either(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  if (!one || !other) return one ?? other;
  const both = new AbortController();
  for (const signal of [one, other]) {
    if (signal.aborted) both.abort(signal.reason);
    signal.addEventListener("abort", () => both.abort(signal.reason), { signal: both.signal });
  }
  return both.signal;
}

/** Loading is not the model's own time: it is over before that begins. */
async function ready(engine: Engine & { warm?: () => Promise<unknown> }): Promise<void> {
  await engine.warm?.().catch(() => undefined); // What is wrong, the answer itself will say.
}

function asPageError(error: unknown, name: string): PageError {
  if (error instanceof PageError) return error;
  const said = error instanceof Error ? error.message : String(error);
  return new PageError("failed", `${name} failed: ${said}`, "Ask again; if it fails again, reload the page.");
}
