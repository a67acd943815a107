/** The page: its rooms, opened and put together. */

// First: what leaves the page is counted from here on.
import "./privacy/page.ts";
import "./language.ts";
import "uplot/dist/uPlot.min.css";
import "./styles/page.css";

import { workOffline } from "./offline/register.ts";
import { PageEmbedder } from "./rag/embedder.ts";
import type { Library } from "./rag/library.ts";
import { roomsOf } from "./rooms.ts";
import { PageShelf } from "./shelf.ts";
import { Key } from "./ui/key.ts";
import { start } from "./ui/start.tsx";
import { missing } from "./ui/trouble.ts";

const root = document.getElementById("page") ?? document.body;
const key = new Key();
const shelf = new PageShelf(searchByMeaning);
const page = start(root, roomsOf(key, shelf, () => void renew()), key);
const offline = workOffline(() => page.store.set({ update: true }));

async function renew(): Promise<void> {
  const found = await offline;
  if (found) found.renew();
  else location.reload();
}

/** Throws `PageError`: words alone are searched then, and it is said. */
async function searchByMeaning(library: Library): Promise<void> {
  const model = page.state.webModels?.find((one) => one.task === "embed");
  if (!model) throw missing("The gateway offers no model for meaning.", "On its machine: sprat models pull all-minilm-l6-v2");
  library.embedWith(await PageEmbedder.open(model.manifest, () => {}, key.value));
}

/** Looked up again whenever the key changes. */
let listed = page.state.webModels;
page.store.subscribe(() => {
  if (page.state.webModels === listed) return;
  listed = page.state.webModels;
  shelf.again();
});
