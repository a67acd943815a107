import assert from "node:assert/strict";
import { test } from "node:test";

import { bytesText, countText, csvOf, firstTokenMs, measuresOf, rateOf, seriesOf, timeText, totalMs } from "../../src/ui/figures.ts";
import type { Measure } from "../../src/ui/figures.ts";
import type { Reply, Step } from "../../src/types.ts";

const TIMING = { sent: 100, firstToken: 400, lastToken: 1400, done: 1450, loadMs: 200 };
const USAGE = { inputTokens: 7, outputTokens: 11, cachedTokens: 3 };

function step(role: Step["role"], engine: string, kept: boolean): Step {
  return { role, engine, why: "", kept, usage: USAGE, timing: TIMING, confidence: null };
}

function reply(steps: Step[]): Reply {
  return { text: "x", finish: "stop", engine: "large", where: "gateway", usage: USAGE, timing: TIMING, logprobs: [], steps };
}

test("sizes are told in decimal units, with as many digits as mean something", () => {
  const told = [0, 999, 1000, 98_000_000, 9_949_000, 999_600_000, 1_250_000_000].map(bytesText);
  assert.deepEqual(told, ["0 B", "999 B", "1.0 kB", "98 MB", "9.9 MB", "1.0 GB", "1.3 GB"]);
});

test("times are told in the unit that people read", () => {
  assert.deepEqual([3.21, 42, 99.4, 123, 9994, 59_949, 61_000, 119_600].map(timeText),
    ["3.2 ms", "42 ms", "99 ms", "0.12 s", "9.99 s", "59.9 s", "1 min 1 s", "2 min 0 s"]);
});

test("one is told as one", () => {
  assert.deepEqual([0, 1, 2000].map((count) => countText(count, "request")), ["0 requests", "1 request", "2,000 requests"]);
});

test("first token and whole time leave the loading out; the rate begins after the first token", () => {
  assert.equal(firstTokenMs(TIMING), 100);
  assert.equal(totalMs(TIMING), 1150);
  assert.equal(rateOf(USAGE, TIMING), 10);
});

test("what was not measured is null, never nought", () => {
  assert.equal(firstTokenMs(null), null);
  assert.equal(firstTokenMs({ ...TIMING, firstToken: null }), null);
  assert.equal(rateOf({ ...USAGE, outputTokens: 1 }, TIMING), null);
  assert.equal(rateOf(null, TIMING), null);
  assert.equal(rateOf(USAGE, { ...TIMING, lastToken: 400 }), null);
});

test("every attempt of an answer is a row, discarded ones too, the finding of passages is none", () => {
  const rows = measuresOf(reply([step("retrieve", "documents", false), step("draft", "small", false), step("answer", "large", true)]), 4, "small");
  assert.deepEqual(rows.map(({ answer, model, where, role, kept }) => [answer, model, where, role, kept]),
    [[4, "small", "here", "draft", false], [4, "large", "gateway", "answer", true]]);
  assert.deepEqual(measuresOf(reply([]), 1, "").map((row) => row.model), ["large"]);
});

test("a table for spreadsheets quotes what needs it, and is no formula", () => {
  const [row] = measuresOf(reply([step("answer", '=cmd|"x",y', true)]), 1, "") as [Measure];
  const lines = csvOf([{ ...row, tokensPerS: null }]).split("\r\n");
  assert.equal(lines.length, 3);
  assert.equal(lines[1], `1,"'=cmd|""x"",y",gateway,answer,true,100,,1150,200,7,3,11`);
});

test("the series of a chart have a value or a gap for every answer", () => {
  const one = (answer: number, model: string, totalMs: number): Measure => ({
    answer, model, where: "here", role: "answer", kept: true, firstTokenMs: null, tokensPerS: null, totalMs,
    loadMs: 0, inputTokens: null, cachedTokens: null, outputTokens: null,
  });
  const series = seriesOf([one(1, "a", 5), one(2, "b", 6), one(3, "a", 7)], "totalMs");
  assert.deepEqual(series, { answers: [1, 2, 3], models: ["a", "b"], values: [[5, null, 7], [null, 6, null]] });
});
