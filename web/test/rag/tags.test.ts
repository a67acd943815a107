import assert from "node:assert/strict";
import { test } from "node:test";
import { bareTags } from "../../src/rag/read/tags.ts";

const CASES: [string, string][] = [
  ['<p style="a" onclick="b">x</p>', "<p>x</p>"],
  ['<img alt="a > b" src=x>y', "<img>y"],
  ["a < b and <b>c</b>", "a &lt; b and <b>c</b>"],
  ["<!doctype html><!-- <p> --><p>x", "<p>x"],
  ["<style>p > a { }</style><script>'</p>'</script>x", "x"],
  ["<STYLE x>never closed", ""],
  ["<p title='it\"s'>x</p>", "<p>x</p>"],
  ["x<br/>y<br />z", "x<br>y<br>z"],
  ["tail <a", "tail "],
  ['<a title="open>x</a> y', "<a>x</a> y"],
];

test("tags keep their names and lose everything else; scripts and styles go whole", () => {
  for (const [html, wanted] of CASES) assert.equal(bareTags(html), wanted, html);
});

test("a megabyte of tags that are never closed is read in one go", { timeout: 60_000 }, () => {
  const hostile = ["<a", '<a title="', "<style>", "<!--", "<p '>", "<"];
  for (const piece of hostile) assert.ok(bareTags(piece.repeat(1_000_000 / piece.length)).length < 5_000_000);
});
