import assert from "node:assert/strict";
import { test } from "node:test";
import { Sha256 } from "../../src/kept/sha256.ts";
import { seeded } from "./bytes.ts";

const text = (words: string) => new TextEncoder().encode(words);

async function oracle(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as BufferSource);
  return Buffer.from(digest).toString("hex");
}

// NIST's examples for FIPS 180-4, and the empty message.
const VECTORS: [string, string][] = [
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  [
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
    "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
  ],
  ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
];

for (const [message, digest] of VECTORS) {
  test(`the digest of ${message.slice(0, 12) || "nothing"}… is the standard's`, () => {
    assert.equal(new Sha256().update(text(message)).hex(), digest);
  });
}

test("every length around the block's is hashed as Web Crypto hashes it", async () => {
  for (let length = 0; length <= 260; length++) {
    const bytes = seeded(length, length);
    assert.equal(new Sha256().update(bytes).hex(), await oracle(bytes), `${length} bytes`);
  }
});

test("it does not matter how the bytes are cut", async () => {
  const bytes = seeded(100_003, 7);
  const wanted = await oracle(bytes);
  for (const piece of [1, 63, 64, 65, 127, 1000, 65_536]) {
    const hash = new Sha256();
    for (let at = 0; at < bytes.length; at += piece) hash.update(bytes.subarray(at, at + piece));
    assert.equal(hash.hex(), wanted, `in pieces of ${piece}`);
  }
});
