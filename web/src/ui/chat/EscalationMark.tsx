import type { VNode } from "preact";

import type { Turn } from "../state.ts";
import { timeText, totalMs } from "../figures.ts";
import { confidenceText } from "../words.ts";

/** That the question went to the gateway, or was kept from it; why, how sure the draft was, both times. */
export function EscalationMark({ turn }: { turn: Turn }): VNode | null {
  const { escalation, reply } = turn;
  if (!escalation) return null;
  const head = escalation.permitted ? `Sent to ${reply?.engine ?? "the gateway"}` : escalation.draft === null ? "Not sent" : "Not sent: the draft is the answer";
  const times = escalation.permitted ? timesOf(turn) : "";
  return (
    <div class={escalation.permitted ? "escalated" : "escalated refused"}>
      <p><strong>{head}</strong></p>
      <p class="soft">{[escalation.why, confidenceText(escalation), times].filter(Boolean).join(" · ")}</p>
      {reply && escalation.permitted && (
        <details><summary>What was sent to {escalation.to}</summary><pre tabIndex={0}>{pretty(escalation.payload)}</pre></details>
      )}
    </div>
  );
}

function timesOf(turn: Turn): string {
  const steps = turn.reply?.steps ?? [];
  const draft = totalMs(steps.find((step) => step.role === "draft")?.timing ?? null);
  const answer = totalMs(steps.findLast((step) => step.kept)?.timing ?? null);
  return draft === null || answer === null ? "" : `draft ${timeText(draft)}, answer ${timeText(answer)}`;
}

/** The same JSON, with room between; as it is where it is none. */
export function pretty(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}
