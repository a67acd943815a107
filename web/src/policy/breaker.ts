/** A failing model is left alone for a while, then tried by one request. */

import { PageError } from "../types.ts";

/** What only the request is at fault for, or the person: another one may do. */
const ITS_OWN = /^(?:context|too-long|invalid|unsupported|http-4(?!29)|not-sent|cancelled)/;

export class Breaker {
  private readonly most: number;
  private readonly coolDownMs: number;
  private readonly now: () => number;
  private failures = 0;
  private until: number | null = null;
  private last = "";

  constructor(most: number, coolDownMs: number, now: () => number = () => performance.now()) {
    this.most = most;
    this.coolDownMs = coolDownMs;
    this.now = now;
  }

  /** Why the model is left alone; null: ask it. */
  get why(): string | null {
    const leftMs = this.until === null ? 0 : this.until - this.now();
    if (leftMs <= 0) return null;
    const times = this.failures === 1 ? "1 failure" : `${this.failures} failures in a row`;
    return `left alone for ${Math.ceil(leftMs / 1000)} s more: ${times}, last: ${this.last}`;
  }

  worked(): void {
    this.failures = 0;
    this.until = null;
  }

  failed(error: PageError): void {
    if (ITS_OWN.test(error.code)) return;
    this.failures += 1;
    this.last = error.message;
    if (this.failures >= this.most) this.until = this.now() + this.coolDownMs;
  }
}
