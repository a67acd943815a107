import assert from "node:assert/strict";
import { test } from "node:test";

import type { Manifest, WebModel } from "../../src/manifest.ts";
import { missingOf, sizeOf, sizeText } from "../../src/ui/need.ts";
import { DEFAULTS } from "../../src/ui/settings.ts";
import { begin, variantKey } from "../../src/ui/state.ts";
import type { State } from "../../src/ui/state.ts";

const MODEL: WebModel = { name: "small", title: "Small", task: "chat", manifest: "/m", bytes: 98e6 };
const entry = (sha256: string, bytes: number) => ({ name: sha256, bytes, sha256 });
const MANIFEST = {
  files: [entry("tokenizer", 2e6)],
  variants: [
    { id: "webgpu-f32", backend: "webgpu", needs: [], model: entry("f32", 155e6), data: [] },
    { id: "webgpu-f16", backend: "webgpu", needs: ["shader-f16"], model: entry("f16", 146e6), data: [] },
    { id: "wasm-int8", backend: "wasm", needs: [], model: entry("graph", 1e6), data: [entry("int8", 135e6)] },
  ],
} as unknown as Manifest;

const state = (change: Partial<State> = {}): State => ({ ...begin(DEFAULTS, true), manifests: { small: MANIFEST }, ...change });
const size = (change: Partial<State> = {}): string => sizeText(sizeOf(state(change), MODEL));
const gpu = { name: "card", fallback: false };

test("before its manifest is read a model weighs about what the list says", () => {
  assert.equal(size({ manifests: {} }), "about 98 MB");
});

test("what may be used is told from the least to the most; what will be used exactly", () => {
  assert.equal(size(), "138 to 157 MB");
  assert.equal(size({ settings: { ...DEFAULTS, backend: "wasm" } }), "138 MB");
  assert.equal(size({ variants: { [variantKey("small", "auto")]: "webgpu-f16" } }), "148 MB");
});

test("what this device cannot run is not counted once that is known", () => {
  assert.equal(size({ probed: { gpu: null, why: "none" } }), "138 MB");
  assert.equal(size({ probed: { gpu: { ...gpu, half: false }, why: null } }), "138 to 157 MB");
  const webgpu = { settings: { ...DEFAULTS, backend: "webgpu" as const } };
  assert.equal(size({ ...webgpu, probed: { gpu: { ...gpu, half: false }, why: null } }), "157 MB");
});

test("what is here, whole or in part, is not downloaded again", () => {
  const files = [{ sha256: "tokenizer", keptBytes: 2e6, verifiedMs: 1 }, { sha256: "int8", keptBytes: 35e6, verifiedMs: null }];
  const kept = [{ name: "small", files, bytes: 137e6, keptBytes: 37e6, verifiedMs: null, whole: false }];
  const settings = { ...DEFAULTS, backend: "wasm" as const };
  assert.equal(sizeText(missingOf(state({ kept, settings }), MODEL)), "101 MB");
  assert.equal(size({ kept, settings }), "138 MB");
});

test("two units are both written", () => {
  assert.equal(sizeText({ leastBytes: 950e6, mostBytes: 1.2e9, about: false }), "950 MB to 1.2 GB");
});
