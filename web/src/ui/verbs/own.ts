/** The model in this page: opened when it is needed, closed when another is chosen. */

import type { PageError } from "../../types.ts";
import { keep, recall } from "../keep.ts";
import type { Page } from "../page.ts";
import type { EngineState, Here } from "../parts.ts";
import { chosen, variantKey } from "../state.ts";
import type { Starts } from "../state.ts";
import { missing, paused, troubleOf } from "../trouble.ts";

/** How much of the newest measurement goes into the rate of a download. */
const SMOOTHING = 0.3;

const NOT_YET: Starts = { firstMs: null, latestMs: null };

export class Own {
  readonly #page: Page;
  #here: Here | null = null;
  #key = "";
  /** When the start under way began; null: none is. */
  #began: number | null = null;
  #downloaded = false;
  /** Why a question that waited for the download gets no answer; null: nobody paused it. */
  #paused: PageError | null = null;
  #verifying = new AbortController();
  #mark = { at: 0, bytes: 0 };

  constructor(page: Page) {
    this.#page = page;
  }

  /** As the steps of an answer name it; "": none is open. */
  get name(): string {
    return this.#here?.name ?? "";
  }

  /** Ready to answer, or on its way to that. Throws `PageError` "missing". */
  open(): Here {
    const { settings } = this.#page.state;
    const model = chosen(this.#page.state);
    if (!model) throw missing("No model for this page is offered.", "Look at the gateway's log, or answer at the gateway.");
    const key = JSON.stringify([model.name, settings.backend, settings.threads]);
    if (this.#here && this.#key === key && this.#page.state.here.phase !== "failed") return this.#here;
    this.close();
    this.#paused = null;
    this.#key = key;
    this.#began = performance.now();
    const threads = settings.threads > 0 ? { threads: settings.threads } : {};
    const locked = this.#page.key.value ? { key: this.#page.key.value } : {};
    const rest = { manifestUrl: model.manifest, backend: settings.backend, ...threads, ...locked };
    const opened: Here = this.#page.parts.here({ ...rest, onState: (state) => this.#told(key, state) });
    this.#here = opened;
    return opened;
  }

  /** Downloads what is missing, loads it, computes once. What goes wrong is shown, not thrown. */
  async warm(): Promise<void> {
    try {
      await this.open().warm();
    } catch (error) {
      this.#failed(error);
    }
    await this.look();
  }

  /** The same for a question, that fails with it. */
  async ready(): Promise<void> {
    const here = this.open();
    try {
      await here.warm();
    } catch (error) {
      throw this.#paused ?? error;
    }
  }

  /** What was downloaded so far stays: `warm` goes on from there. */
  close(): void {
    this.#here?.close();
    this.#here = null;
    this.#began = null;
    this.#downloaded = false;
    this.#key = "";
    this.#page.store.set({ here: { phase: "idle" }, bytesPerS: null });
  }

  async pause(): Promise<void> {
    this.#paused = paused(this.#page.state.here);
    this.close();
    await this.look();
  }

  /** Looks at what is kept, and how long starts took. */
  async look(): Promise<void> {
    const { parts, store, state } = this.#page;
    try {
      const [kept, usage] = await Promise.all([parts.kept.list(), parts.kept.usage()]);
      store.set({ kept, usage, starts: this.#starts(chosen(state)?.name) });
    } catch {
      store.set({ kept: [], usage: null }); // Nothing can be kept here; the machine's cautions say so.
    }
  }

  async remove(name: string): Promise<void> {
    try {
      if (chosen(this.#page.state)?.name === name) this.close();
      await this.#page.parts.kept.remove(name);
    } catch (error) {
      this.#page.complain(error);
    }
    await this.look();
  }

  /** One model at a time: two would share one account, and one Cancel. */
  async verify(name: string): Promise<void> {
    const { parts, store } = this.#page;
    if (this.#page.state.verifying) return;
    const { signal } = (this.#verifying = new AbortController());
    try {
      const tell = (doneBytes: number, totalBytes: number, waits: boolean) =>
        store.set({ verifying: { name, doneBytes, totalBytes, waits } });
      tell(0, 0, false);
      const wrong = await parts.kept.verify(name, tell, signal);
      this.#page.say(wrong.length === 0 ? "Every byte is as it was" : "Some files were wrong and are deleted");
      if (wrong.length > 0) throw missing(`Wrong, and deleted: ${wrong.join(", ")}.`, "Download the model again.");
    } catch (error) {
      if (signal.aborted) this.#page.say("Verifying was stopped");
      else this.#page.complain(error);
    }
    store.set({ verifying: null });
    await this.look();
  }

  /** What was read so far is as it was. */
  stopVerifying(): void {
    this.#verifying.abort();
  }

  #failed(error: unknown): void {
    if (!this.#here) return; // Paused meanwhile: that is no failure.
    const { here } = this.#page.state;
    if (here.phase !== "failed") this.#page.store.set({ here: { ...here, phase: "failed" } });
    this.#page.store.set({ trouble: troubleOf(error) });
  }

  #told(key: string, here: EngineState): void {
    if (key !== this.#key) return; // The last words of a model that was closed.
    const before = this.#page.state.here;
    this.#page.store.set({ here, bytesPerS: here.phase === "downloading" ? this.#rate(here) : null });
    if (here.variant) this.#opened(here.variant);
    if (here.phase === before.phase) return;
    this.#page.store.set({ probed: this.#here?.machine ?? null });
    if (here.phase === "ready") this.#ready();
    if (here.phase === "recovering") this.#page.say("The model here starts again");
  }

  /** Remembered, so that the page knows which files the next start needs. */
  #opened(variant: string): void {
    const { settings, variants } = this.#page.state;
    const key = variantKey(chosen(this.#page.state)?.name ?? "", settings.backend);
    if (variants[key] === variant) return;
    this.#page.store.set({ variants: { ...variants, [key]: variant } });
    keep("variants", this.#page.state.variants);
  }

  /** The first report is what was there already. */
  #rate({ doneBytes = 0 }: EngineState): number | null {
    const now = performance.now();
    const { at, bytes } = this.#mark;
    const before = this.#page.state.bytesPerS;
    if (this.#page.state.here.phase !== "downloading" || doneBytes < bytes) {
      this.#mark = { at: now, bytes: doneBytes };
      return null;
    }
    if (now - at < 250) return before;
    this.#mark = { at: now, bytes: doneBytes };
    if (doneBytes > bytes) this.#downloaded = true;
    const latest = ((doneBytes - bytes) / (now - at)) * 1000;
    return before === null ? latest : before + SMOOTHING * (latest - before);
  }

  #ready(): void {
    const name = chosen(this.#page.state)?.name;
    if (this.#began === null || !name) return;
    const tookMs = performance.now() - this.#began;
    const starts = this.#starts(name);
    keep(`starts.${name}`, this.#downloaded ? { ...starts, firstMs: tookMs } : { ...starts, latestMs: tookMs });
    this.#began = null;
    this.#page.say("The model here is ready");
    this.#page.store.set({ starts: this.#starts(name) });
  }

  #starts(name: string | undefined): Starts {
    const kept = (name ? recall(`starts.${name}`) : null) as Partial<Starts> | null;
    const number = (value: unknown) => (typeof value === "number" ? value : null);
    return kept ? { firstMs: number(kept.firstMs), latestMs: number(kept.latestMs) } : NOT_YET;
  }
}
