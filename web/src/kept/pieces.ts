/**
 * Reading a kept file: whole, for its SHA-256, or in sixteen places, which every later start does.
 *
 * The sixteen find a file that was cut, emptied, exchanged or moved; a single flipped bit elsewhere
 * they do not: "verify again" reads the whole.
 */

import { Sha256 } from "./sha256.ts";

const PLACES = 16;
const PLACE_BYTES = 65_536;
/** Small enough that a page stays quick to the touch between two of them. */
const READ_BYTES = 524_288;

/** SHA-256 of sixteen pieces spread over the file, the first and the last bytes among them. */
export async function hashPieces(file: Blob): Promise<string> {
  const step = Math.max(0, (file.size - PLACE_BYTES) / (PLACES - 1));
  const places = Array.from({ length: PLACES }, (_, i) => Math.floor(i * step));
  const read = (from: number): Promise<Uint8Array> => bytesOf(file.slice(from, from + PLACE_BYTES));
  const hash = new Sha256();
  // asked for all at once: each answer takes the browser longer to bring than to read
  for (const piece of await Promise.all(places.map(read))) hash.update(piece);
  return hash.hex();
}

/** Everything of the file into the hash. */
export async function hashWhole(
  file: Blob,
  hash: Sha256,
  onBytes: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  for (let from = 0; from < file.size; from += READ_BYTES) {
    signal?.throwIfAborted();
    const piece = await bytesOf(file.slice(from, from + READ_BYTES));
    hash.update(piece);
    onBytes(piece.length);
  }
}

/** The file's bytes to the beginning of `into`. */
export async function copyInto(file: Blob, into: Uint8Array): Promise<void> {
  for (let from = 0; from < file.size; from += READ_BYTES) {
    into.set(await bytesOf(file.slice(from, from + READ_BYTES)), from);
  }
}

async function bytesOf(blob: Blob): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer());
}
