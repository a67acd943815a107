import assert from "node:assert/strict";
import { test } from "node:test";

import { blocksOf } from "../../src/ui/markdown/blocks.ts";
import { inlineOf } from "../../src/ui/markdown/inline.ts";
import type { Block, Inline } from "../../src/ui/markdown/types.ts";

const text = (said: string): Inline => ({ kind: "text", text: said });
const kinds = (said: string) => blocksOf(said).map((block) => block.kind);

function plain(parts: readonly Inline[]): string {
  return parts.map((part) => ("inside" in part ? plain(part.inside) : "text" in part ? part.text : part.kind === "cite" ? `[${part.number}]` : "\n")).join("");
}

test("emphasis, code and struck text are parts; stars that mean nothing stay", () => {
  assert.deepEqual(inlineOf("a **b _c_** `d*e*` ~~f~~ 2 * 3"), [
    text("a "), { kind: "strong", inside: [text("b "), { kind: "emphasis", inside: [text("c")] }] }, text(" "),
    { kind: "code", text: "d*e*" }, text(" "), { kind: "struck", inside: [text("f")] }, text(" 2 * 3"),
  ]);
  assert.deepEqual(inlineOf("snake_case_name **open"), [text("snake_case_name **open")]);
  assert.deepEqual(inlineOf("\\*not\\* ****"), [text("*not* ****")]);
});

test("links keep their address, and only addresses that people may open are links", () => {
  assert.deepEqual(inlineOf("[a](https://b.org/c)"), [{ kind: "link", text: "a", address: "https://b.org/c" }]);
  assert.deepEqual(inlineOf("see https://b.org/c."), [text("see "), { kind: "link", text: "https://b.org/c", address: "https://b.org/c" }, text(".")]);
  for (const bad of ["javascript:alert(1)", "data:text/html,x", "//evil.org", "/local", "file:///etc", "JAVASCRIPT:x", "https:evil"]) {
    assert.ok(inlineOf(`[a](${bad})`).every((part) => part.kind === "text"), bad);
  }
});

test("a picture is a link: it asks nobody until somebody clicks", () => {
  assert.deepEqual(inlineOf("![cat](https://b.org/cat.png)"), [{ kind: "link", text: "cat", address: "https://b.org/cat.png" }]);
});

test("a number in brackets cites a passage", () => {
  assert.deepEqual(inlineOf("so [2]."), [text("so "), { kind: "cite", number: 2 }, text(".")]);
});

test("HTML is text", () => {
  const html = '<img src=x onerror="alert(1)"><script>alert(1)</script>';
  assert.deepEqual(blocksOf(html), [{ kind: "paragraph", inside: [text(html)] }]);
});

test("headings, rules, quotes, code, lists, tables and paragraphs are told apart", () => {
  const all = "# A #\n\npara\nmore\n\n---\n> q\n\n- a\n  - b\n- c\n\n3) x\n4) y\n\n```py\nx = 1\n```\n\n|a|b|\n|:-|-:|\n|1|`2`|\n";
  assert.deepEqual(kinds(all), ["heading", "paragraph", "rule", "quote", "list", "list", "code", "table"]);
  const [, , , , bullets, numbers, code, table] = blocksOf(all) as [Block, Block, Block, Block, Block & { kind: "list" }, Block & { kind: "list" }, Block & { kind: "code" }, Block & { kind: "table" }];
  assert.equal(bullets.items.length, 2);
  assert.deepEqual(bullets.items[0]?.map((block) => block.kind), ["paragraph", "list"]);
  assert.deepEqual([bullets.start, numbers.start], [null, 3]);
  assert.deepEqual([code.language, code.text], ["py", "x = 1"]);
  assert.deepEqual(table.aligns, ["left", "right"]);
  assert.deepEqual(table.rows.map((row) => row.map(plain)), [["a", "b"], ["1", "2"]]);
});

test("a table's bar may be escaped, and short rows are filled", () => {
  const [table] = blocksOf("|a|b|\n|-|-|\n|x \\| y|\n") as [Block & { kind: "table" }];
  assert.deepEqual(table.rows.map((row) => row.map(plain)), [["a", "b"], ["x | y", ""]]);
});

test("code that is still being written is code already", () => {
  assert.deepEqual(blocksOf("```js\nlet a"), [{ kind: "code", language: "js", text: "let a" }]);
});

test("whatever is cut off, it is read, and nothing is lost but marks", () => {
  const whole = "# T\n\n1. **a** `b`\n   - c\n\n> d\n\n|x|y|\n|-|-|\n|1|2|\n\n```\ncode\n```\n[l](https://a.b) ~~s~~";
  for (let end = 0; end <= whole.length; end += 1) assert.doesNotThrow(() => blocksOf(whole.slice(0, end)));
});

test("one space on either side of code is not of it, unless there is nothing else", () => {
  const codes = inlineOf("`` a ` b `` ` c` `  ` ` d `").filter((part) => part.kind === "code");
  assert.deepEqual(codes.map((part) => plain([part])), ["a ` b", " c", "  ", "d"]);
});

test("hostile texts are read in a time that grows with them", () => {
  const many = 20_000;
  const hostile = ["*", "**a", "[", "![](", "`", "`a``b", "> ", "- ", "|", "#", "_a_", "<a", "https://a.b/.", "\\", "1. ", "[1]", "~~", "# ".padEnd(50), "|-"];
  const begun = performance.now();
  for (const piece of hostile) blocksOf(piece.repeat(many / piece.length));
  blocksOf(`\` ${"a".repeat(200_000)}\``);
  for (const piece of ["- ", "> ", "1. a\n   "]) blocksOf(`${piece.repeat(2000)}x`);
  assert.ok(performance.now() - begun < 20_000, `${performance.now() - begun} ms`);
});
