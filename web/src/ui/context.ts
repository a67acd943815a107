import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Page } from "./page.ts";
import type { State } from "./state.ts";
import { useStore } from "./store.ts";

export const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (!page) throw new Error("outside of the page");
  return page;
}

/** A part of the page's state; drawn again when it changes. */
export function useView<Part>(select: (state: State) => Part): Part {
  return useStore(usePage().store, select);
}
