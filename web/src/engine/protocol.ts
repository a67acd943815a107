/** What the page and the engine's worker say to each other. One question at a time. */

import type { Manifest, Variant, VariantId } from "../manifest.ts";
import { PageError } from "../types.ts";
import type { Ask, Finish, TokenLogprob, Usage } from "../types.ts";
import type { Build } from "./runtime.ts";
import type { Machine } from "./probe.ts";
import type { Preference } from "./ways.ts";

/** One way to compute: which file, on what. */
export interface Way {
  readonly backend: "webgpu" | "wasm";
  readonly variant: VariantId;
  readonly build: Build;
  /** Of the processor; 1 with WebGPU. */
  readonly threads: number;
}

/** What a canary that was computed rightly leaves behind. */
export interface Passed {
  /** How many tokens may be read in one run there. */
  readonly mostTokens: number;
  /** What one step came to on the processor (`stepOf`); empty on a card. */
  readonly step: readonly number[];
}

export type ToWorker =
  | { readonly kind: "probe"; readonly known: Machine | null; readonly wanted: Preference }
  | {
      readonly kind: "open";
      readonly manifest: Manifest;
      readonly base: string;
      readonly way: Way;
      /** Null: the canary is computed whole. */
      readonly known: Passed | null;
    }
  /** `begun`: the tokens that another worker wrote of the answer before it ended. */
  | { readonly kind: "answer"; readonly id: number; readonly ask: Ask; readonly begun: readonly number[] }
  | { readonly kind: "cancel"; readonly id: number };

/** What one step adds to an answer. */
export interface Piece {
  /** What can be shown now; "": nothing yet. */
  readonly text: string;
  readonly token: number;
  /** Where they were asked for. */
  readonly logprob?: TokenLogprob;
}

export interface Written {
  readonly finish: Finish;
  /** Text that was held back until now. */
  readonly rest: string;
  readonly usage: Usage;
}

export type Trouble = { readonly code: string; readonly message: string; readonly fix: string };

export type FromWorker =
  | { readonly kind: "machine"; readonly machine: Machine }
  | {
      readonly kind: "phase";
      readonly phase: "downloading" | "loading" | "warming";
      readonly doneBytes?: number;
      readonly totalBytes?: number;
      readonly note?: string;
    }
  /** `passed` null: what was known still holds. */
  | { readonly kind: "ready"; readonly passed: Passed | null }
  | ({ readonly kind: "text"; readonly id: number } & Piece)
  | { readonly kind: "done"; readonly id: number; readonly written: Written }
  /** Still at work: the prompt is long. */
  | { readonly kind: "beat" }
  /** `id` null: nothing that follows would work. */
  | { readonly kind: "failed"; readonly id: number | null; readonly trouble: Trouble };

export const MOST = {
  messages: 1_000,
  characters: 4_000_000,
  tokens: 32_768,
  stops: 16,
  stopCharacters: 1_000,
  temperature: 5,
} as const;

/** Refuse what is out of bounds. Raises PageError "ask". */
export function checkAsk(ask: Ask): void {
  const { messages, maxTokens = 1, temperature = 0, topP = 1, stop = [] } = ask;
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
  within("messages", messages.length, 1, MOST.messages);
  within("characters", characters, 0, MOST.characters);
  within("maxTokens", maxTokens, 1, MOST.tokens);
  within("temperature", temperature, 0, MOST.temperature);
  within("topP", topP, 0, 1);
  within("stop", stop.length, 0, MOST.stops);
  for (const words of stop) within("stop", words.length, 0, MOST.stopCharacters);
}

function within(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new PageError(
    "ask",
    `${name} is ${value}; it must be ${least} to ${most}.`,
    "Change it in the settings, or shorten the text.",
  );
}

export function variantOf(manifest: Manifest, id: VariantId): Variant {
  const variant = manifest.variants.find((one) => one.id === id);
  if (variant) return variant;
  throw new PageError(
    "weights",
    `${manifest.title} has no weights for ${id}.`,
    "Export them again: sprat models export NAME --target web",
  );
}

/** Of its graph and its external data. */
export const variantBytes = ({ model, data }: Variant): number =>
  data.reduce((sum, { bytes }) => sum + bytes, model.bytes);

/** Any error as what can be sent, and shown. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof PageError) {
    return { code: error.code, message: error.message, fix: error.fix };
  }
  const words = error instanceof Error ? error.message : String(error);
  const memory = error instanceof RangeError || /memory|allocat/i.test(words);
  if (!memory) return { code: "runtime", message: `The model stopped: ${words}.`, fix: "Ask again." };
  return {
    code: "memory",
    message: `There was not enough memory for the model: ${words}.`,
    fix: "Close other tabs, or choose a smaller model.",
  };
}

export const errorOf = ({ code, message, fix }: Trouble): PageError =>
  new PageError(code, message, fix);
