import assert from "node:assert/strict";
import { test } from "node:test";
import { insecure, quotaNote, sizeText, tooLittleMemory } from "../../src/kept/words.ts";

for (const [bytes, text] of [
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1000, "1.0 KB"],
  [138_400_000, "138 MB"],
  [1_234_000_000, "1.2 GB"],
  [5e12, "5000 GB"],
] as const) {
  test(`${bytes} bytes read as ${text}`, () => assert.equal(sizeText(bytes), text));
}

test("an address that is not secure is named, with a way out that can be typed", () => {
  const error = insecure(false, new URL("http://192.168.1.7:8300/"));
  assert.equal(error?.code, "insecure");
  assert.match(error.message, /http:\/\/192\.168\.1\.7:8300 is not a secure address/);
  assert.match(error.fix, /ssh -N -L 8300:localhost:8300 192\.168\.1\.7/);
  assert.equal(insecure(true, new URL("http://localhost:8300/")), null);
});

test("too little memory is told only where a browser tells how much there is", () => {
  assert.match(tooLittleMemory("Qwen", 1.5e9, 2)!.message, /needs about 3\.3 GiB.*about 2\./);
  assert.equal(tooLittleMemory("Qwen", 1.5e9, undefined), null);
  assert.equal(tooLittleMemory("SmolLM2", 1.4e8, 2), null);
});

test("no room is told with the bytes that are needed and free", () => {
  assert.match(quotaNote("model.onnx", 5e8, 1e8), /needs 500 MB and this browser has room for 100 MB/);
});
