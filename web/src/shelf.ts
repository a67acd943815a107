/** The documents of this page, as it shows them. */

import type { Message } from "./types.ts";
import { check } from "./rag/check.ts";
import type { Shown } from "./rag/document.ts";
import { Library } from "./rag/library.ts";
import type { Checked, Looked, Passage, Reference, Shelf } from "./ui/parts.ts";

export class PageShelf implements Shelf {
  readonly #watchers = new Set<() => void>();
  readonly #library = new Library(() => this.#tell());
  readonly #first: (library: Library) => void;

  /** `first` is called when the first document comes: what searches by meaning is fetched only then. */
  constructor(first: (library: Library) => void) {
    this.#first = first;
  }

  get references(): readonly Reference[] {
    return this.#library.entries.map(({ id, name, chars }) => ({ id, name, chars }));
  }

  get note(): string {
    const { entries, note } = this.#library;
    if (note) return `Passages are found by their words. ${note}`;
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
    const { messages: sent, question, passages, silence, step } = await this.#library.ask(messages, { passages: most });
    const named = passages.map((shown) => this.#passage(shown));
    return { messages: sent, passages: named, silence, step, check: (answer) => checked(answer, question, passages) };
  }

  subscribe(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  #added(): void {
    if (this.#library.entries.length === 1) this.#first(this.#library);
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
