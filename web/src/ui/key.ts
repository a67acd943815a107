/** The gateway's key. */

import { forget, keep, recall } from "./keep.ts";

export class Key {
  #value: string | null;

  constructor() {
    const kept = recall("key");
    this.#value = typeof kept === "string" && kept !== "" ? kept : null;
  }

  /** Null: none. */
  get value(): string | null {
    return this.#value;
  }

  set(text: string, kept: boolean): void {
    this.#value = text.trim() === "" ? null : text.trim();
    if (kept && this.#value) keep("key", this.#value);
    else forget("key");
  }
}
