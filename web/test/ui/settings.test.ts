import assert from "node:assert/strict";
import { test } from "node:test";

import { bounded, DEFAULTS, settingsOf } from "../../src/ui/settings.ts";

test("what was chosen is read again", () => {
  const chosen = { ...DEFAULTS, mode: "hybrid", temperature: 0.7, maxTokens: 512, keepChat: true, here: "a" };
  assert.deepEqual(settingsOf(JSON.parse(JSON.stringify(chosen))), chosen);
});

test("what is no setting, or out of bounds, is as if never chosen", () => {
  const wrong = { mode: "cloud", theme: 1, temperature: 9, maxTokens: 1.5, passages: "3", here: "x".repeat(999), keepKey: "yes", more: 1 };
  assert.deepEqual(settingsOf(wrong), DEFAULTS);
  for (const none of [null, undefined, 3, "x", []]) assert.deepEqual(settingsOf(none), DEFAULTS);
});

test("a typed number is held within its bounds, and no number is none", () => {
  assert.deepEqual(["0", "300", "99999", "2.6"].map((text) => bounded("maxTokens", text)), [1, 300, 4096, 3]);
  assert.deepEqual(["", " ", "abc", "Infinity"].map((text) => bounded("temperature", text)), [null, null, null, null]);
  assert.equal(bounded("temperature", "0.75"), 0.75);
});
