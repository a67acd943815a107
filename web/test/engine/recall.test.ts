import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import type { Machine } from "../../src/engine/probe.ts";
import { recall, remember } from "../../src/engine/recall.ts";

const DAY_MS = 24 * 3600 * 1000;
const kept = new Map<string, string>();
const getItem = (key: string): string | null => kept.get(key) ?? null;
const setItem = (key: string, text: string): void => void kept.set(key, text);
Object.defineProperty(globalThis, "localStorage", { value: { getItem, setItem }, configurable: true });
beforeEach(() => kept.clear());
after(() => Reflect.deleteProperty(globalThis, "localStorage"));

const machine = (copyBytesPerMs: number): Machine =>
  ({ gpu: null, why: "it did not come", jspi: false, threads: 1, copyBytesPerMs, productBytesPerMs: null });

test("what a machine was found to be is believed for a week, however often it is remembered", () => {
  remember(machine(7), 1000);
  remember(machine(8), 1000 + 6 * DAY_MS);
  assert.equal(recall(1000 + 6 * DAY_MS)?.copyBytesPerMs, 8);
  assert.equal(recall(1000 + 7 * DAY_MS), null);
  assert.equal(recall(999), null);
});

test("another browser, and whatever else was written there, are not believed", () => {
  remember(machine(7), 1000);
  const [[key, text]] = [...kept] as [[string, string]];
  kept.set(key, text.replace(navigator.userAgent, "another"));
  assert.equal(recall(1000), null);
  for (const other of ["{", "7", "null", '{"machine": {}}', '{"machine": null, "atMs": 1}']) {
    kept.set(key, other);
    assert.equal(recall(1000), null);
  }
});
