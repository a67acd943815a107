/** Rules that come before everything else, and cost nothing: `sprat.policies.gates`. */

import { PageError, type Ask } from "../types.ts";
import { python } from "../words/python.ts";
import { length } from "../words/text.ts";
import { wordsOf } from "./said.ts";
import type { Policy, Which } from "./spec.ts";

/** What the rules say of one request. */
export interface Gated {
  /** Who answers; null: the policy decides. */
  readonly which: Which | null;
  /** Who may answer instead, where that one fails. */
  readonly other: Which | null;
  readonly why: string;
}

/** The rules of one policy; the large model is the one that is not in this page. */
export class Gate {
  private readonly policy: Policy;
  private readonly patterns: readonly RegExp[];

  /** Throws a `PageError` where a private pattern cannot be read as it was meant. */
  constructor(policy: Policy) {
    this.policy = policy;
    this.patterns = policy.gates.private.map(compiled);
  }

  look(ask: Ask): Gated {
    const barred = this.stays(ask);
    if (barred) return { which: "small", other: null, why: barred };
    const chars = ask.messages.reduce((sum, message) => sum + length(message.content), 0);
    const most = this.policy.gates.most_chars;
    if (most !== null && chars > most) {
      return { which: "large", other: "small", why: `long: ${chars} characters, over ${most}` };
    }
    return { which: null, other: null, why: "" };
  }

  /** Why this very request must not leave the page; null: it may. */
  stays(ask: Ask, where = "the conversation"): string | null {
    if (this.policy.gates.stay_here) return "nothing leaves this page (stay_here)";
    for (const [at, pattern] of this.patterns.entries()) {
      for (const words of wordsOf(ask)) {
        if (pattern.test(words)) return `private: pattern ${at + 1} is in ${where}`;
      }
    }
    return null;
  }
}

function compiled(pattern: string, at: number): RegExp {
  try {
    return python(pattern);
  } catch (error) {
    throw new PageError(
      "policy",
      `The policy's private pattern ${at + 1} (${pattern}) cannot be read here: ${String(error)}.`,
      "Choose another policy, or ask the gateway, which reads it.",
    );
  }
}
