import type { VNode } from "preact";

/** All drawn on 20 × 20 by the text's own colour. */
const PATHS = {
  send: "M10 16V4M4.5 9.5 10 4l5.5 5.5",
  stop: "M6 6h8v8H6z",
  close: "M5 5l10 10M15 5 5 15",
  add: "M10 4v12M4 10h12",
  open: "M8 5l5 5-5 5",
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }): VNode {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Mark(): VNode {
  return (
    <svg class="mark" viewBox="0 0 64 64" width="28" height="28" aria-hidden="true">
      <rect width="64" height="64" rx="14" class="mark-ground" />
      <path d="M10 33c7-11 21-15 32-5l10-8c-2 9-2 17 0 26l-10-8c-11 10-25 6-32-5z" class="mark-fish" />
      <circle cx="22" cy="31" r="2.6" class="mark-ground" />
    </svg>
  );
}
