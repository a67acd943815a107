import assert from "node:assert/strict";
import { test } from "node:test";
import { Answerer, common } from "../../src/engine/answer.ts";
import type { Pause, Question } from "../../src/engine/answer.ts";
import type { Decoder } from "../../src/engine/decoder.ts";
import type { Piece } from "../../src/engine/protocol.ts";
import { Vocabulary } from "../../src/engine/vocabulary.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz.";
const END = 26;
const vocabulary = new Vocabulary({
  model: { vocab: Object.fromEntries([...LETTERS].map((letter, id) => [letter, id])) },
  decoder: { type: "ByteLevel" },
});

/** Writes the alphabet on from the last token, and remembers what it was given to compute. */
class Alphabet {
  runs: { tokens: readonly number[]; past: number }[] = [];
  reserved: number[] = [];
  mostTokens = 4;
  cache = { reserve: (tokens: number): void => void this.reserved.push(tokens) };

  async run(tokens: readonly number[], past: number): Promise<Float32Array> {
    this.runs.push({ tokens, past });
    const logits = new Float32Array(LETTERS.length);
    logits[Math.min((tokens.at(-1) ?? 0) + 1, END)] = 5;
    return logits;
  }
}

const idsOf = (text: string): number[] => [...text].map((letter) => LETTERS.indexOf(letter));
const goOn: Pause = () => Promise.resolve("on");

function ask(prompt: string, more: Partial<Question> = {}): Question {
  const sampling = { temperature: 0, topP: 1, seed: 1 };
  return { prompt: idsOf(prompt), maxTokens: 30, sampling, stop: [], logprobs: false, begun: [], ...more };
}

function make(contextTokens = 100): { decoder: Alphabet; answerer: Answerer } {
  const decoder = new Alphabet();
  const real = decoder as unknown as Decoder;
  return { decoder, answerer: new Answerer(real, vocabulary, [END], contextTokens) };
}

async function write(answerer: Answerer, question: Question, pause = goOn) {
  const pieces: Piece[] = [];
  const answer = await answerer.answer(question, (piece) => pieces.push(piece), pause);
  return { ...answer, pieces, text: pieces.map(({ text }) => text).join("") + answer.rest };
}

test("the common beginning is what both begin with", () => {
  assert.equal(common([1, 2, 3], [1, 2, 4, 5]), 2);
  assert.equal(common([], [1]), 0);
  assert.equal(common([1, 2], [1, 2]), 2);
});

test("a prompt is read in pieces, each after the one before", async () => {
  const { decoder, answerer } = make();
  await write(answerer, ask("abcdefghij", { maxTokens: 1 }));
  assert.deepEqual(decoder.runs.map((run) => run.past), [0, 4, 8]);
});

test("an answer ends at the model's own end, which is neither shown nor counted", async () => {
  const answer = await write(make().answerer, ask("w", { logprobs: true }));
  assert.deepEqual([answer.text, answer.finish, answer.outputTokens], ["xyz", "stop", 3]);
  assert.deepEqual(answer.pieces.map(({ logprob }) => logprob?.text), ["x", "y", "z"]);
});

test("an answer ends at its length, and at the model's", async () => {
  const short = await write(make().answerer, ask("a", { maxTokens: 2 }));
  assert.deepEqual([short.text, short.finish], ["bc", "length"]);
  const full = await write(make(5).answerer, ask("abc"));
  assert.equal(full.finish, "length");
  assert.equal(3 + full.outputTokens, 5);
});

test("an answer ends before a stop string", async () => {
  const answer = await write(make().answerer, ask("a", { stop: ["ef"] }));
  assert.deepEqual([answer.text, answer.finish], ["bcd", "stop"]);
});

test("what the last turn began with is not read again", async () => {
  const { decoder, answerer } = make();
  await write(answerer, ask("abcdefgh", { maxTokens: 2 }));
  decoder.runs.length = 0;
  const answer = await write(answerer, ask("abcdefgx", { maxTokens: 1 }));
  assert.equal(answer.cachedTokens, 7);
  assert.deepEqual(decoder.runs[0], { tokens: idsOf("x"), past: 7 });
});

test("the same question again reads its last token again", async () => {
  const { decoder, answerer } = make();
  const first = await write(answerer, ask("abcd", { maxTokens: 3 }));
  decoder.runs.length = 0;
  const second = await write(answerer, ask("abcd", { maxTokens: 3 }));
  assert.equal(second.cachedTokens, 3);
  assert.equal(second.text, first.text);
  assert.deepEqual(decoder.runs[0], { tokens: idsOf("d"), past: 3 });
});

test("the answer of the turn before is part of what is kept", async () => {
  const { answerer } = make();
  await write(answerer, ask("ab", { maxTokens: 3 })); // writes cde; e itself was never read
  const answer = await write(answerer, ask("abcdz", { maxTokens: 1 }));
  assert.equal(answer.cachedTokens, 4);
});

test("told to stop while reading, nothing is written, and what was read is kept", async () => {
  const { decoder, answerer } = make();
  let pauses = 0;
  const stop: Pause = async () => (++pauses > 1 ? "stop" : "on");
  const answer = await write(answerer, ask("abcdefghij"), stop);
  assert.deepEqual([answer.finish, answer.text], ["cancelled", ""]);
  decoder.runs.length = 0;
  assert.equal((await write(answerer, ask("abcdefghij"))).cachedTokens, 4);
});

test("told to stop while writing, it ends within a step", async () => {
  const { decoder, answerer } = make();
  let pauses = 0;
  const stop: Pause = async () => (++pauses > 3 ? "stop" : "on");
  const answer = await write(answerer, ask("a"), stop);
  assert.equal(answer.finish, "cancelled");
  assert.equal(decoder.runs.length, 3);
});

test("a conversation longer than the model reads is refused with both numbers", async () => {
  await assert.rejects(write(make(5).answerer, ask("abcde")), /has 5 tokens; this model reads 5/);
});

test("an answer that another worker began goes on as if it had not ended, wherever that was", async () => {
  const asked = { maxTokens: 9, stop: ["jk"], sampling: { temperature: 1.2, topP: 0.9, seed: 3 } };
  const whole = await write(make().answerer, ask("abc", asked));
  const tokens = whole.pieces.map(({ token }) => token);
  for (let count = 0; count <= tokens.length; count++) {
    const [begun, shown] = [tokens.slice(0, count), whole.pieces.slice(0, count)];
    const rest = await write(make().answerer, ask("abc", { ...asked, begun }));
    assert.equal(shown.map(({ text }) => text).join("") + rest.text, whole.text);
    assert.deepEqual([rest.finish, rest.outputTokens], [whole.finish, whole.outputTokens]);
  }
});

test("what was held back is shown once, with the end: whoever goes on there repeats and loses nothing", async () => {
  const ends = [{}, { maxTokens: 3 }];
  for (const more of ends) {
    const whole = await write(make().answerer, ask("w", { stop: ["z!"], ...more }));
    assert.deepEqual([whole.text, whole.rest], ["xyz", "z"]);
    const begun = whole.pieces.map(({ token }) => token);
    const rest = await write(make().answerer, ask("w", { stop: ["z!"], ...more, begun }));
    assert.deepEqual([rest.text, rest.finish, rest.outputTokens], ["z", whole.finish, 3]);
  }
});

test("an answer that filled what the model reads only ends, and is not called too long a question", async () => {
  const { decoder, answerer } = make(5);
  const answer = await write(answerer, ask("abc", { begun: idsOf("de") }));
  assert.deepEqual([answer.finish, answer.outputTokens, decoder.runs], ["length", 2, []]);
});

test("told to stop before it has gone on, an answer that was begun shows what was held back", async () => {
  const stop: Pause = async () => "stop";
  const answer = await write(make().answerer, ask("w", { stop: ["z!"], begun: idsOf("xyz") }), stop);
  assert.deepEqual([answer.finish, answer.text], ["cancelled", "z"]);
});

test("an answer that had its length already only ends", async () => {
  const { decoder, answerer } = make();
  const answer = await write(answerer, ask("a", { maxTokens: 2, begun: idsOf("bc") }));
  assert.deepEqual([answer.finish, answer.text, answer.outputTokens, decoder.runs], ["length", "", 2, []]);
});

test("where the next token is no number, the machine is doubted and nothing is shown", async () => {
  const { decoder, answerer } = make();
  decoder.run = async () => new Float32Array(LETTERS.length).fill(NaN);
  await assert.rejects(write(answerer, ask("a")), { code: "canary", message: /computed NaN/ });
});
