/** What the engine tells the page of itself, and what it is told. */

import type { VariantId } from "../manifest.ts";
import type { PageError } from "../types.ts";
import type { Patience, Workers } from "./link.ts";
import type { Preference } from "./ways.ts";

export interface EngineState {
  readonly phase:
    | "idle" | "probing" | "downloading" | "loading" | "warming" | "ready" | "answering"
    | "recovering" | "failed";
  readonly backend?: "webgpu" | "wasm";
  readonly variant?: VariantId;
  readonly threads?: number;
  readonly doneBytes?: number;
  readonly totalBytes?: number;
  /** From asking for the model until it could answer. */
  readonly loadMs?: number;
  /** For people: what is not as they would expect. */
  readonly note?: string;
  readonly error?: PageError;
}

export interface LocalOptions {
  readonly manifestUrl: string;
  /** Default "auto": the fastest that works, by a short probe. */
  readonly backend?: Preference;
  /** Of the processor; 0 or left out: as many as the machine has. */
  readonly threads?: number;
  /** Of a locked gateway. */
  readonly key?: string;
  readonly onState: (state: EngineState) => void;
  /** For tests. */
  readonly spawn?: () => Workers;
  readonly patience?: Patience;
}
