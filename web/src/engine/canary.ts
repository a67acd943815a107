/** Whether this machine computes what native ONNX Runtime computed from the same file. */

import type { Canary } from "../manifest.ts";
import { PageError } from "../types.ts";
import type { Decoder } from "./decoder.ts";
import type { Passed } from "./protocol.ts";
import { likeliest } from "./sampling.ts";

/** From one more on, ONNX Runtime's WebGPU attention computes by another kernel. */
const FEW_TOKENS = 31;

/** Of its answer, where it was computed rightly before: one step, so that both kernels are warm. */
const BRIEF_TOKENS = 2;

/** Beyond what the same bytes, computed in the same place, come to. */
const SAME = 1e-3;

/**
 * Whether a card that has passed before still does: its kernels are made, and the first logits compared.
 *
 * Raises whatever is no difference: the card is gone, no memory.
 */
export async function passesBriefly(decoder: Decoder, canary: Canary, { mostTokens }: Passed): Promise<boolean> {
  decoder.mostTokens = Math.min(decoder.mostTokens, mostTokens);
  try {
    await sing(decoder, { ...canary, tokens: canary.tokens.slice(0, BRIEF_TOKENS) });
    return true;
  } catch (error) {
    if (error instanceof PageError && error.code === "canary") return false;
    throw error;
  }
}

/** Whether the processor's first step is what it was when the canary had passed. */
export async function stepsAsBefore(decoder: Decoder, canary: Canary, { mostTokens, step }: Passed): Promise<boolean> {
  decoder.mostTokens = Math.min(decoder.mostTokens, mostTokens);
  const now = await stepOf(decoder, canary);
  return now.length === step.length && now.every((logit, i) => Math.abs(logit - step[i]!) <= SAME);
}

/** One step from nothing: the mean of all logits, and those of the canary. Each layer's weights are in them. */
export async function stepOf(decoder: Decoder, { prompt, top }: Canary): Promise<number[]> {
  decoder.cache.reserve(1, 0);
  const logits = await decoder.run(prompt.slice(0, 1), 0);
  const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
  return [mean, ...top.map(({ id }) => logits[id] ?? NaN)];
}

/**
 * Hold a decoder against the canary; one that reads only few tokens at once rightly is made to.
 *
 * ONNX Runtime's attention for 32 tokens and more is wrong on cards with four lanes side by side
 * (SwiftShader): docs/decisions/providers.md. Raises PageError "canary".
 */
export async function tryOut(decoder: Decoder, canary: Canary): Promise<void> {
  // a shorter canary says nothing of the other kernel
  if (canary.prompt.length <= FEW_TOKENS) decoder.mostTokens = Math.min(decoder.mostTokens, FEW_TOKENS);
  try {
    await sing(decoder, canary);
  } catch (error) {
    if (decoder.mostTokens <= FEW_TOKENS) throw error;
    decoder.mostTokens = FEW_TOKENS;
    await sing(decoder, canary);
  }
}

/**
 * Read the canary's prompt and write its answer: that warms up everything, too.
 *
 * The tokens given are fed, whatever this machine would choose, so that one near tie is seen as one.
 * Raises PageError "canary" at the first difference.
 */
async function sing(decoder: Decoder, canary: Canary): Promise<void> {
  const { prompt, tokens } = canary;
  decoder.cache.reserve(prompt.length + tokens.length, 0);
  let logits: Float32Array = new Float32Array();
  for (let at = 0; at < prompt.length; at += decoder.mostTokens) {
    logits = await decoder.run(prompt.slice(at, at + decoder.mostTokens), at);
  }
  compareLogits(logits, canary);
  for (const [step, token] of tokens.entries()) {
    const best = likeliest(logits);
    if (best !== token && !nearlyAs(logits, token, canary.tolerance)) {
      throw wrong(`token ${step + 1} of ${tokens.length} is ${best}, not ${token}`);
    }
    if (step + 1 < tokens.length) logits = await decoder.run([token], prompt.length + step);
  }
}

/** Two logits may each be off by the tolerance. */
function nearlyAs(logits: Float32Array, token: number, tolerance: number): boolean {
  return (logits[token] ?? -Infinity) >= (logits[likeliest(logits)] ?? 0) - 2 * tolerance;
}

function compareLogits(logits: Float32Array, canary: Canary): void {
  for (const { id, logit } of canary.top) {
    const found = logits[id] ?? NaN;
    // not "greater than", so that NaN is a difference
    if (!(Math.abs(found - logit) <= canary.tolerance)) {
      throw wrong(`the logit of token ${id} is ${found.toFixed(4)}, not ${logit.toFixed(4)}`);
    }
  }
}

function wrong(what: string): PageError {
  return new PageError(
    "canary",
    `This machine does not compute what the model should say: ${what}.`,
    "Verify the model again under Models; if it is right, choose another way to compute, or update the browser and the graphics driver.",
  );
}
