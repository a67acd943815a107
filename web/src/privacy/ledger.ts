/** The page's own account of what left it: three witnesses that do not know of each other. */

import type { Entry, Witness } from "./entry.ts";

export interface Count {
  /** The most that any one witness saw: what is shown. */
  readonly requests: number;
  /** Of these, the most to another place than the page's own. */
  readonly elsewhere: number;
  readonly called: number;
  readonly observed: number;
  /** null: there is no service worker yet. */
  readonly passed: number | null;
  readonly refused: number;
}

/** More are counted, and the oldest not listed any more. */
const MOST_ENTRIES = 5000;

export class Ledger {
  #entries: Entry[] = [];
  /** Of each witness, of what is not listed any more. */
  readonly #dropped: Record<Witness, number> = { called: 0, observed: 0, passed: 0, refused: 0 };
  #droppedStamp = -Infinity;
  readonly #listeners = new Set<() => void>();
  /** Whether a service worker reports. */
  hasPassing = false;

  /** As they came; the latest at the end. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    const old = this.#entries.length > MOST_ENTRIES ? this.#entries.shift() : undefined;
    if (old) {
      this.#dropped[old.witness] += 1;
      this.#droppedStamp = Math.max(this.#droppedStamp, old.stamp);
    }
    for (const listener of this.#listeners) listener();
  }

  /**
   * What began at `stamp` or later and before `until`, both by the page's `performance.now()`.
   *
   * A request that is no longer listed counts wherever it may belong: never too few.
   */
  since(stamp: number, until = Infinity): Count {
    const within = this.#entries.filter((entry) => entry.stamp >= stamp && entry.stamp < until);
    const of = (witness: Witness) =>
      within.filter((entry) => entry.witness === witness).length +
      (stamp <= this.#droppedStamp ? this.#dropped[witness] : 0);
    const elsewhere = (witness: Witness) =>
      within.filter((entry) => entry.witness === witness && !entry.own).length;
    const [called, observed, passed] = [of("called"), of("observed"), of("passed")];
    return {
      requests: Math.max(called, observed, passed),
      elsewhere: Math.max(elsewhere("called"), elsewhere("observed"), elsewhere("passed")),
      called,
      observed,
      passed: this.hasPassing ? passed : null,
      refused: of("refused"),
    };
  }

  /** `listener` is called after each new entry; the result ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
