import { useState } from "preact/hooks";
import type { VNode } from "preact";

/** Copies `text`; says for a moment whether it worked. */
export function CopyButton({ text, what }: { text: string; what: string }): VNode {
  const [said, say] = useState("Copy");
  const copy = async () => {
    say((await copied(text)) ? "Copied" : "Not allowed");
    setTimeout(() => say("Copy"), 1500);
  };
  return (
    <button type="button" class="quiet small" onClick={copy} aria-label={`Copy the ${what}`}>
      <span aria-live="polite">{said}</span>
    </button>
  );
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text); // Absent where the page is no secure context.
    return true;
  } catch {
    return false;
  }
}
