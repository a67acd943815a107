import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { refuses } from "../../src/policy/rules.ts";
import { abstains } from "../../src/words/abstain.ts";
import { python } from "../../src/words/python.ts";
import * as text from "../../src/words/text.ts";
import { bare, normalize, tokenF1, tokens } from "../../src/words/words.ts";

interface Text {
  text: string;
  length: number;
  fold: string;
  split: string[];
  lines: string[];
  strip: string;
  tokens: string[];
  bare: string;
  normal: string;
  abstains: boolean;
  refuses: boolean;
}
interface Golden {
  texts: Text[];
  alike: [string, string, number][];
  patterns: { source: string; flags: string; found: string[][] }[];
  refused: string[];
}
const golden = JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8")) as Golden;

test("a text has the characters, lines and words that it has in Python", () => {
  for (const one of golden.texts) {
    assert.equal(text.length(one.text), one.length, one.text);
    assert.equal(text.strip(one.text), one.strip);
    assert.deepEqual(text.split(one.text), one.split);
    assert.deepEqual(text.lines(one.text), one.lines, JSON.stringify(one.text));
    assert.equal(text.fold(one.text), one.fold);
  }
});

test("a text is made comparable as the scorers make it", () => {
  for (const one of golden.texts) {
    assert.deepEqual(tokens(one.text), one.tokens, one.text);
    assert.equal(bare(one.text), one.bare, one.text);
    assert.equal(normalize(one.text), one.normal, one.text);
  }
  for (const [one, other, f1] of golden.alike) assert.equal(tokenF1(one, other), f1);
});

test("the same answers give up, and the same refuse", () => {
  for (const one of golden.texts) {
    assert.equal(abstains(one.text), one.abstains, one.text);
    assert.equal(refuses(one.text), one.refuses, one.text);
  }
  assert.ok(golden.texts.some((one) => one.abstains) && golden.texts.some((one) => one.refuses));
});

test("a pattern of Python's finds what it finds in Python", () => {
  for (const { source, flags, found } of golden.patterns) {
    const pattern = python(source, `${flags}g`);
    golden.texts.forEach((one, at) => {
      assert.deepEqual([...one.text.matchAll(pattern)].map((match) => match[0]), found[at], `${source} in ${JSON.stringify(one.text)}`);
    });
  }
});

test("a pattern that cannot be said in JavaScript becomes no other one", () => {
  for (const source of golden.refused) assert.throws(() => python(source), SyntaxError, source);
});

test("the beginning and the end of a text do not cut a character in two", () => {
  assert.equal(text.head("😀😀a", 1), "😀");
  assert.equal(text.tail("a😀😀", 2), "😀😀");
  assert.equal(text.stripStart(" \n a "), "a ");
  assert.equal(text.stripEnd(" a \n "), " a");
});
