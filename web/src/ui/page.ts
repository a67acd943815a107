/** The page without its looks: what is known, and the other rooms that it asks. */

import { forget, keep, recall } from "./keep.ts";
import { Key } from "./key.ts";
import type { Parts, Passage } from "./parts.ts";
import { settingsOf } from "./settings.ts";
import type { Settings } from "./settings.ts";
import { begin, busy } from "./state.ts";
import type { PanelId, State, Turn } from "./state.ts";
import { Store } from "./store.ts";
import { missing, troubleOf } from "./trouble.ts";
import type { Lists } from "./verbs/look.ts";
import { Own } from "./verbs/own.ts";
import { Policies } from "./verbs/policies.ts";

/** At a time. */
const MOST_FILES = 50;

export class Page {
  readonly parts: Parts;
  readonly store: Store<State>;
  /** The model in this page. */
  readonly own: Own;
  readonly policies: Policies;
  readonly key: Key;
  /** Of the answer under way; null: none is. */
  stopping: AbortController | null = null;
  /** Of the latest look at the gateway; null: nobody looked yet. */
  lists: Lists | null = null;
  #lastId = 0;

  constructor(parts: Parts, key = new Key()) {
    this.parts = parts;
    this.key = key;
    const online = globalThis.navigator?.onLine !== false;
    this.store = new Store(begin(settingsOf(recall("settings")), online));
    this.store.set({ variants: variantsIn(recall("variants")) });
    this.own = new Own(this);
    this.policies = new Policies(parts.gateway);
    if (this.state.settings.keepChat) this.#restore();
    parts.shelf.subscribe(() => this.#shelved());
    this.#shelved();
  }

  get state(): State {
    return this.store.value;
  }

  /** Changes settings, and keeps them. */
  choose(change: Partial<Settings>): void {
    const settings = { ...this.state.settings, ...change };
    this.store.set({ settings });
    keep("settings", settings);
    if (!settings.keepChat) forget("chat");
    if (change.policy !== undefined) this.policies.forget();
    if (change.policy !== undefined || change.mode !== undefined) this.fetchPolicy();
  }

  /** Before a question needs it; what goes wrong is told with the question. */
  fetchPolicy(): void {
    const { mode, policy } = this.state.settings;
    if (mode === "hybrid" && policy !== "") void this.policies.text(policy).catch(() => undefined);
  }

  /** Opens a panel, or closes it where it is open already. */
  show(panel: PanelId | null): void {
    this.store.set((state) => ({ panel: state.panel === panel ? null : panel }));
  }

  open(panel: PanelId): void {
    this.store.set({ panel });
  }

  /** For a screen reader, once. */
  say(said: string): void {
    this.store.set({ said });
  }

  /** Shown above the chat until it is closed. */
  complain(error: unknown): void {
    this.store.set({ trouble: troubleOf(error) });
  }

  addTurn(turn: Omit<Turn, "id">): number {
    this.#lastId += 1;
    const id = this.#lastId;
    this.store.set((state) => ({ turns: [...state.turns, { ...turn, id }] }));
    return id;
  }

  changeTurn(id: number, change: Partial<Turn>): void {
    this.store.set((state) => ({ turns: state.turns.map((turn) => (turn.id === id ? { ...turn, ...change } : turn)) }));
  }

  turn(id: number): Turn | undefined {
    return this.state.turns.find((turn) => turn.id === id);
  }

  stop(): void {
    this.stopping?.abort();
    this.state.pending?.decide(false, false);
  }

  newChat(): void {
    this.stop();
    this.store.set({ turns: [], permission: "ask", opened: null, trouble: null, said: "A new chat" });
    forget("chat");
  }

  /** Only where a person asked for it. */
  keepChat(): void {
    if (this.state.settings.keepChat && !busy(this.state)) keep("chat", this.state.turns);
  }

  /** Shows a passage in its text. */
  openPassage(passage: Passage): void {
    this.store.set({ opened: passage, panel: "documents" });
  }

  /** What cannot be read is told; the others are taken. */
  async addFiles(files: readonly File[]): Promise<void> {
    for (const file of files.slice(0, MOST_FILES)) {
      await this.parts.shelf.addFile(file).catch((error) => this.complain(error));
    }
    const rest = files.length - MOST_FILES;
    if (rest > 0) this.complain(missing(`${rest} of ${files.length} files were not taken: ${MOST_FILES} at a time.`, "Add the others again."));
  }

  async addText(name: string, text: string): Promise<void> {
    await this.parts.shelf.add(name, text).catch((error) => this.complain(error));
  }

  #shelved(): void {
    const { references, note } = this.parts.shelf;
    this.store.set({ references: references.length, shelfNote: note });
  }

  #restore(): void {
    const kept = recall("chat");
    if (!Array.isArray(kept)) return;
    const turns = (kept as Turn[]).filter((turn) => typeof turn?.question === "string" && typeof turn.text === "string" && Array.isArray(turn.passages));
    this.store.set({ turns });
    this.#lastId = turns.reduce((most, turn) => Math.max(most, turn.id), 0);
  }
}

/** What was kept, as far as it is of its form. */
function variantsIn(kept: unknown): Record<string, string> {
  const pairs = typeof kept === "object" && kept !== null ? Object.entries(kept) : [];
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => typeof pair[1] === "string"));
}
