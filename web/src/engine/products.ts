/**
 * How fast one thread of the processor multiplies 8-bit weights: what decoding does all the time.
 *
 * A handful of SIMD instructions over 8 MiB, which no cache of one core holds; the fastest of some
 * rounds, for the browser translates well only what it has seen run.
 */

/**
 * `dot(at, end)`: 16 weights at a time, widened to 16 bit, times a vector, added up in 32 bit.
 *
 * loop { w = v128.load(at); sum += dot(extend_low(w), a) + dot(extend_high(w), a) } while ((at += 16) < end)
 */
const PRODUCT = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // WebAssembly, version 1
  1, 7, 1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f, // a type: (i32, i32) -> i32
  3, 2, 1, 0, // one function of it
  5, 4, 1, 0, 0x80, 1, // memory: 128 pages
  7, 16, 2, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0, 3, 0x64, 0x6f, 0x74, 0, 0, // "memory", "dot"
  10, 68, 1, 66, 1, 3, 0x7b, // code: three locals of v128: w, sum, a
  0x20, 1, 0xfd, 16, 0x21, 4, // a = i16x8.splat(end)
  0x03, 0x40, // loop
  0x20, 0, 0xfd, 0, 4, 0, 0x22, 2, 0xfd, 135, 1, 0x20, 4, 0xfd, 186, 1, // dot(extend_low(w = load), a)
  0x20, 3, 0xfd, 174, 1, 0x20, 2, 0xfd, 136, 1, 0x20, 4, 0xfd, 186, 1, // + sum, dot(extend_high(w), a)
  0xfd, 174, 1, 0x21, 3, // sum = both added
  0x20, 0, 0x41, 16, 0x6a, 0x22, 0, 0x20, 1, 0x49, 0x0d, 0, 0x0b, // (at += 16) < end: again
  0x20, 3, 0xfd, 27, 0, 0x0b, // i32x4.extract_lane 0
);
const CALL_BYTES = 65_536;
const ROUNDS = 8;
/** Between two rounds: better code is made beside them. */
const REST_MS = 2;

type Product = { readonly memory: WebAssembly.Memory; dot(at: number, end: number): number };

/** Bytes of weights per millisecond; null: this browser cannot do it. Some 30 ms in all. */
export async function timeProducts(): Promise<number | null> {
  try {
    const { instance } = await WebAssembly.instantiate(PRODUCT);
    return await fastest(instance.exports as unknown as Product);
  } catch {
    return null;
  }
}

async function fastest(product: Product): Promise<number> {
  const bytes = product.memory.buffer.byteLength;
  let leastMs = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let at = 0; at < bytes; at += CALL_BYTES) product.dot(at, at + CALL_BYTES);
    leastMs = Math.min(leastMs, performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
  }
  // the clock of some browsers has steps of a tenth of a millisecond, or of a whole one
  return bytes / Math.max(leastMs, 0.1);
}
