/** One value that changes, and those who look at it. */

import { useEffect, useRef, useState } from "preact/hooks";

export class Store<T extends object> {
  #value: T;
  readonly #watchers = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(change: Partial<T> | ((value: T) => Partial<T>)): void {
    const changed = typeof change === "function" ? change(this.#value) : change;
    this.#value = { ...this.#value, ...changed };
    for (const watcher of [...this.#watchers]) watcher();
  }

  subscribe(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

/** A part of the store; the component is drawn again when that part is another value. */
export function useStore<T extends object, Part>(store: Store<T>, select: (value: T) => Part): Part {
  const part = select(store.value);
  const drawn = useRef({ part, select });
  drawn.current = { part, select }; // What is selected may depend on what the component was given.
  const [, draw] = useState<object>({});
  useEffect(() => {
    const look = () => {
      if (!Object.is(drawn.current.select(store.value), drawn.current.part)) draw({});
    };
    look(); // What changed between drawing and watching.
    return store.subscribe(look);
  }, [store]);
  return part;
}
