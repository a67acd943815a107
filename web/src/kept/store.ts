/**
 * The folder in the origin's private file system: `weights/SHA256` and its note `weights/SHA256.json`.
 *
 * A file may be unfinished: its note says when it was found whole and right.
 */

import { type Note, parseNote } from "./note.ts";
import { type Part, openPart } from "./part.ts";

const FOLDER = "weights";
const NOTE = ".json";
/** A note is some hundred bytes; what is larger is none. */
const MOST_NOTE_BYTES = 65_536;

export class Store {
  readonly #folder: FileSystemDirectoryHandle;

  constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder;
  }

  /** @throws whatever the browser throws where nothing may be kept. */
  static async open(root: FileSystemDirectoryHandle): Promise<Store> {
    return new Store(await root.getDirectoryHandle(FOLDER, { create: true }));
  }

  /** null: there is none. */
  async file(sha256: string): Promise<File | null> {
    return orNull(async () => (await this.#folder.getFileHandle(sha256)).getFile());
  }

  /** To be written on, from where it stopped. */
  async part(sha256: string): Promise<Part> {
    return openPart(await this.#folder.getFileHandle(sha256, { create: true }));
  }

  /** null: there is none, or it is broken. */
  async note(sha256: string): Promise<Note | null> {
    const file = await this.file(sha256 + NOTE);
    if (!file || file.size > MOST_NOTE_BYTES) return null;
    return parseNote(await file.text());
  }

  async putNote(sha256: string, note: Note): Promise<void> {
    const part = await this.part(sha256 + NOTE);
    try {
      await part.clear();
      await part.write(new TextEncoder().encode(JSON.stringify(note)));
    } finally {
      await part.close();
    }
  }

  /** The file and its note; what is not there is no error. */
  async remove(sha256: string): Promise<void> {
    await this.removeFile(sha256);
    await orNull(() => this.#folder.removeEntry(sha256 + NOTE));
  }

  /** The note stays: it tells whose the file is. */
  async removeFile(sha256: string): Promise<void> {
    await orNull(() => this.#folder.removeEntry(sha256));
  }

  /** Hashes of which there is a file or a note. */
  async hashes(): Promise<string[]> {
    const found = new Set<string>();
    for await (const name of this.#folder.keys()) found.add(name.replace(NOTE, ""));
    return [...found].sort();
  }
}

async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotFoundError") return null;
    throw error;
  }
}
