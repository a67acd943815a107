/** Fills a part from a server, hashing as it comes, and goes on where a connection was lost. */

import type { FileEntry } from "../manifest.ts";
import { meaningOf, rangeHeaders, retryAfterMs, strongEtag } from "./answer.ts";
import type { Part } from "./part.ts";
import { Sha256 } from "./sha256.ts";
import { stopped, unreachable } from "./words.ts";

/** In a row, without a byte more than ever before. */
const TRIES = 6;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** A connection that gives nothing for so long is given up. */
const SILENT_MS = 60_000;
const FLUSH_BYTES = 16 * 2 ** 20;

export interface Wanted {
  readonly entry: FileEntry;
  readonly address: URL;
  readonly part: Part;
  /** Of the bytes that `part` already has. */
  readonly hash: Sha256;
  readonly etag: string | null;
  /** A part begins anew, or first, with bytes of this ETag. */
  readonly onEtag: (etag: string | null) => Promise<void>;
  /** Bytes of the file that are here. */
  readonly onBytes: (bytes: number) => void;
  readonly fetch: typeof fetch;
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The SHA-256 of the file when all its bytes are here; the caller says if it is the right one.
 *
 * @throws PageError "network"; what `part.write` throws; the signal's reason. The part keeps what came.
 */
export async function download(wanted: Wanted): Promise<string> {
  return new Download(wanted).run();
}

class Download {
  readonly #wanted: Wanted;
  #hash: Sha256;
  #etag: string | null;
  #mostBytes: number;
  #failures = 0;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
    this.#hash = wanted.hash;
    this.#etag = wanted.etag;
    this.#mostBytes = wanted.part.bytes;
  }

  async run(): Promise<string> {
    const { entry, part, signal } = this.#wanted;
    if (part.bytes > entry.bytes) await this.#clear();
    while (part.bytes < entry.bytes) {
      signal?.throwIfAborted();
      await this.#ask();
    }
    await part.flush();
    return this.#hash.hex();
  }

  async #ask(): Promise<void> {
    const connection = new Connection(this.#wanted.signal);
    try {
      const answer = await this.#fetch(connection);
      const why = await this.#take(answer, connection);
      if (why) await this.#pause(why, retryAfterMs(answer, Date.now()));
    } catch (error) {
      this.#wanted.signal?.throwIfAborted();
      if (!(error instanceof Lost)) throw error;
      await this.#pause(error.message, null);
    } finally {
      connection.end();
    }
  }

  async #fetch(connection: Connection): Promise<Response> {
    const { address, part } = this.#wanted;
    // The browser's own cache would keep all bytes a second time, wrong ones among them.
    const options = { headers: rangeHeaders(part.bytes, this.#etag), cache: "no-store" } as const;
    return connection.lost(this.#wanted.fetch(address, { ...options, signal: connection.signal }));
  }

  /** Why to wait before asking again; null: go on at once. */
  async #take(answer: Response, connection: Connection): Promise<string | null> {
    const { entry, address, part } = this.#wanted;
    const meaning = meaningOf(answer, part.bytes, entry.bytes);
    if (meaning === "no") throw unreachable(entry.name, address, answer.status);
    if (meaning === "wait") return `status ${answer.status}`;
    if (meaning !== "rest") await this.#clear();
    if (meaning === "again from zero") return null;
    await this.#name(strongEtag(answer));
    await this.#read(answer, connection);
    return part.bytes < entry.bytes ? "the connection ended early" : null;
  }

  async #name(etag: string | null): Promise<void> {
    if (etag === this.#etag) return;
    this.#etag = etag;
    await this.#wanted.onEtag(etag);
  }

  async #read(answer: Response, connection: Connection): Promise<void> {
    const reader = answer.body?.getReader();
    let flushedBytes = this.#wanted.part.bytes;
    while (reader) {
      const { done, value } = await connection.lost(reader.read());
      if (done) break;
      await this.#add(value);
      if (this.#wanted.part.bytes - flushedBytes < FLUSH_BYTES) continue;
      await this.#wanted.part.flush();
      flushedBytes = this.#wanted.part.bytes;
    }
  }

  async #add(piece: Uint8Array): Promise<void> {
    const { entry, part, onBytes } = this.#wanted;
    if (part.bytes + piece.length > entry.bytes) {
      await this.#clear();
      throw new Lost(`more than ${entry.bytes} bytes`);
    }
    await part.write(piece);
    this.#hash.update(piece);
    if (part.bytes > this.#mostBytes) [this.#mostBytes, this.#failures] = [part.bytes, 0];
    onBytes(part.bytes);
  }

  async #clear(): Promise<void> {
    if (this.#wanted.part.bytes > 0) await this.#wanted.part.clear();
    this.#hash = new Sha256();
  }

  async #pause(why: string, saidMs: number | null): Promise<void> {
    const { entry, part, wait, signal } = this.#wanted;
    this.#failures += 1;
    if (this.#failures >= TRIES) throw stopped(entry.name, part.bytes, entry.bytes, why);
    const ownMs = FIRST_WAIT_MS * 2 ** (this.#failures - 1);
    await wait(Math.min(saidMs ?? ownMs, LONGEST_WAIT_MS), signal);
  }
}

/** The connection ended before the file did. */
class Lost extends Error {}

/** One request: ends with the caller's signal, or when nothing comes. */
class Connection {
  readonly #ended = new AbortController();
  readonly signal: AbortSignal;

  constructor(signal?: AbortSignal) {
    this.signal = signal ? AbortSignal.any([signal, this.#ended.signal]) : this.#ended.signal;
  }

  /** @throws Lost when the promise fails, or nothing comes for a minute. */
  async lost<T>(next: Promise<T>): Promise<T> {
    const silent = new Lost(`nothing came for ${SILENT_MS / 1000} s`);
    const timer = setTimeout(() => this.#ended.abort(silent), SILENT_MS);
    try {
      return await next;
    } catch (error) {
      throw error instanceof Lost ? error : new Lost(String((error as Error)?.message ?? error));
    } finally {
      clearTimeout(timer);
    }
  }

  end(): void {
    this.#ended.abort();
  }
}
