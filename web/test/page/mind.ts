/** A bare page around documents: `read(html)`, and `meaning(manifest, texts)` through the worker. */

import { PageEmbedder } from "../../src/rag/embedder.ts";
import { Library } from "../../src/rag/library.ts";
import { htmlText } from "../../src/rag/read/html.ts";
import { PageError } from "../../src/types.ts";

/** What is read of a page of the web that was dropped, and what was found in it. */
async function drop(html: string, query: string): Promise<object> {
  const library = new Library();
  const entry = await library.addFile(new File([html], "page.html"));
  const { found } = await library.find(query);
  return { text: library.text(entry.id), found: found.map(({ passage }) => [passage.heading, passage.text]) };
}

/** Vectors of texts, and how much of the model came over the network. */
async function meaning(manifest: string, texts: string[]): Promise<object> {
  let bytes = 0;
  try {
    const embedder = await PageEmbedder.open(manifest, ({ totalBytes }) => (bytes = totalBytes));
    const vectors = await embedder.embed(texts);
    embedder.close();
    return { bytes, vectors: vectors.map((vector) => [...vector]) };
  } catch (error) {
    return error instanceof PageError ? { code: error.code, message: error.message, fix: error.fix } : { error: String(error) };
  }
}

Object.assign(globalThis, { read: htmlText, drop, meaning });
