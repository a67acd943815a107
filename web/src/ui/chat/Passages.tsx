import type { VNode } from "preact";

import { usePage } from "../context.ts";
import type { Passage } from "../parts.ts";

const SHOWN_CHARS = 220;

/** What the answer was given to read. */
export function Passages({ passages }: { passages: readonly Passage[] }): VNode {
  const page = usePage();
  return (
    <section class="passages" aria-label="Passages used">
      <h3>From your documents</h3>
      <ol>
        {passages.map((passage) => (
          <li>
            <button type="button" class="passage" onClick={() => page.openPassage(passage)}>
              <span class="passage-name">{passage.name}</span>
              <span class="passage-text">{clipped(passage.text)}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

function clipped(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > SHOWN_CHARS ? `${line.slice(0, SHOWN_CHARS)}…` : line;
}
