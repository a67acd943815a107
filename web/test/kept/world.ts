/** A world for the code that keeps files: a disk, a server, and no time that passes. */

import type { FileEntry } from "../../src/manifest.ts";
import { type Progress, openFilesIn } from "../../src/kept/open.ts";
import { Store } from "../../src/kept/store.ts";
import type { World } from "../../src/kept/world.ts";
import { entryOf } from "./bytes.ts";
import { Disk } from "./disk.ts";
import { Server } from "./server.ts";

export const BASE = "http://localhost/api/web/tiny/";

export class Made implements World {
  readonly disk = new Disk();
  readonly server = new Server();
  readonly waitedMs: number[] = [];
  readonly told: Progress[] = [];
  /** Where nothing may be kept. */
  refuses = "";
  freeBytesTold: number | null = null;
  clockMs = 1_000;
  readonly #locks = new Map<string, Promise<unknown>>();

  get fetch(): typeof fetch {
    return this.server.fetch;
  }

  store: World["store"] = async () => {
    if (this.refuses) return { store: null, why: this.refuses };
    return { store: await Store.open(this.disk.root()), why: "" };
  };

  lock: World["lock"] = async (name, work, signal) => {
    signal?.throwIfAborted();
    const before = (this.#locks.get(name) ?? Promise.resolve()).catch(() => undefined);
    const stopped = new Promise<never>((_, fail) => signal?.addEventListener("abort", () => fail(signal.reason)));
    const after = Promise.race([before, stopped]).then(work);
    this.#locks.set(name, after);
    return after;
  };

  freeBytes = async () => this.freeBytesTold;
  wait = async (ms: number) => void this.waitedMs.push(ms);
  nowMs = () => this.clockMs;

  /** The server gets a file, and its entry comes back. */
  serve(name: string, bytes: Uint8Array): FileEntry {
    this.server.files.set(name, bytes);
    return entryOf(name, bytes);
  }

  open(entries: readonly FileEntry[], signal?: AbortSignal, base = BASE) {
    return openFilesIn(this, entries, base, (progress) => this.told.push(progress), signal);
  }

  notes(): string[] {
    return this.told.flatMap(({ note }) => note ?? []);
  }
}

export async function bytesOf(opened: Blob | Uint8Array | undefined): Promise<Uint8Array> {
  if (opened instanceof Blob) return new Uint8Array(await opened.arrayBuffer());
  return opened ?? new Uint8Array();
}
