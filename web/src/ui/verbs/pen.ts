/** Writes an answer into its turn as it comes, and not more often than it can be drawn. */

import type { Page } from "../page.ts";

const FRAME_MS = 40;
const WATCH_MS = 250;

export class Pen {
  readonly #page: Page;
  readonly #id: number;
  readonly #began = performance.now();
  #text = "";
  #draft: string | null = null;
  #first: number | null = null;
  #drawing: ReturnType<typeof setTimeout> | null = null;
  #watching: ReturnType<typeof setInterval> | null = null;

  constructor(page: Page, id: number) {
    this.#page = page;
    this.#id = id;
  }

  write(text: string): void {
    this.#text += text;
    this.#soon();
  }

  /** What the model here writes, while it is not known yet whether that is the answer. */
  draft(text: string): void {
    this.#draft = (this.#draft ?? "") + text;
    this.#soon();
  }

  /** Keeps the running figures of this answer up to date. */
  watch(model: string): void {
    this.#watching = setInterval(() => this.#measure(model), WATCH_MS);
  }

  /** Draws what there is now. */
  flush(): void {
    if (this.#drawing !== null) clearTimeout(this.#drawing);
    this.#drawing = null;
    this.#draw();
  }

  close(): void {
    if (this.#watching !== null) clearInterval(this.#watching);
    this.flush();
    this.#page.store.set({ running: null });
  }

  #soon(): void {
    this.#first ??= performance.now();
    this.#drawing ??= setTimeout(() => {
      this.#drawing = null;
      this.#draw();
    }, FRAME_MS);
  }

  #draw(): void {
    if (this.#text === "" && this.#draft === null) return;
    const phase = this.#text === "" ? "drafting" : "answering";
    const waits = this.#page.turn(this.#id)?.phase === "asking";
    this.#page.changeTurn(this.#id, { text: this.#text, draft: this.#draft, ...(waits ? {} : { phase }) });
  }

  #measure(model: string): void {
    const firstTokenMs = this.#first === null ? null : this.#first - this.#began;
    const running = { answer: this.#page.state.turns.length, model, firstTokenMs, totalMs: performance.now() - this.#began };
    this.#page.store.set({ running });
  }
}
