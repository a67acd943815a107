/** One request on its way through a policy: who was asked, what is kept. */

import { PageError, type Ask, type Reply, type Step } from "../types.ts";
import { Attempt, type Half, type PolicyStep } from "./attempt.ts";
import type { Gate } from "./gates.ts";
import { payloadOf, type Permit, type Sender } from "./permit.ts";
import type { Policy, Which } from "./spec.ts";

/** How an answer came about: docs/policies.md. */
export type Path = "accepted" | "escalated" | "direct" | "degraded";

export interface PolicyReply extends Reply {
  /** What decided; `engine` is the model whose answer was kept. */
  readonly policy: string;
  readonly path: Path;
  /** In the answer that was kept, where it was judged. */
  readonly confidence: number | null;
  readonly calibrated: boolean;
  /** Whether the policy's certificate speaks for this very answer. */
  readonly certified: boolean;
  readonly steps: readonly PolicyStep[];
}

/** What all requests to one policy share. */
export interface Parts {
  readonly name: string;
  readonly policy: Policy;
  readonly gate: Gate;
  readonly halves: Readonly<Record<Which, Half>>;
  readonly large: Sender;
  readonly permit: Permit;
  readonly onDraft: (text: string) => void;
  /** Why the small model's weights are not those of the calibration; null: they are. */
  readonly apart: () => string | null;
}

export class Turn {
  readonly parts: Parts;
  readonly ask: Ask;
  readonly signal: AbortSignal | undefined;
  readonly attempts: Attempt[] = [];
  /** What was thought before anything was drafted. */
  foreseen: { readonly confidence: number; readonly calibrated: boolean } | null = null;
  private readonly onText: (text: string) => void;
  private readonly sent = performance.now();
  private first: number | null = null;
  private last: number | null = null;
  private kept: { readonly attempt: Attempt; readonly path: Path } | null = null;

  constructor(parts: Parts, ask: Ask, onText: (text: string) => void, signal?: AbortSignal) {
    this.parts = parts;
    this.ask = ask;
    this.onText = onText;
    this.signal = signal;
  }

  get policy(): Policy {
    return this.parts.policy;
  }

  /** What the person sees of the answer that is kept. */
  readonly say = (text: string): void => {
    if (text === "") return;
    this.last = performance.now();
    this.first ??= this.last;
    this.onText(text);
  };

  /** The small model; `heard` gets its pieces. */
  async small(role: Step["role"], why: string, ask: Ask, heard: (text: string) => void): Promise<Attempt> {
    const attempt = this.begin("small", role, why, ask);
    const withinMs = this.leftMs();
    if (withinMs !== null && withinMs <= 0) {
      attempt.error = new PageError("slow", `${attempt.name}'s time is over.`, "Choose a policy with more patience.");
    }
    await attempt.run(heard, this.signal, withinMs);
    return attempt;
  }

  /** The large model, once that is allowed; `draft`: what stands if it is not. */
  async large(why: string, ask: Ask, draft: Attempt | null): Promise<Attempt> {
    const attempt = this.begin("large", "answer", why, ask);
    attempt.error = this.barred(ask, draft) ?? (await this.refused(attempt, draft));
    await attempt.run(this.say, this.signal, null);
    return attempt;
  }

  keep(attempt: Attempt, path: Path): void {
    attempt.kept = true;
    this.kept = { attempt, path };
  }

  reply(): PolicyReply {
    const { attempt, path } = this.kept ?? {};
    if (!attempt?.reply || !path) throw new Error("a policy ended without an answer and without an error");
    const { confidence, calibrated } = attempt;
    const certified = path === "accepted" && calibrated && this.policy.certificate !== null;
    const steps = this.attempts.flatMap((one) => [...within(one), one.step()]);
    const times = { sent: this.sent, firstToken: this.first, lastToken: this.last, done: performance.now() };
    const loadMs = Math.max(0, ...this.attempts.map((one) => one.reply?.timing.loadMs ?? 0));
    const timing = { ...times, loadMs };
    const told = { policy: this.parts.name, path, confidence, calibrated, certified };
    return { ...attempt.reply, timing, steps, ...told };
  }

  private begin(which: Which, role: Step["role"], why: string, ask: Ask): Attempt {
    const attempt = new Attempt(this.parts.halves[which], ask, role, why);
    this.attempts.push(attempt);
    return attempt;
  }

  /** The last look before anything is sent: a draft may hold what the conversation did not. */
  private barred(ask: Ask, draft: Attempt | null): PageError | null {
    const why = this.parts.gate.stays(ask, draft ? "the draft" : "the conversation");
    return why ? new PageError("not-sent", `Nothing was sent: ${why}.`, "Answer here instead.") : null;
  }

  private async refused(attempt: Attempt, draft: Attempt | null): Promise<PageError | null> {
    if (attempt.half.breaker.why) return null; // It will not be asked, so nobody need be.
    const judged = draft?.confidence != null ? draft : this.foreseen;
    const allowed = await this.parts.permit(
      {
        to: this.parts.large.address ?? this.parts.large.name,
        payload: payloadOf(this.parts.large, attempt.ask),
        why: (draft?.reply && draft.why) || attempt.why,
        confidence: judged?.confidence ?? null,
        calibrated: judged?.calibrated ?? false,
        draft: draft?.reply ? draft.text : null,
      },
      this.signal,
    );
    if (allowed && !this.signal?.aborted) return null;
    return new PageError("not-sent", "Nothing was sent: it was not allowed.", "Allow it, or answer here instead.");
  }

  /** All that the small model does for one request is done within one limit; loading is not its own. */
  private leftMs(): number | null {
    const limit = this.policy.fallback.timeout_s;
    if (limit === null) return null;
    const small = this.attempts.filter((one) => one.half.which === "small" && one.reply);
    const spent = small.map(({ reply }) => (reply ? reply.timing.done - reply.timing.sent - reply.timing.loadMs : 0));
    return Math.round(limit * 1000 - spent.reduce((sum, ms) => sum + ms, 0));
  }
}

/** What an engine tried by itself before its answer. */
function within(attempt: Attempt): PolicyStep[] {
  const discarded = attempt.reply?.steps.filter((step) => !step.kept) ?? [];
  return discarded.map((step) => ({ calibrated: false, text: null, error: null, ...step }));
}
