import assert from "node:assert/strict";
import { test } from "node:test";
import { highest, likeliest, noted, randomFrom, Sampler } from "../../src/engine/sampling.ts";

/** Logits with many ties, from a fixed stream. */
function logitsOf(count: number, seed = 1): Float32Array {
  const random = randomFrom(seed);
  return Float32Array.from({ length: count }, () => Math.round(random() * 40) / 4);
}

test("among equal logits the lowest number is the likeliest", () => {
  assert.equal(likeliest(Float32Array.of(1, 3, 3, 2)), 1);
});

test("the highest places are those that sorting everything would give", () => {
  for (const count of [1, 2, 6, 100, 1024, 5000]) {
    const logits = logitsOf(5000, count);
    const sorted = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
    assert.deepEqual(highest(logits, count), sorted.slice(0, count));
  }
});

test("at temperature 0 the likeliest token is chosen, whatever the seed", () => {
  const logits = logitsOf(300);
  const sampler = new Sampler({ temperature: 0, topP: 0.9, seed: 7 });
  assert.equal(sampler.choose(logits), likeliest(logits));
});

test("the same seed draws the same tokens, another seed others", () => {
  const draw = (seed: number): number[] => {
    const sampler = new Sampler({ temperature: 1, topP: 1, seed });
    return Array.from({ length: 20 }, () => sampler.choose(logitsOf(300)));
  };
  assert.deepEqual(draw(5), draw(5));
  assert.notDeepEqual(draw(5), draw(6));
});

test("tokens are drawn as often as the softmax at that temperature says", () => {
  const logits = Float32Array.of(0, Math.log(2), Math.log(5));
  const sampler = new Sampler({ temperature: 1, topP: 1, seed: 3 });
  const counts = [0, 0, 0];
  for (let i = 0; i < 40_000; i++) counts[sampler.choose(logits)]! += 1;
  [1 / 8, 2 / 8, 5 / 8].forEach((share, token) => {
    assert.ok(Math.abs(counts[token]! / 40_000 - share) < 0.01, `token ${token}: ${counts}`);
  });
});

test("nothing outside the nucleus is drawn, and all inside it is", () => {
  const logits = Float32Array.from([0.4, 0.3, 0.2, 0.1], Math.log);
  const sampler = new Sampler({ temperature: 1, topP: 0.65, seed: 2 });
  const drawn = new Set(Array.from({ length: 500 }, () => sampler.choose(logits)));
  assert.deepEqual([...drawn].sort(), [0, 1]);
});

test("a nucleus wider than the first look is found whole", () => {
  const logits = new Float32Array(4000);
  const sampler = new Sampler({ temperature: 1, topP: 0.9, seed: 2 });
  const drawn = Array.from({ length: 3000 }, () => sampler.choose(logits));
  assert.ok(Math.max(...drawn) > 3000 && Math.max(...drawn) < 3601);
});

test("a token is noted with its log-probability and those of the likeliest others", () => {
  const logits = Float32Array.from([0.1, 0.5, 0.25, 0.15], Math.log);
  const { logprob, top } = noted(logits, 2, 2, "x");
  assert.ok(Math.abs(logprob - Math.log(0.25)) < 1e-6);
  assert.equal(top.length, 2);
  assert.ok(Math.abs(top[0]! - Math.log(0.5)) < 1e-6);
  assert.ok(Math.abs(top[1]! - Math.log(0.15)) < 1e-6);
});

test("random numbers are spread over [0, 1)", () => {
  const random = randomFrom(12345);
  const values = Array.from({ length: 10_000 }, random);
  assert.ok(values.every((value) => value >= 0 && value < 1));
  assert.ok(Math.abs(values.reduce((sum, value) => sum + value, 0) / 10_000 - 0.5) < 0.02);
});
