/** Nothing is sent before somebody, or a rule of theirs, said yes to exactly that. */

import type { Ask, Engine } from "../types.ts";

/** The large model: it can show what it would send, and where. */
export interface Sender extends Engine {
  readonly address?: string;
  payload?(ask: Ask): string;
}

export interface Escalation {
  /** The address that it would go to, or the engine's name. */
  readonly to: string;
  /** Word for word what would be sent. */
  readonly payload: string;
  /** One line. */
  readonly why: string;
  /** In the draft, or in the draft to come; null: none was judged. */
  readonly confidence: number | null;
  readonly calibrated: boolean;
  /** The draft, which stays the answer if this is not allowed; null: there is none. */
  readonly draft: string | null;
}

/** Resolves to whether it may be sent; `signal`: nobody waits for that any more. */
export type Permit = (escalation: Escalation, signal?: AbortSignal) => Promise<boolean>;

export function payloadOf(large: Sender, ask: Ask): string {
  return large.payload?.(ask) ?? JSON.stringify(ask);
}
