import assert from "node:assert/strict";
import { test } from "node:test";
import { StopFilter, TextStream } from "../../src/engine/text.ts";
import { Vocabulary } from "../../src/engine/vocabulary.ts";

test("characters come whole, however their bytes are cut", () => {
  const bytes = new TextEncoder().encode("a\u{1F41F}é\uFEFFb");
  const stream = new TextStream(false);
  const pieces = Array.from(bytes, (byte) => stream.add(Uint8Array.of(byte)));
  assert.equal(pieces.join(""), "a\u{1F41F}é\uFEFFb");
  assert.ok(pieces.every((piece) => !piece.includes("\uFFFD")));
});

test("bytes that are no UTF-8 become replacement characters", () => {
  assert.equal(new TextStream(false).add(Uint8Array.of(0x61, 0xff, 0x62)), "a\uFFFDb");
});

test("only a first space is stripped, and only where the model writes one", () => {
  const stream = new TextStream(true);
  const add = (text: string): string => stream.add(new TextEncoder().encode(text));
  assert.deepEqual([add(" a"), add(" b")], ["a", " b"]);
  assert.equal(new TextStream(false).add(new TextEncoder().encode(" a")), " a");
});

test("nothing of a stop string is shown, wherever it is cut", () => {
  const whole = "one <stop> two";
  for (let cut = 0; cut <= whole.length; cut++) {
    const filter = new StopFilter(["<stop>"]);
    const shown = filter.add(whole.slice(0, cut)) + (filter.stopped ? "" : filter.add(whole.slice(cut)));
    assert.equal(shown + filter.flush(), "one ");
    assert.ok(filter.stopped);
  }
});

test("what only began like a stop string is shown in the end", () => {
  const filter = new StopFilter(["###", "\n\n"]);
  assert.deepEqual([filter.add("a##"), filter.add("b\n")], ["a", "##b"]);
  assert.equal(filter.flush(), "\n");
  assert.ok(!filter.stopped);
});

test("the earliest of several stop strings counts", () => {
  const filter = new StopFilter(["cd", "b"]);
  assert.equal(filter.add("abcd"), "a");
});

test("tokens of byte-level vocabularies are bytes, special ones are nothing", () => {
  const vocabulary = new Vocabulary({
    model: { vocab: { "Ġa": 0, "Ċ": 1, "Ã": 2, "©": 3 } },
    added_tokens: [{ id: 4, content: "<|end|>", special: true }, { id: 5, content: "<tag>" }],
    decoder: { type: "ByteLevel" },
  });
  assert.equal(vocabulary.text(0), " a");
  assert.equal(vocabulary.text(1), "\n");
  assert.deepEqual([...vocabulary.bytes(2), ...vocabulary.bytes(3)], [0xc3, 0xa9]);
  assert.equal(vocabulary.text(2), "\uFFFD");
  assert.deepEqual([vocabulary.text(4), vocabulary.text(5), vocabulary.text(99)], ["", "<tag>", ""]);
});

test("tokens of SentencePiece vocabularies are words with spaces, or single bytes", () => {
  const vocabulary = new Vocabulary({
    model: { vocab: [["\u2581a", -1], ["<0xC3>", -2]] },
    decoder: { type: "Sequence", decoders: [{ type: "Replace" }, { type: "Strip", start: 1 }] },
  });
  assert.equal(vocabulary.text(0), " a");
  assert.deepEqual([...vocabulary.bytes(1)], [0xc3]);
  assert.ok(vocabulary.strips);
});
