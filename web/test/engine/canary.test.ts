import assert from "node:assert/strict";
import { test } from "node:test";
import type { Canary } from "../../src/manifest.ts";
import { passesBriefly, stepOf, stepsAsBefore } from "../../src/engine/canary.ts";
import type { Decoder } from "../../src/engine/decoder.ts";
import { PageError } from "../../src/types.ts";

const CANARY: Canary = { prompt: [3, 1], tokens: [2, 2], top: [{ id: 2, logit: 4 }], tolerance: 0.1 };

/** Its logits are always these. */
function decoder(logits: readonly number[], more: Partial<Decoder> = {}): Decoder {
  const cache = { reserve: () => undefined };
  return { mostTokens: 64, cache, run: async () => Float32Array.from(logits), ...more } as unknown as Decoder;
}

test("the processor's first step is held against that of the start at which the canary was right", async () => {
  const step = await stepOf(decoder([0, 1, 4]), CANARY);
  const known = { mostTokens: 31, step };
  const same = decoder([0, 1, 4.0001]);
  assert.equal(await stepsAsBefore(same, CANARY, known), true);
  assert.equal(same.mostTokens, 31);
  for (const wrong of [[0, 1, 4.01], [0, 1.1, 4], [0, NaN, 4]]) {
    assert.equal(await stepsAsBefore(decoder(wrong), CANARY, known), false, String(wrong));
  }
  assert.equal(await stepsAsBefore(decoder([0, 1, 4]), CANARY, { ...known, step: [] }), false);
});

test("a card that computes otherwise than before passes no more, and one that is gone says so", async () => {
  const known = { mostTokens: 31, step: [] };
  assert.equal(await passesBriefly(decoder([0, 1, 4]), CANARY, known), true);
  assert.equal(await passesBriefly(decoder([0, 1, 5]), CANARY, known), false);
  const run = () => Promise.reject(new PageError("lost", "It is gone.", ""));
  await assert.rejects(passesBriefly(decoder([], { run }), CANARY, known), { code: "lost" });
});
