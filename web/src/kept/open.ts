/**
 * A model's files, out of this browser where they are kept, from the server where they are not.
 *
 * Each is kept by its SHA-256, which is computed while it comes. Where nothing can be kept (a private
 * window, no room, no secure address) it is held in memory, and `progress` is told why.
 */

import type { FileEntry } from "../manifest.ts";
import { addressOf, checkEntries, modelOf } from "./entries.ts";
import { dropOthers } from "./models.ts";
import { OneFile } from "./one.ts";
import { unkeptNote } from "./words.ts";
import { type World, browserWorld } from "./world.ts";

export interface Progress {
  /** Of all files: what is here. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** The file that is being opened. */
  readonly file: string;
  /** For people: why it is not kept, or what else is not as usual. */
  readonly note?: string;
}

/** Between two reports, but for the last and for notes. */
const REPORT_MS = 100;

/**
 * By name. A `Blob` is the kept file itself, on disk; a `Uint8Array` is in memory.
 *
 * `base`: the address of the manifest or its folder; its last folder is the model's name.
 * @throws PageError "manifest", "network", "hash", "memory"; the signal's reason when it is aborted:
 * what came so far is kept.
 */
export function openFiles(
  entries: readonly FileEntry[],
  base: string,
  progress: (progress: Progress) => void,
  signal?: AbortSignal,
): Promise<Map<string, Blob | Uint8Array>> {
  return openFilesIn(browserWorld(), entries, base, progress, signal);
}

/** The same in a world that tests make. */
export async function openFilesIn(
  world: World,
  entries: readonly FileEntry[],
  base: string,
  progress: (progress: Progress) => void,
  signal?: AbortSignal,
): Promise<Map<string, Blob | Uint8Array>> {
  checkEntries(entries);
  const report = new Report(entries, progress);
  const { store, why } = await world.store();
  const model = modelOf(base);
  if (store) await dropOthers(store, model, entries, world.lock);
  else report.note(unkeptNote(why));
  const opened = new Map<string, Blob | Uint8Array>();
  const ones = entries.map((entry) => {
    const use = { model, name: entry.name };
    return new OneFile(world, store, entry, addressOf(entry, base), use, report, signal);
  });
  try {
    for (const one of ones) one.look();
    for (const [i, entry] of entries.entries()) {
      report.begin(entry);
      opened.set(entry.name, await ones[i]!.open());
      report.end(entry);
    }
  } finally {
    report.close();
  }
  return opened;
}

/** Adds up the files, and does not tell every packet; but a download that stands still is told as it is. */
export class Report {
  readonly #tell: (progress: Progress) => void;
  readonly #totalBytes: number;
  #beforeBytes = 0;
  #doneBytes = 0;
  #file = "";
  #toldMs = -Infinity;
  #later: ReturnType<typeof setTimeout> | undefined;

  constructor(entries: readonly FileEntry[], tell: (progress: Progress) => void) {
    this.#tell = tell;
    this.#totalBytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  begin(entry: FileEntry): void {
    this.#file = entry.name;
  }

  /** Bytes of the present file that are here. */
  bytes(bytes: number): void {
    this.#doneBytes = this.#beforeBytes + bytes;
    const restMs = this.#toldMs + REPORT_MS - performance.now();
    if (restMs <= 0) this.#send({});
    else this.#later ??= setTimeout(() => this.#send({}), restMs);
  }

  note(note: string): void {
    this.#send({ note });
  }

  end(entry: FileEntry): void {
    this.#beforeBytes += entry.bytes;
    this.#doneBytes = this.#beforeBytes;
    this.#send({});
  }

  /** Nothing is told from now on but what is called for. */
  close(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
  }

  #send(more: { note?: string }): void {
    this.close();
    this.#toldMs = performance.now();
    const { doneBytes, totalBytes } = { doneBytes: this.#doneBytes, totalBytes: this.#totalBytes };
    this.#tell({ doneBytes, totalBytes, file: this.#file, ...more });
  }
}
