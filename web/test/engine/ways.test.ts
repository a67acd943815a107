import assert from "node:assert/strict";
import { test } from "node:test";
import type { Manifest, Variant, VariantId } from "../../src/manifest.ts";
import { checkAsk, troubleOf } from "../../src/engine/protocol.ts";
import { parseManifest } from "../../src/engine/read.ts";
import type { Gpu, Machine } from "../../src/engine/probe.ts";
import { waysOf } from "../../src/engine/ways.ts";
import { PageError } from "../../src/types.ts";

const SHA = "0".repeat(64);

function variant(id: VariantId, bytes: number, needs: string[] = []): Variant {
  const backend = id.startsWith("webgpu") ? "webgpu" : "wasm";
  const canary = { prompt: [1], tokens: [2], top: [{ id: 2, logit: 1 }], tolerance: 1e-3 };
  const model = { name: `onnx/${id}.onnx`, bytes, sha256: SHA };
  return { id, backend, needs, model, data: [], cache: "float32", canary };
}

const manifest: Manifest = {
  format: 1, name: "tiny", title: "Tiny", licence: "MIT", architecture: "llama", sha256: SHA,
  contextTokens: 64, layers: 30, kvHeads: 2, headSize: 16, vocabulary: 300, ends: [2], files: [],
  variants: [
    variant("webgpu-f32", 100e6), variant("webgpu-f16", 90e6, ["shader-f16"]), variant("wasm-int8", 140e6),
  ],
};

const card: Gpu = {
  name: "card", fallback: false, half: true, maxBufferBytes: 2 ** 31, maxBindingBytes: 2 ** 31,
  pace: { readBytesPerMs: 100e6, dispatchMs: 0.005 },
};
const machine: Machine = { gpu: card, why: null, jspi: true, threads: 4, copyBytesPerMs: 8e6, productBytesPerMs: 10e6 };

const shown = (ways: ReturnType<typeof waysOf>): string[] =>
  ways.map(({ variant: id, build, threads }) => `${id} ${build} ${threads}`);

test("a card comes first, in half precision where it can; the plainest way comes last", () => {
  assert.deepEqual(shown(waysOf(manifest, machine, "auto", 0)), [
    "webgpu-f16 jspi 1", "webgpu-f32 jspi 1", "wasm-int8 plain 4", "wasm-int8 plain 1",
  ]);
});

test("a card without half precision, and a browser without JSPI, get what they can run", () => {
  const plain = { ...machine, jspi: false, gpu: { ...card, half: false } };
  assert.deepEqual(shown(waysOf(manifest, plain, "webgpu", 0))[0], "webgpu-f32 asyncify 1");
});

test("a card slower than the processor comes after it", () => {
  const slow = { ...machine, gpu: { ...card, pace: { readBytesPerMs: 1e6, dispatchMs: 0.2 } } };
  assert.equal(shown(waysOf(manifest, slow, "auto", 0))[0], "wasm-int8 plain 4");
  assert.equal(shown(waysOf(manifest, slow, "webgpu", 0))[0], "webgpu-f16 jspi 1");
});

test("where the processor could not be timed, a card comes first", () => {
  const slow = { ...card, pace: { readBytesPerMs: 1e6, dispatchMs: 0.2 } };
  const untimed = { ...machine, gpu: slow, productBytesPerMs: null };
  assert.equal(shown(waysOf(manifest, untimed, "auto", 0))[0], "webgpu-f16 jspi 1");
});

test("a card that the processor plays is used only when it is asked for", () => {
  const fake = { ...machine, gpu: { ...card, fallback: true } };
  assert.ok(waysOf(manifest, fake, "auto", 0).every(({ backend }) => backend === "wasm"));
  assert.equal(waysOf(manifest, fake, "webgpu", 0)[0]?.backend, "webgpu");
});

test("fewer threads can be asked for, more than there are cannot", () => {
  assert.equal(waysOf(manifest, machine, "wasm", 2)[0]?.threads, 2);
  assert.equal(waysOf(manifest, machine, "wasm", 64)[0]?.threads, 4);
  assert.deepEqual(shown(waysOf(manifest, machine, "wasm", 1)), ["wasm-int8 plain 1"]);
});

test("WebGPU where there is none is refused with the reason", () => {
  const none = { ...machine, gpu: null, why: "this browser has no WebGPU" };
  assert.throws(() => waysOf(manifest, none, "webgpu", 0), /this browser has no WebGPU/);
  assert.equal(waysOf(manifest, none, "auto", 0)[0]?.backend, "wasm");
});

test("a manifest that is none is refused with what is wrong", () => {
  const parse = (change: object): unknown =>
    parseManifest(JSON.stringify({ ...manifest, ...change }), "https://x/manifest.json");
  assert.deepEqual(parse({}), manifest);
  assert.throws(() => parse({ format: 2 }), /format is 2/);
  assert.throws(() => parse({ vocabulary: -1 }), /vocabulary is -1/);
  assert.throws(() => parse({ variants: [] }), /no variants/);
  assert.throws(() => parse({ files: [{ name: "../x", bytes: 1, sha256: SHA }] }), /\.\.\/x is no file/);
  assert.throws(() => parseManifest("<html>", "https://x/"), PageError);
});

test("a question out of bounds is refused with the value seen", () => {
  const messages = [{ role: "user", content: "x" }] as const;
  assert.doesNotThrow(() => checkAsk({ messages }));
  assert.throws(() => checkAsk({ messages: [] }), /messages is 0/);
  assert.throws(() => checkAsk({ messages, maxTokens: 0 }), /maxTokens is 0/);
  assert.throws(() => checkAsk({ messages, temperature: NaN }), /temperature is NaN/);
});

test("any error can be shown: what happened, and what to do", () => {
  assert.equal(troubleOf(new RangeError("Array buffer allocation failed")).code, "memory");
  assert.equal(troubleOf("x").code, "runtime");
  assert.deepEqual(troubleOf(new PageError("a", "b", "c")), { code: "a", message: "b", fix: "c" });
});
