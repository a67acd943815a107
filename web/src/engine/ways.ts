/** Which ways there are to compute a model on a machine, the best first. Pure. */

import type { Manifest, Variant } from "../manifest.ts";
import { PageError } from "../types.ts";
import type { Machine } from "./probe.ts";
import { variantBytes } from "./protocol.ts";
import type { Way } from "./protocol.ts";

export type Preference = "webgpu" | "wasm" | "auto";

/**
 * Of the pace of bare products, what decoding as a whole reaches on one thread: measured, 3.4 of 17.5
 * bytes a nanosecond (docs/benchmarks.md).
 */
const WHOLE_SHARE = 0.2;
/** Steps of the graphics card for each layer of a decoder. */
const LAYER_STEPS = 12;

/**
 * All ways that can be tried, in order; `threads` 0: as many as the machine has.
 *
 * The last is always the plainest: the processor with one thread. Raises PageError "weights" where
 * the model has nothing for this machine, "no-webgpu" where WebGPU is demanded and there is none.
 */
export function waysOf(
  manifest: Manifest, machine: Machine, wanted: Preference, threads: number,
): Way[] {
  const cards = cardWays(manifest, machine, wanted);
  const processors = processorWays(manifest, Math.min(threads || Infinity, machine.threads));
  if (wanted === "webgpu" && cards.length === 0) throw noWebgpu(machine.why);
  const ways = isCardFaster(manifest, machine) || wanted === "webgpu"
    ? [...cards, ...processors]
    : [...processors.slice(0, 1), ...cards, ...processors.slice(1)];
  const chosen = wanted === "wasm" ? processors : ways;
  if (chosen.length === 0) throw nothingHere(manifest.title);
  return chosen;
}

function cardWays(manifest: Manifest, machine: Machine, wanted: Preference): Way[] {
  const { gpu, jspi } = machine;
  if (!gpu || (gpu.fallback && wanted !== "webgpu")) return [];
  const has = (feature: string): boolean => feature === "shader-f16" && gpu.half;
  return variants(manifest, "webgpu")
    .filter((variant) => variant.needs.every(has))
    .sort((a, b) => b.needs.length - a.needs.length)
    .map(({ id }) => {
      const build = jspi ? "jspi" : "asyncify";
      return { backend: "webgpu", variant: id, build, threads: 1 };
    });
}

function processorWays(manifest: Manifest, threads: number): Way[] {
  const counts = threads > 1 ? [threads, 1] : [1];
  return variants(manifest, "wasm").flatMap(({ id }) =>
    counts.map((count): Way => ({ backend: "wasm", variant: id, build: "plain", threads: count })),
  );
}

const variants = (manifest: Manifest, backend: Variant["backend"]): Variant[] =>
  manifest.variants.filter((variant) => variant.backend === backend);

/** By the time that one token should take; where one could not be timed, the card is believed to be. */
function isCardFaster(manifest: Manifest, machine: Machine): boolean {
  const [card] = variants(manifest, "webgpu").map(variantBytes).sort((a, b) => a - b);
  const [processor] = variants(manifest, "wasm").map(variantBytes);
  const pace = machine.gpu?.pace;
  const processorPace = paceOf(machine);
  if (!pace || !processorPace || !card || !processor) return true;
  const cardMs = card / pace.readBytesPerMs + LAYER_STEPS * manifest.layers * pace.dispatchMs;
  return cardMs < processor / processorPace;
}

/** Bytes of weights per millisecond of all threads, no more than memory moves at all; null: not timed. */
function paceOf({ productBytesPerMs, copyBytesPerMs, threads }: Machine): number | null {
  if (productBytesPerMs === null) return null;
  return Math.min(WHOLE_SHARE * productBytesPerMs * threads, copyBytesPerMs);
}

function noWebgpu(why: string | null): PageError {
  return new PageError(
    "no-webgpu",
    `WebGPU cannot be used here: ${why ?? "these weights have nothing for this graphics card"}.`,
    "Choose WASM in the settings, or open the page in a current Chrome, Edge, Firefox or Safari.",
  );
}

function nothingHere(title: string): PageError {
  return new PageError(
    "weights",
    `${title} has no weights for this machine.`,
    "Export it again: sprat models export NAME --target web",
  );
}
