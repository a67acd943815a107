/** A stand-in for the browser's private file system: what `store.ts` asks of it, and no more. */

/** Bytes outlive the page; open handles do not. */
export class Disk {
  readonly files = new Map<string, Uint8Array>();
  quotaBytes = Infinity;
  readonly #held = new Set<string>();

  root(): FileSystemDirectoryHandle {
    const folder = {
      getFileHandle: async (name: string, options?: { create?: boolean }) => {
        if (!this.files.has(name)) {
          if (!options?.create) throw new DOMException(name, "NotFoundError");
          this.files.set(name, new Uint8Array());
        }
        return this.#handle(name);
      },
      removeEntry: async (name: string) => {
        if (this.#held.has(name)) throw new DOMException(name, "NoModificationAllowedError");
        if (!this.files.delete(name)) throw new DOMException(name, "NotFoundError");
      },
      keys: async function* (this: { names: () => string[] }) {
        yield* this.names();
      },
      names: () => [...this.files.keys()],
    };
    return { getDirectoryHandle: async () => folder } as unknown as FileSystemDirectoryHandle;
  }

  /** The page is killed: nothing is closed properly. */
  kill(): void {
    this.#held.clear();
  }

  usedBytes(): number {
    return [...this.files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  }

  #handle(name: string): unknown {
    return {
      getFile: async () => new File([this.files.get(name)! as BlobPart], name),
      createSyncAccessHandle: async () => this.#access(name),
    };
  }

  #access(name: string): unknown {
    if (this.#held.has(name)) throw new DOMException(name, "NoModificationAllowedError");
    this.#held.add(name);
    return {
      getSize: () => this.files.get(name)!.length,
      truncate: (size: number) => this.files.set(name, this.files.get(name)!.slice(0, size)),
      write: (piece: Uint8Array, { at }: { at: number }) => this.#write(name, piece, at),
      flush: () => undefined,
      close: () => this.#held.delete(name),
    };
  }

  #write(name: string, piece: Uint8Array, at: number): number {
    if (this.usedBytes() + piece.length > this.quotaBytes) {
      throw new DOMException("no room", "QuotaExceededError");
    }
    const before = this.files.get(name)!;
    const after = new Uint8Array(Math.max(before.length, at + piece.length));
    after.set(before);
    after.set(piece, at);
    this.files.set(name, after);
    return piece.length;
  }
}
