import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { Events } from "../../src/gateway/sse.ts";

const GOLDEN = new URL("../../../tests/serve/golden/", import.meta.url);

function whole(text: string): string[] {
  return new Events().take(text);
}

/** The same text in pieces of `size` characters. */
function cut(text: string, size: number): string[] {
  const events = new Events();
  const found: string[] = [];
  for (let at = 0; at < text.length; at += size) found.push(...events.take(text.slice(at, at + size)));
  return found;
}

test("the data of an event is given once its blank line has come", () => {
  const events = new Events();
  assert.deepEqual(events.take("data: one\n"), []);
  assert.deepEqual(events.take("\n"), ["one"]);
});

test("lines may end in any of the three ways, and a CR and its LF may come apart", () => {
  assert.deepEqual(whole("data: a\r\n\r\ndata: b\n\ndata: c\r\rx\n"), ["a", "b", "c"]);
  const events = new Events();
  const pieces = ["data: a\r", "\n\r", "\ndata: b\r\n\r\n"];
  assert.deepEqual(pieces.flatMap((piece) => events.take(piece)), ["a", "b"]);
});

test("several data lines are one text, comments and other fields are passed over", () => {
  assert.deepEqual(whole(": waiting\n\nevent: x\nid: 1\ndata: a\ndata:b\n\n"), ["a\nb"]);
});

test("an event that never ends is refused", () => {
  const events = new Events();
  events.take("data: ");
  assert.throws(() => events.take("x".repeat(5 * 1024 * 1024)), { code: "stream" });
  const lines = new Events();
  assert.throws(() => lines.take(`data: ${"x".repeat(99)}\n`.repeat(50_000)), { code: "stream" });
});

for (const name of readdirSync(GOLDEN).filter((file) => file.endsWith(".sse"))) {
  test(`${name}: however a stream of the gateway is cut, the events are the same`, () => {
    const text = readFileSync(new URL(name, GOLDEN), "utf-8");
    const expected = text.split("\n\n").filter((block) => block.includes("data: "))
      .map((block) => block.slice(block.indexOf("data: ") + 6));
    assert.ok(expected.length > 1);
    for (const size of [1, 2, 7, 100, text.length]) assert.deepEqual(cut(text, size), expected);
    assert.deepEqual(cut(text.replaceAll("\n", "\r\n"), 3), expected);
  });
}
