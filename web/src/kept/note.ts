/** What is known of a kept file, in a small file of its own beside it: there is no index to break. */

export interface Use {
  readonly model: string;
  readonly name: string;
}

export interface Note {
  readonly format: 1;
  /** Of the whole file, as the manifest says. */
  readonly bytes: number;
  /** The strong ETag of the answer that the kept bytes came from; null: it had none. */
  readonly etag: string | null;
  /** When the whole file's SHA-256 was last found right, in ms since 1970; null: unfinished. */
  readonly verifiedMs: number | null;
  /** SHA-256 of the pieces that later starts look at; null: unfinished. */
  readonly pieces: string | null;
  /** Models that have the file, and their names for it. */
  readonly uses: readonly Use[];
}

export function blankNote(bytes: number, use: Use): Note {
  return { format: 1, bytes, etag: null, verifiedMs: null, pieces: null, uses: [use] };
}

/** null: broken, cut off or of another kind. Then the file is hashed whole before it is used. */
export function parseNote(text: string): Note | null {
  try {
    const read: unknown = JSON.parse(text);
    return isNote(read) ? read : null;
  } catch {
    return null;
  }
}

export function withUse(note: Note, use: Use): Note {
  return hasUse(note, use) ? note : { ...note, uses: [...note.uses, use] };
}

export function hasUse(note: Note, { model, name }: Use): boolean {
  return note.uses.some((use) => use.model === model && use.name === name);
}

function isNote(read: unknown): read is Note {
  if (typeof read !== "object" || read === null) return false;
  const note = read as Record<string, unknown>;
  return (
    note["format"] === 1 &&
    Number.isSafeInteger(note["bytes"]) &&
    isNullOr("string", note["etag"]) &&
    isNullOr("number", note["verifiedMs"]) &&
    isNullOr("string", note["pieces"]) &&
    Array.isArray(note["uses"]) &&
    note["uses"].every(isUse)
  );
}

function isUse(read: unknown): read is Use {
  const use = read as Partial<Use> | null;
  return typeof use?.model === "string" && typeof use.name === "string";
}

function isNullOr(kind: "string" | "number", value: unknown): boolean {
  return value === null || typeof value === kind;
}
