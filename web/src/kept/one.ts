/** One file of a model: kept already, or fetched, verified and kept, or at least held in memory. */

import type { FileEntry } from "../manifest.ts";
import { download } from "./download.ts";
import { type Note, type Use, blankNote, hasUse, withUse } from "./note.ts";
import type { Report } from "./open.ts";
import { MemoryPart, type Part } from "./part.ts";
import { copyInto, hashPieces, hashWhole } from "./pieces.ts";
import { Sha256 } from "./sha256.ts";
import type { Store } from "./store.ts";
import { noMemory, quotaNote, unkeptNote, wrongHash } from "./words.ts";
import { type World, lockName } from "./world.ts";

/** Of one file, where what came was wrong. */
const DOWNLOADS = 2;
/** While another tab has it. */
const LOOK_MS = 1000;

interface Kept {
  readonly file: File;
  readonly note: Note;
  /** By this model, under this name. */
  readonly used: boolean;
}

export class OneFile {
  readonly #world: World;
  readonly #entry: FileEntry;
  readonly #address: URL;
  readonly #use: Use;
  readonly #report: Report;
  readonly #signal: AbortSignal | undefined;
  /** null: held in memory. */
  #store: Store | null;
  /** Begun before its turn; null: not yet. */
  #looked: Promise<Kept | null> | null = null;

  constructor(
    world: World,
    store: Store | null,
    entry: FileEntry,
    address: URL,
    use: Use,
    report: Report,
    signal?: AbortSignal,
  ) {
    this.#world = world;
    this.#store = store;
    this.#entry = entry;
    this.#address = address;
    this.#use = use;
    this.#report = report;
    this.#signal = signal;
  }

  /** Look whether it is kept while other files are opened; what goes wrong is `open`'s to tell. */
  look(): void {
    if (!this.#store) return;
    this.#looked = this.#kept(this.#store);
    this.#looked.catch(() => undefined);
  }

  async open(): Promise<Blob | Uint8Array> {
    if (!this.#store) return this.#fetch(null);
    const kept = await (this.#looked ?? this.#kept(this.#store));
    if (kept?.used) return kept.file;
    return this.#locked(this.#store);
  }

  /** Size and sixteen pieces are those of the file that was once hashed whole; null: they are not. */
  async #kept(store: Store): Promise<Kept | null> {
    const [file, note] = [await store.file(this.#entry.sha256), await store.note(this.#entry.sha256)];
    if (!file || file.size !== this.#entry.bytes || !note?.verifiedMs) return null;
    if (note.pieces !== (await hashPieces(file))) return null;
    return { file, note, used: hasUse(note, this.#use) };
  }

  /** With the file to ourselves among all tabs; another may have fetched it while we waited. */
  async #locked(store: Store): Promise<Blob | Uint8Array> {
    const look = setInterval(() => void this.#look(store), LOOK_MS);
    const work = async () => {
      clearInterval(look);
      const kept = await this.#kept(store);
      if (!kept) return this.#fetch(store);
      await store.putNote(this.#entry.sha256, withUse(kept.note, this.#use));
      return kept.file;
    };
    try {
      return await this.#world.lock(lockName(this.#entry.sha256), work, this.#signal);
    } finally {
      clearInterval(look);
    }
  }

  async #look(store: Store): Promise<void> {
    const file = await store.file(this.#entry.sha256).catch(() => null);
    this.#report.bytes(file?.size ?? 0);
  }

  /** What is here already, in whatever state, is no download yet. */
  async #fetch(store: Store | null): Promise<Blob | Uint8Array> {
    const { name, sha256 } = this.#entry;
    const here = await store?.file(sha256);
    let found = "";
    for (let i = here?.size ? 0 : 1; i <= DOWNLOADS; i++) {
      const filled = await this.#fill();
      if (typeof filled !== "string") return filled;
      found = filled;
      await this.#store?.removeFile(sha256);
    }
    throw wrongHash(name, sha256, found);
  }

  /** The file, or the SHA-256 that it has instead of its own. */
  async #fill(): Promise<Blob | Uint8Array | string> {
    if (this.#store) {
      try {
        return await this.#fillKept(this.#store);
      } catch (error) {
        this.#signal?.throwIfAborted();
        if (!(error instanceof DOMException)) throw error;
        await this.#giveUpKeeping(error);
      }
    }
    return this.#fillMemory();
  }

  async #fillKept(store: Store): Promise<Blob | string> {
    const { sha256, bytes } = this.#entry;
    const note = withUse((await store.note(sha256)) ?? blankNote(bytes, this.#use), this.#use);
    const unfinished = { ...note, bytes, verifiedMs: null, pieces: null };
    await store.putNote(sha256, unfinished);
    const here = await store.file(sha256);
    await this.#checkRoom(here?.size ?? 0);
    const hash = await this.#hashHere(here);
    const put = (etag: string | null) => store.putNote(sha256, { ...unfinished, etag });
    const part = await store.part(sha256);
    const found = await this.#download(part, hash, note.etag, put);
    return found === sha256 ? this.#finish(store) : found;
  }

  /** @throws DOMException "QuotaExceededError", before the first byte is asked for. */
  async #checkRoom(hereBytes: number): Promise<void> {
    const free = await this.#world.freeBytes();
    const missing = this.#entry.bytes - hereBytes;
    if (free !== null && missing > free) throw new DOMException("no room", "QuotaExceededError");
  }

  async #hashHere(file: Blob | null): Promise<Sha256> {
    const hash = new Sha256();
    if (!file || file.size > this.#entry.bytes) return hash;
    let bytes = 0;
    const tell = (more: number) => this.#report.bytes((bytes += more));
    await hashWhole(file, hash, tell, this.#signal);
    return hash;
  }

  async #finish(store: Store): Promise<Blob> {
    const { sha256, bytes } = this.#entry;
    const file = await store.file(sha256);
    if (!file) throw new DOMException(`${sha256} went away`, "NotFoundError");
    const note = (await store.note(sha256)) ?? blankNote(bytes, this.#use);
    const whole = { verifiedMs: this.#world.nowMs(), pieces: await hashPieces(file) };
    await store.putNote(sha256, { ...note, ...whole });
    return file;
  }

  async #giveUpKeeping(error: DOMException): Promise<void> {
    const { name, bytes } = this.#entry;
    const quota = error.name === "QuotaExceededError";
    this.#report.note(quota ? quotaNote(name, bytes, await this.#room()) : unkeptNote(error.message));
  }

  /** Browsers tell more than they give: where the rest would have fitted, it is what they took. */
  async #room(): Promise<number> {
    const here = (await this.#store?.file(this.#entry.sha256))?.size ?? 0;
    const told = here + ((await this.#world.freeBytes()) ?? 0);
    return told < this.#entry.bytes ? told : here;
  }

  /** What is on disk moves into memory, and leaves the disk to others. */
  async #fillMemory(): Promise<Uint8Array | string> {
    const { name, bytes, sha256 } = this.#entry;
    const part = memoryPart(name, bytes);
    const here = (await this.#store?.file(sha256).catch(() => null)) ?? null;
    const note = (await this.#store?.note(sha256).catch(() => null)) ?? null;
    const hash = await this.#hashHere(here);
    if (here && here.size <= bytes) {
      await copyInto(here, part.memory);
      part.bytes = here.size;
    }
    await this.#store?.remove(sha256).catch(() => undefined);
    this.#store = null;
    const found = await this.#download(part, hash, note?.etag ?? null, async () => undefined);
    return found === sha256 ? part.memory : found;
  }

  async #download(
    part: Part,
    hash: Sha256,
    etag: string | null,
    onEtag: (etag: string | null) => Promise<void>,
  ): Promise<string> {
    const { fetch, wait } = this.#world;
    const onBytes = (bytes: number) => this.#report.bytes(bytes);
    const [entry, address, signal] = [this.#entry, this.#address, this.#signal];
    try {
      return await download({ entry, address, part, hash, etag, onEtag, onBytes, fetch, wait, signal });
    } finally {
      await part.close();
    }
  }
}

function memoryPart(name: string, bytes: number): MemoryPart {
  try {
    return new MemoryPart(bytes);
  } catch {
    throw noMemory(name, bytes);
  }
}
