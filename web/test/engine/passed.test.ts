import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import type { Manifest, Variant } from "../../src/manifest.ts";
import { dropPass, keepPass, passKey, passOf } from "../../src/engine/passed.ts";
import type { Machine } from "../../src/engine/probe.ts";
import type { Way } from "../../src/engine/protocol.ts";

const DAY_MS = 24 * 3600 * 1000;
const kept = new Map<string, string>();
const getItem = (key: string): string | null => kept.get(key) ?? null;
const setItem = (key: string, text: string): void => void kept.set(key, text);
Object.defineProperty(globalThis, "localStorage", { value: { getItem, setItem }, configurable: true });
beforeEach(() => kept.clear());
after(() => Reflect.deleteProperty(globalThis, "localStorage"));

const file = (sha256: string) => ({ name: "a", bytes: 1, sha256 });
const variant = (id: string, data: string, logit: number) =>
  ({ id, model: file("1"), data: [file(data)], canary: { top: [{ id: 1, logit }] } }) as unknown as Variant;
const manifest = (data = "2", logit = 5): Manifest =>
  ({ title: "Tiny", variants: [variant("wasm-int8", data, logit), variant("webgpu-f32", data, logit)] }) as unknown as Manifest;
const card = (name: string): Machine => ({ gpu: { name } }) as unknown as Machine;
const WAY: Way = { backend: "wasm", variant: "wasm-int8", build: "plain", threads: 2 };
const CARD: Way = { backend: "webgpu", variant: "webgpu-f32", build: "jspi", threads: 1 };

test("a pass is believed for a week, and not before it was given", () => {
  keepPass("key", { mostTokens: 31, step: [1, 2] }, 1000);
  assert.equal(passOf("key", 1000 + 6 * DAY_MS)?.mostTokens, 31);
  assert.equal(passOf("key", 1000 + 8 * DAY_MS), null);
  assert.equal(passOf("key", 999), null);
  assert.equal(passOf("another", 1000), null);
});

test("a pass that was dropped is none, and the others stay", () => {
  for (const key of ["a", "b"]) keepPass(key, { mostTokens: 64, step: [] });
  dropPass("a");
  assert.deepEqual([passOf("a"), passOf("b")?.mostTokens], [null, 64]);
});

test("other weights, canaries, threads, backends and cards need a pass of their own", () => {
  const keys = [
    passKey(manifest(), WAY, null), passKey(manifest("3"), WAY, null), passKey(manifest("2", 6), WAY, null),
    passKey(manifest(), { ...WAY, threads: 1 }, null), passKey(manifest(), CARD, card("a")),
    passKey(manifest(), CARD, card("b")), passKey(manifest(), { ...CARD, build: "asyncify" }, card("a")),
  ];
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(passKey(manifest(), WAY, card("a")), passKey(manifest(), WAY, card("b")), "a card is not asked here");
});

test("what somebody else wrote there is no pass, and few are kept", () => {
  for (const text of ["{", "7", '[null, {"key": "key"}, {"key": "key", "atMs": 1, "mostTokens": 0}]',
    '[{"key": "key", "atMs": 1, "mostTokens": 31}]', '[{"key": "key", "atMs": 1, "mostTokens": 31, "step": [null]}]']) {
    kept.set("sprat.passed.2", text);
    assert.equal(passOf("key", 2), null);
  }
  for (let i = 0; i < 20; i++) keepPass(`key ${i}`, { mostTokens: 31, step: [1, 2] });
  assert.equal((JSON.parse(kept.get("sprat.passed.2") ?? "[]") as unknown[]).length, 8);
});
