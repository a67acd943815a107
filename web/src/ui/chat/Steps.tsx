import type { VNode } from "preact";

import type { Reply } from "../../types.ts";
import { stepText } from "../words.ts";

/** Every attempt, discarded ones too. */
export function Steps({ reply }: { reply: Reply }): VNode {
  return (
    <details class="steps">
      <summary>{reply.steps.length} steps</summary>
      <ol>
        {reply.steps.map((step) => (
          <li class={step.kept ? "kept" : undefined}>
            <strong>{step.role}</strong> {step.engine}{step.kept ? " (kept)" : ""} <span class="soft">{stepText(step)}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}
