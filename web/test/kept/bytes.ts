/** Bytes that are always the same, and their hashes by the system's own library. */

import { createHash } from "node:crypto";
import type { FileEntry } from "../../src/manifest.ts";

export function seeded(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed * 2_654_435_761 + 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export function entryOf(name: string, bytes: Uint8Array): FileEntry {
  return { name, bytes: bytes.length, sha256: sha256Of(bytes) };
}
