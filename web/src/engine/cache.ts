/**
 * The attention's memory: keys and values of every token so far.
 *
 * Input and output of the graph are the same memory, so a step writes one token in place and copies
 * nothing; forgetting tokens is counting fewer. It grows by copying what is used, once.
 */

import { PageError } from "../types.ts";
import { claim } from "./runtime.ts";
import type { Pointer } from "./runtime.ts";
import { GPU, HALF, HEAP, tensorOver } from "./session.ts";
import type { Port, Session } from "./session.ts";

const BLOCK_TOKENS = 256;

/** Where a row begins, and where it shall. */
type Move = readonly [fromByte: number, toByte: number];

/** Memory for one key or value array of shape [1, heads, tokens, size]. */
interface Store {
  readonly place: number;
  readonly at: Pointer;
  free(): void;
  /** Copy rows of so many bytes from another store of the same kind. */
  take(from: Store, moves: readonly Move[], bytes: number): void;
}

class HeapStore implements Store {
  readonly place = HEAP;
  readonly at: Pointer;
  readonly #session: Session;

  constructor(session: Session, bytes: number) {
    this.#session = session;
    this.at = claim(session.ort, bytes);
    // never read before it is written, but NaN left there would spoil products with zero
    session.ort.HEAPU8.fill(0, this.at, this.at + bytes);
  }

  free(): void {
    this.#session.ort._free(this.at);
  }

  take(from: Store, moves: readonly Move[], bytes: number): void {
    for (const [fromByte, toByte] of moves) {
      const start = from.at + fromByte;
      this.#session.ort.HEAPU8.copyWithin(this.at + toByte, start, start + bytes);
    }
  }
}

class GpuStore implements Store {
  readonly place = GPU;
  readonly at: Pointer;
  readonly #session: Session;
  readonly #device: GPUDevice;
  readonly #buffer: GPUBuffer;

  constructor(session: Session, device: GPUDevice, bytes: number) {
    this.#session = session;
    this.#device = device;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    this.#buffer = device.createBuffer({ size: bytes, usage });
    this.at = session.ort.webgpuRegisterBuffer?.(this.#buffer, session.handle) ?? 0;
  }

  free(): void {
    this.#session.ort.webgpuUnregisterBuffer?.(this.#buffer);
    this.#buffer.destroy();
  }

  take(from: Store, moves: readonly Move[], bytes: number): void {
    if (!(from instanceof GpuStore)) return;
    const encoder = this.#device.createCommandEncoder();
    for (const [fromByte, toByte] of moves) {
      encoder.copyBufferToBuffer(from.#buffer, fromByte, this.#buffer, toByte, bytes);
    }
    this.#device.queue.submit([encoder.finish()]);
  }
}

interface Kept {
  readonly store: Store;
  readonly tensor: Pointer;
}

export class Cache {
  /** Tokens that there is room for. */
  capacity = 0;
  readonly #session: Session;
  readonly #ports: readonly Port[];
  readonly #most: number;
  #kept: Kept[] = [];

  /** `ports` are the graph's inputs for the past; `mostTokens` what the model can read at all. */
  constructor(session: Session, ports: readonly Port[], mostTokens: number) {
    this.#session = session;
    this.#ports = ports;
    this.#most = mostTokens;
  }

  /** Tensors in the order of the ports. */
  get tensors(): readonly Pointer[] {
    return this.#kept.map((kept) => kept.tensor);
  }

  /**
   * Make room for `tokens`; the first `used` are kept.
   *
   * Raises PageError "length" where the model reads fewer, "memory" where there is no room.
   */
  reserve(tokens: number, used: number): void {
    if (tokens <= this.capacity) return;
    if (tokens > this.#most) throw tooLong(tokens, this.#most);
    const doubled = Math.max(tokens, used > 0 ? 2 * this.capacity : 0);
    const room = Math.min(this.#most, Math.ceil(doubled / BLOCK_TOKENS) * BLOCK_TOKENS);
    // one array after the other, so that the peak is one array more, not twice the cache
    const before = this.capacity;
    this.capacity = 0;
    this.#kept = this.#ports.map((port, i) => this.#grown(port, this.#kept[i], room, before, used));
    this.capacity = room;
  }

  #grown(port: Port, old: Kept | undefined, room: number, before: number, used: number): Kept {
    const [heads, size] = [Number(port.shape[1]), Number(port.shape[3])];
    const rowBytes = size * (port.type === HALF ? 2 : 4);
    const bytes = heads * room * rowBytes;
    const store = makeStore(this.#session, bytes);
    if (old) {
      const moves = Array.from({ length: used > 0 ? heads : 0 }, (_, head): Move => (
        [head * before * rowBytes, head * room * rowBytes]
      ));
      store.take(old.store, moves, used * rowBytes);
      this.#drop(old);
    }
    const dims = [1, heads, room, size];
    const tensor = tensorOver(this.#session.ort, port.type, store.at, bytes, dims, store.place);
    return { store, tensor };
  }

  #drop(kept: Kept): void {
    this.#session.ort._OrtReleaseTensor(kept.tensor);
    kept.store.free();
  }

  close(): void {
    this.#kept.forEach((kept) => this.#drop(kept));
    this.#kept = [];
    this.capacity = 0;
  }
}

function makeStore(session: Session, bytes: number): Store {
  if (session.device === null) return new HeapStore(session, bytes);
  return new GpuStore(session, session.device, bytes);
}

function tooLong(tokens: number, most: number): PageError {
  return new PageError(
    "length",
    `This conversation has ${tokens} tokens with the answer; this model reads ${most}.`,
    "Begin a new chat, take away some text, or ask for a shorter answer.",
  );
}
