/** A file that is being written, in the browser's private file system or in memory. */

export interface Part {
  /** Written so far. */
  readonly bytes: number;
  /** At the end. @throws DOMException "QuotaExceededError" where there is no room. */
  write(piece: Uint8Array): Promise<void>;
  clear(): Promise<void>;
  /** What is written survives a power cut. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const TRIES = 20;
const TRY_MS = 250;

/** Workers write in place, so that a killed page loses nothing; a page can only write at the end. */
export function openPart(handle: FileSystemFileHandle): Promise<Part> {
  return "createSyncAccessHandle" in handle ? DirectPart.open(handle) : CopiedPart.open(handle);
}

class DirectPart implements Part {
  readonly #access: FileSystemSyncAccessHandle;
  bytes: number;

  constructor(access: FileSystemSyncAccessHandle, bytes: number) {
    this.#access = access;
    this.bytes = bytes;
  }

  static async open(handle: FileSystemFileHandle): Promise<Part> {
    const access = await accessTo(handle);
    // Older Safaris answer some of these with promises.
    return new DirectPart(access, await access.getSize());
  }

  async write(piece: Uint8Array): Promise<void> {
    const written = this.#access.write(piece as BufferSource, { at: this.bytes });
    if (written !== piece.length) {
      await this.#access.truncate(this.bytes);
      throw new DOMException(`${written} of ${piece.length} bytes`, "QuotaExceededError");
    }
    this.bytes += written;
  }

  async clear(): Promise<void> {
    await this.#access.truncate(0);
    this.bytes = 0;
  }

  async flush(): Promise<void> {
    await this.#access.flush();
  }

  async close(): Promise<void> {
    await this.#access.close();
  }
}

/** A worker that was ended a moment ago may still hold the file. */
async function accessTo(handle: FileSystemFileHandle): Promise<FileSystemSyncAccessHandle> {
  for (let tries = 1; ; tries++) {
    try {
      return await handle.createSyncAccessHandle();
    } catch (error) {
      const held = error instanceof DOMException && error.name === "NoModificationAllowedError";
      if (!held || tries === TRIES) throw error;
      await new Promise((wake) => setTimeout(wake, TRY_MS));
    }
  }
}

/** The browser writes into a copy, which takes the file's place when it is closed. */
class CopiedPart implements Part {
  readonly #stream: FileSystemWritableFileStream;
  bytes: number;

  constructor(stream: FileSystemWritableFileStream, bytes: number) {
    this.#stream = stream;
    this.bytes = bytes;
  }

  static async open(handle: FileSystemFileHandle): Promise<Part> {
    const { size } = await handle.getFile();
    const stream = await handle.createWritable({ keepExistingData: true });
    await stream.seek(size);
    return new CopiedPart(stream, size);
  }

  async write(piece: Uint8Array): Promise<void> {
    await this.#stream.write(piece as BufferSource);
    this.bytes += piece.length;
  }

  async clear(): Promise<void> {
    await this.#stream.truncate(0);
    await this.#stream.seek(0);
    this.bytes = 0;
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {
    await this.#stream.close();
  }
}

/** All of it in one piece of memory, taken at the start: it never grows. */
export class MemoryPart implements Part {
  readonly memory: Uint8Array;
  bytes = 0;

  /** @throws RangeError where there is not so much memory. */
  constructor(bytes: number) {
    this.memory = new Uint8Array(bytes);
  }

  async write(piece: Uint8Array): Promise<void> {
    this.memory.set(piece, this.bytes);
    this.bytes += piece.length;
  }

  async clear(): Promise<void> {
    this.bytes = 0;
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {}
}
