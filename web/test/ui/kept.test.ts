import assert from "node:assert/strict";
import { test } from "node:test";

import type { Manifest } from "../../src/manifest.ts";
import { DEFAULTS } from "../../src/ui/settings.ts";
import { begin, isKept, variantKey } from "../../src/ui/state.ts";
import type { State } from "../../src/ui/state.ts";

const entry = (sha256: string) => ({ name: sha256, bytes: 1, sha256 });
const MANIFEST = {
  name: "small",
  files: [entry("tokenizer")],
  variants: [
    { id: "webgpu-f32", backend: "webgpu", model: entry("graph"), data: [entry("weights")] },
    { id: "wasm-int8", backend: "wasm", model: entry("int8"), data: [] },
  ],
} as unknown as Manifest;

function state(hashes: readonly string[], change: Partial<State> = {}): State {
  const files = hashes.map((sha256) => ({ sha256, keptBytes: 1, verifiedMs: 1 }));
  const kept = [{ name: "small", files, bytes: 9, keptBytes: 9, verifiedMs: 1, whole: true }];
  return { ...begin(DEFAULTS, true), kept, manifests: { small: MANIFEST }, ...change };
}

test("a model whose weights were held in memory is not kept, though its small files are", () => {
  assert.equal(isKept(state(["tokenizer"]), "small"), false);
});

test("weights for another way to compute are not those that would be used", () => {
  const int8 = ["tokenizer", "int8"];
  const choose = (backend: "webgpu" | "wasm") => ({ settings: { ...DEFAULTS, backend } });
  assert.equal(isKept(state(int8, choose("wasm")), "small"), true);
  assert.equal(isKept(state(int8, choose("webgpu")), "small"), false);
  assert.equal(isKept(state(int8), "small"), false);
});

test("the weights of last time are those of the next", () => {
  const variants = { [variantKey("small", "auto")]: "webgpu-f32" };
  assert.equal(isKept(state(["tokenizer", "graph", "weights"], { variants }), "small"), true);
  assert.equal(isKept(state(["tokenizer", "graph"], { variants }), "small"), false);
});

test("a file that was kept and is another now, or is unfinished, is missing", () => {
  const settings = { ...DEFAULTS, backend: "wasm" as const };
  assert.equal(isKept(state(["tokenizer", "older"], { settings }), "small"), false);
  const one = state(["tokenizer", "int8"], { settings });
  const kept = one.kept.map((model) => ({ ...model, files: model.files.map((file) => ({ ...file, verifiedMs: null })) }));
  assert.equal(isKept({ ...one, kept }, "small"), false);
});
