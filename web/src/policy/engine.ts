/** A policy as an engine: the model in this page and a larger one, which answer as one. */

import { PageError, type Ask, type Engine } from "../types.ts";
import type { Half } from "./attempt.ts";
import { Breakers } from "./breaker.ts";
import { Gate } from "./gates.ts";
import { apart, type Weights } from "./identity.ts";
import type { Permit, Sender } from "./permit.ts";
import type { Policy, Which } from "./spec.ts";
import { Turn, type Parts, type PolicyReply } from "./turn.ts";
import { direct, wayOf, type Way } from "./ways.ts";

export interface PolicyOptions {
  /** What the page calls it; the policy's own name unless set. */
  readonly name?: string;
  readonly small: Engine;
  readonly large: Sender;
  readonly policy: Policy;
  /** Asked before anything is sent, every time. */
  readonly permit: Permit;
  /** Hears a draft as it is written, before it is judged. */
  readonly onDraft?: (text: string) => void;
  /** What runs here; null: not known, and a calibrated policy is then marked as not calibrated. */
  readonly weights?: () => Weights | null;
  /** Remembers which model fails, from one engine to the next; this engine's own unless given. */
  readonly breakers?: Breakers;
}

export class PolicyEngine implements Engine {
  readonly name: string;
  private readonly parts: Parts;
  private readonly way: Way;

  /** Throws a `PageError`: a policy that this page cannot run as it was meant. */
  constructor(options: PolicyOptions) {
    const { policy, small, large, permit, breakers = new Breakers() } = options;
    const half = (which: Which, engine: Engine): Half => ({ which, engine, breaker: breakers.of(`${which} ${engine.name}`, policy) });
    refuse(policy);
    this.name = options.name ?? `policy:${policy.name}`;
    const weights = options.weights ?? (() => null);
    apart(policy.small, weights());
    this.way = wayOf(policy);
    this.parts = {
      name: this.name,
      policy,
      gate: new Gate(policy),
      halves: { small: half("small", small), large: half("large", large) },
      large,
      permit,
      onDraft: options.onDraft ?? (() => {}),
      apart: () => apart(policy.small, weights()),
    };
  }

  /** `onText` hears nothing before it is decided whose answer is kept. Throws a `PageError`. */
  async answer(ask: Ask, onText: (text: string) => void, signal?: AbortSignal): Promise<PolicyReply> {
    const turn = new Turn(this.parts, ask, onText, signal);
    const gated = this.parts.gate.look(ask);
    if (gated.which) await direct(turn, gated.which, gated.other, gated.why);
    else await this.way(turn);
    return turn.reply();
  }
}

/** What only the gateway can do: nobody should think that it is done here. */
function refuse(policy: Policy): void {
  const why = beyond(policy);
  if (!why) return;
  throw new PageError(
    "policy",
    `${policy.name} cannot run in this page: ${why}.`,
    `Choose a cascade, refine or fallback policy, or ask the gateway for policy:${policy.name}.`,
  );
}

function beyond(policy: Policy): string | null {
  if (policy.kind === "verify") return "its large model reads drafts token by token, which needs both models in one place";
  if (policy.kind === "shadow") return "it would send questions unseen, and this page sends nothing unasked";
  if (policy.gates.budget_usd !== null) return "it has a budget, which only the gateway can keep";
  if (policy.decision.self_check) return "it asks the small model to check itself, by words that this page's engine does not tell";
  return null;
}
