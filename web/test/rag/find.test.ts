import assert from "node:assert/strict";
import { test } from "node:test";
import { Words } from "../../src/rag/bm25.ts";
import { chunk, worded } from "../../src/rag/chunk.ts";
import type { Found, Passage } from "../../src/rag/document.ts";
import { queryOf } from "../../src/rag/followup.ts";
import { closeness } from "../../src/rag/close.ts";
import { fuse, unlike } from "../../src/rag/fuse.ts";
import { stems } from "../../src/rag/porter.ts";
import { contentOf } from "../../src/rag/read/content.ts";
import { tokensAbout } from "../../src/rag/tokens.ts";
import { contentIn, found, golden, messagesOf, passages } from "./golden.ts";

test("a file is read with the headings that sprat index finds", () => {
  for (const document of golden.documents) {
    if (document.media === "code") continue; // Definitions in code are no headings here.
    const content = contentOf(document.name, new TextEncoder().encode(document.text));
    assert.deepEqual(content, contentIn(document), document.name);
  }
});

test("a document is cut where sprat index cuts it, and every passage stands where it says", () => {
  for (const document of golden.documents) {
    const found = chunk(0, contentIn(document));
    for (const one of found) assert.equal(document.text.slice(one.start, one.end), one.text);
    assert.deepEqual(
      found.map((one) => [one.start, one.end, one.heading, worded(one)]),
      document.passages,
      document.name,
    );
  }
});

test("tokens are counted alike", () => {
  for (const [text, count] of golden.tokens) assert.equal(tokensAbout(text), count, text);
});

test("words are cut and stemmed as SQLite's index does it", () => {
  for (const [word, wanted] of golden.stems) {
    const bytes = stems(word).map((stem) => Buffer.from(stem, "latin1").toString("utf8"));
    assert.equal(/[^\x00-\x7f]/.test(wanted) ? bytes.join(" ") : stems(word).join(" "), wanted, word);
  }
  assert.ok(golden.stems.length > 2000);
});

test("a question finds the passages that it finds in SQLite, with the same scores", () => {
  const words = new Words();
  passages.forEach((passage, key) => words.add(key, passage));
  const first = golden.found.find((one) => one.first !== undefined)?.first ?? 0;
  for (const { query, hits } of golden.found) {
    const found = words.best(query, 20);
    assert.deepEqual(found.map((hit) => hit.key + first), hits.map(([key]) => key), query);
    found.forEach((hit, at) => assert.ok(Math.abs(hit.score - (hits[at]?.[1] ?? -1)) < 1e-9, query));
  }
});

test("what was taken out is not found any more, and weighs nothing", () => {
  const [all, few] = [new Words(), new Words()];
  passages.forEach((passage, key) => all.add(key, passage));
  passages.forEach((_, key) => key >= 20 && all.remove(key));
  passages.slice(0, 20).forEach((passage, key) => few.add(key, passage));
  for (const { query } of golden.found) assert.deepEqual(all.best(query, 20), few.best(query, 20));
});

test("words and vectors become one list as in the gateway", () => {
  const hits = (list: readonly [number, number][]) => list.map(([key, score]) => ({ key, score }));
  for (const one of golden.fused) {
    const made = fuse(hits(one.lexical), one.dense && hits(one.dense), one.pool);
    assert.deepEqual(made.map((hit) => [hit.key, hit.score, hit.lexical, hit.dense]), one.fused);
  }
});

test("how close a question's words stand is what the gateway finds", () => {
  for (const one of golden.close) {
    const made = closeness(one.query, found(one.passages).map((each) => each.passage));
    made.forEach((share, at) => assert.ok(Math.abs(share - (one.close[at] ?? NaN)) < 1e-9, one.query));
  }
});

test("a near-copy of a better passage is left out", () => {
  const made = golden.unlike.texts.map((text): Found => {
    const passage: Passage = { entry: 0, start: 0, end: 0, text, heading: "" };
    return { passage, score: 1, lexical: null, dense: null };
  });
  assert.deepEqual([...unlike(made)].map((one) => one.passage.text), golden.unlike.kept);
});

test("a question that goes on borrows the words that it borrows in the gateway", () => {
  for (const { messages, query } of golden.queries) assert.equal(queryOf(messagesOf(messages)), query);
});
