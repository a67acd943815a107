/** A failing model is left alone for a while, then tried by one request. */

import { PageError } from "../types.ts";
import type { Policy } from "./spec.ts";

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

/** More policies than that nobody switches between; the first one is forgotten then. */
const MOST_KEPT = 64;

/** How models fare, kept while engines over them come and go: a question may have an engine of its own. */
export class Breakers {
  private readonly kept = new Map<string, Breaker>();

  /** The one of a side's model in a policy; another file is another policy. */
  of(model: string, policy: Policy): Breaker {
    const key = `${policy.sha256 || policy.name} ${model}`;
    const found = this.kept.get(key);
    if (found) return found;
    const [oldest] = this.kept.keys();
    if (this.kept.size >= MOST_KEPT && oldest !== undefined) this.kept.delete(oldest);
    const made = new Breaker(policy.fallback.failures, policy.fallback.cool_down_s * 1000);
    this.kept.set(key, made);
    return made;
  }
}
