/** The documents of this page, as it shows them. */

import type { Message } from "./types.ts";
import { check } from "./rag/check.ts";
import type { Shown } from "./rag/document.ts";
import { Library, type Asked } from "./rag/library.ts";
import type { Checked, Looked, Passage, Reference, Shelf } from "./ui/parts.ts";

/** About as much as is read whole: beyond, searching is made ready when a text is added. */
const WHOLE_CHARS = 2800;
const MOST_WAIT_MS = 30_000;

export class PageShelf implements Shelf {
  readonly #watchers = new Set<() => void>();
  readonly #library = new Library(() => this.#tell());
  readonly #open: (library: Library) => Promise<void>;
  /** Searching by meaning, being made ready; null: nothing needed it yet. */
  #meaning: Promise<void> | null = null;

  /** `open` fetches what searches by meaning: only once the documents are too long to be read whole. */
  constructor(open: (library: Library) => Promise<void>) {
    this.#open = open;
  }

  get references(): readonly Reference[] {
    return this.#library.entries.map(({ id, name, chars }) => ({ id, name, chars }));
  }

  get note(): string {
    const { entries, note } = this.#library;
    if (note) return `Passages are found by their words. ${note}`;
    if (!this.#meaning) return "Short enough to be read whole with each question.";
    if (entries.every((entry) => entry.embedded)) return "Passages are found by their words and by their meaning.";
    return "Passages are found by their words; searching by meaning is being made ready.";
  }

  async add(name: string, text: string): Promise<void> {
    this.#library.add(name, text);
    this.#added();
  }

  async addFile(file: File): Promise<void> {
    await this.#library.addFile(file);
    this.#added();
  }

  remove(id: number): void {
    this.#library.remove(id);
  }

  text(id: number): string {
    return this.#library.text(id);
  }

  async look(messages: readonly Message[], most: number): Promise<Looked> {
    const { messages: sent, question, passages, silence, step } = await this.#ask(messages, most);
    const named = passages.map((shown) => this.#passage(shown));
    return { messages: sent, passages: named, silence, step, check: (answer) => checked(answer, question, passages) };
  }

  subscribe(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** What is still being fetched is waited for, so that nothing is fetched while the answer is written. */
  async #ask(messages: readonly Message[], most: number): Promise<Asked> {
    const asked = await this.#library.ask(messages, { passages: most });
    if (asked.whole) return asked;
    const late = new Promise<void>((wake) => setTimeout(wake, MOST_WAIT_MS));
    await Promise.race([this.#ready(), late]);
    return this.#library.ask(messages, { passages: most });
  }

  #ready(): Promise<void> {
    this.#meaning ??= this.#open(this.#library).then(() => this.#tell());
    return this.#meaning;
  }

  #added(): void {
    const chars = this.#library.entries.reduce((sum, entry) => sum + entry.chars, 0);
    if (chars > WHOLE_CHARS) void this.#ready();
  }

  #passage({ found: { passage } }: Shown): Passage {
    const { entry, text, start, end } = passage;
    const name = this.#library.entries.find((one) => one.id === entry)?.name ?? "";
    return { reference: entry, name, text, start, end };
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

function checked(answer: string, question: string, passages: readonly Shown[]): Checked {
  const { answer: text, silent, shown, why, rests } = check(answer, question, passages);
  return { text, silent, doubt: shown || silent ? null : `Not shown in the documents: ${why}.`, rests };
}
