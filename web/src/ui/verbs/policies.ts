/** The chosen policy's file: fetched when it is chosen, so that a question asks for nothing. */

import { keep, recall } from "../keep.ts";
import type { Gateway } from "../parts.ts";
import { PageError } from "../../types.ts";

/** `unreachable` has them: nobody refused, so the last file that was right will do. */
const SILENT = ["offline", "gateway"];

export class Policies {
  readonly #gateway: Gateway;
  #name = "";
  #text: Promise<string> | null = null;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  /** Fetched once; without a gateway, the last one that was right. Throws `PageError`. */
  text(name: string): Promise<string> {
    if (this.#text !== null && this.#name === name) return this.#text;
    const text = this.#read(name);
    [this.#name, this.#text] = [name, text];
    text.catch(() => this.#drop(text));
    return text;
  }

  /** Its signature was found right: it is good for when there is no gateway. */
  verified(name: string, text: string): void {
    keep(`policy.${name}`, text);
  }

  /** It is fetched anew when it is needed next. */
  forget(): void {
    this.#text = null;
  }

  #drop(text: Promise<string>): void {
    if (this.#text === text) this.forget();
  }

  async #read(name: string): Promise<string> {
    try {
      return await this.#gateway.policy(name);
    } catch (error) {
      const kept = recall(`policy.${name}`);
      if (error instanceof PageError && SILENT.includes(error.code) && typeof kept === "string") return kept;
      throw error;
    }
  }
}
