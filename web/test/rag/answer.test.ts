import assert from "node:assert/strict";
import { test } from "node:test";
import { check } from "../../src/rag/check.ts";
import { Cleaner } from "../../src/rag/clean.ts";
import { farOff } from "../../src/rag/far.ts";
import { figures, marks, numbersThere, worded } from "../../src/rag/marks.ts";
import { promptFor, shown } from "../../src/rag/prompt.ts";
import { terms } from "../../src/rag/terms.ts";
import { found, golden, messagesOf } from "./golden.ts";

test("content words are the gateway's", () => {
  for (const [text, wanted] of golden.terms) assert.deepEqual(terms(text), wanted, text);
});

test("numbers and denials are the gateway's, in words and in figures", () => {
  for (const [text, all, claimed, rest, there] of golden.marks) {
    assert.deepEqual(marks(text), all, text);
    assert.deepEqual([...new Set(figures(text))].sort(), claimed, text);
    assert.equal(worded(text), rest, text);
    assert.deepEqual([...numbersThere(text)].sort(), there, text);
  }
});

test("a model is asked in the words of the gateway, with passages defused and cut alike", () => {
  for (const one of golden.asked) {
    const fitting = shown(found(one.passages), one.room);
    assert.deepEqual(fitting.map((passage) => passage.text), one.shown);
    const [asked] = promptFor(one.question, fitting, messagesOf(one.earlier));
    assert.equal(asked?.content, one.content);
  }
});

test("text that stays the same stands in front of everything, also of what was said before", () => {
  const fitting = shown(found([0]), 700);
  const earlier = messagesOf([["user", "Who?"], ["assistant", "Nobody."]]);
  const plain = promptFor("Why?", fitting, [], true)[0]?.content ?? "";
  const talk = promptFor("And then?", fitting, earlier, true)[0]?.content ?? "";
  const text = `[1] ${fitting[0]?.text}\n\n`;
  assert.ok(plain.startsWith(text) && talk.startsWith(`${text}Earlier:\nuser: Who?`));
  assert.equal(plain, promptFor("Why?", fitting)[0]?.content);
});

test("an answer is shown, or not, for the gateway's reasons and at the gateway's place", () => {
  let given = 0;
  for (const one of golden.checked) {
    const fitting = shown(found(one.passages), 700);
    const checked = check(one.answer, one.question, fitting);
    assert.equal(checked.shown, one.given, JSON.stringify(one));
    assert.equal(checked.why, one.why.replace("of the quoted words", "of its words"), JSON.stringify(one));
    const { rests } = checked;
    const start = fitting[(rests?.number ?? 1) - 1]?.found.passage.start ?? 0;
    assert.deepEqual(rests && [rests.number, rests.start - start, rests.end - start], one.rests);
    given += Number(one.given);
  }
  assert.ok(given > 5 && given < golden.checked.length - 5);
});

test("an answer is cleaned as the gateway cleans it, in whatever pieces it comes", () => {
  for (const one of golden.cleaned) {
    const cleaner = new Cleaner(one.question, 2);
    const text = one.pieces.map((piece) => cleaner.feed(piece)).join("") + cleaner.end(null);
    assert.equal(text.trimEnd(), one.text, JSON.stringify(one.pieces.join("")));
    assert.deepEqual([cleaner.cited, cleaner.wrong], [one.cited, one.wrong]);
  }
});

test("an answer that cites nothing gets the number of the passage that it rests on", () => {
  const place = golden.checked.find((one) => one.given && one.answer.includes("777"))?.passages ?? [];
  const checked = check("777 kilometres", "How long is the Seine?", shown(found(place), 700));
  assert.ok(checked.shown);
  assert.equal(checked.answer, `777 kilometres [${checked.rests?.number}]`);
});

test("no model is asked where the gateway would ask none, for the same reason", () => {
  for (const { passages, score, query, why } of golden.far) {
    const retrieved = { query, found: found(passages, score), lexicalMs: 0, embedMs: null };
    assert.equal(farOff(retrieved), why);
  }
  assert.ok(golden.far.some(({ why }) => why === null) && golden.far.some(({ why }) => why !== null));
});
