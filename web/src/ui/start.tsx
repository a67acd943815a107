/** Puts the page on the screen, and tells it what happens around it. */

import { render } from "preact";

import { App } from "./App.tsx";
import { PageContext } from "./context.ts";
import type { Key } from "./key.ts";
import { Page } from "./page.ts";
import type { Parts } from "./parts.ts";
import { lookAround } from "./verbs/look.ts";

export function start(root: HTMLElement, parts: Parts, key?: Key): Page {
  const page = new Page(parts, key);
  root.replaceChildren();
  render(<PageContext.Provider value={page}><App /></PageContext.Provider>, root);
  addEventListener("online", () => page.store.set({ online: true }));
  addEventListener("offline", () => page.store.set({ online: false }));
  addEventListener("pagehide", () => page.stop());
  void lookAround(page);
  return page;
}
