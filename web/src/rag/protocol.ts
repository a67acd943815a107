/** What the page and the worker that embeds say to each other. Questions are answered in turn. */

import type { Trouble } from "../engine/protocol.ts";

/** Texts in one message: so long does a question wait for passages that are being embedded. */
export const MOST_TEXTS = 4;

export type ToEmbedder =
  | { readonly kind: "open"; readonly manifestUrl: string; readonly key: string | null }
  | { readonly kind: "embed"; readonly id: number; readonly texts: readonly string[] };

export type FromEmbedder =
  | { readonly kind: "progress"; readonly doneBytes: number; readonly totalBytes: number; readonly note?: string }
  | { readonly kind: "ready" }
  | { readonly kind: "vectors"; readonly id: number; readonly vectors: readonly Float32Array[] }
  /** `id` null: it could not be loaded. */
  | { readonly kind: "failed"; readonly id: number | null; readonly trouble: Trouble };
