/** Whether the weights in this page are those that a policy was calibrated for. */

import { PageError } from "../types.ts";
import type { Side } from "./spec.ts";

/** What runs in this page. */
export interface Weights {
  /** Of the weights that it was exported from: `Manifest.sha256`. */
  readonly sha256: string;
  /** "wasm-int8", say: the same weights, each time computed otherwise. */
  readonly variant: string;
}

/**
 * Why a confidence is not calibrated here; null: it is.
 *
 * The same weights computed otherwise (8-bit products, 16-bit floats) have other logits: the
 * confidence still says something, but nothing was certified for it. Throws a `PageError` where the
 * weights are others altogether, as the gateway does.
 */
export function apart(side: Side, weights: Weights | null): string | null {
  const { identity } = side;
  if (Object.keys(identity).length === 0) return null;
  const here = weights?.variant ?? "unknown";
  if (weights && identity["weights_sha256"] !== weights.sha256) throw otherWeights(side, weights.sha256);
  const same = weights !== null && identity["variant"] === weights.variant;
  return same ? null : `not calibrated for these weights (${here})`;
}

function otherWeights(side: Side, found: string): PageError {
  const then = side.identity["weights_sha256"];
  const named = typeof then === "string" ? `with weights ${then.slice(0, 12)}…` : "somewhere else";
  return new PageError(
    "policy",
    `The policy was calibrated for ${side.model} ${named}; the weights here are ${found.slice(0, 12)}….`,
    `Load ${side.model} here, or choose another policy.`,
  );
}
