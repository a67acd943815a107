/** The worker that turns texts into vectors: MiniLM, on the processor, beside the engine's. */

// First: what it asks for is told to the page's count.
import "../privacy/worker.ts";
import { runtimePaths } from "../engine/places.ts";
import { troubleOf } from "../engine/protocol.ts";
import { openFiles } from "../kept/open.ts";
import { keepRuntime } from "../offline/register.ts";
import type { FileEntry } from "../manifest.ts";
import { PageError } from "../types.ts";
import { MiniLm } from "./minilm.ts";
import type { FromEmbedder, ToEmbedder } from "./protocol.ts";

const MOST_CHARS = 1_000_000;

let model: MiniLm | null = null;
let turn: Promise<void> = Promise.resolve();

const say = (message: FromEmbedder): void => postMessage(message);

onmessage = ({ data }: MessageEvent<ToEmbedder>): void => {
  turn = turn.then(() => (data.kind === "open" ? open(data) : embed(data)));
};

async function open({ manifestUrl, key }: Extract<ToEmbedder, { kind: "open" }>): Promise<void> {
  try {
    const { files, graph } = await entriesOf(manifestUrl, key);
    const opened = await openFiles([...files, graph], manifestUrl, ({ doneBytes, totalBytes, note }) =>
      say({ kind: "progress", doneBytes, totalBytes, ...(note ? { note } : {}) }),
    );
    model = await MiniLm.open(opened, graph.name, runtimePaths("plain"));
    await keepRuntime();
    say({ kind: "ready" });
  } catch (error) {
    say({ kind: "failed", id: null, trouble: troubleOf(error) });
  }
}

async function embed({ id, texts }: Extract<ToEmbedder, { kind: "embed" }>): Promise<void> {
  try {
    if (!model) throw new PageError("embed", "The embedding model is not loaded.", "Reload the page.");
    const vectors: Float32Array[] = [];
    for (const text of texts) vectors.push(await model.vector(text));
    say({ kind: "vectors", id, vectors });
  } catch (error) {
    say({ kind: "failed", id, trouble: troubleOf(error) });
  }
}

interface Entries {
  readonly files: readonly FileEntry[];
  readonly graph: FileEntry;
}

/** The tokenizer and the graph; sizes and hashes are looked at where the files are opened. */
async function entriesOf(url: string, key: string | null): Promise<Entries> {
  const headers: HeadersInit = key ? { Authorization: `Bearer ${key}` } : {};
  const response = await fetch(url, { headers });
  const text = response.ok ? await response.text() : "";
  if (!response.ok || text.length > MOST_CHARS) throw noManifest(url, `status ${response.status}`);
  const read = JSON.parse(text) as { files?: FileEntry[]; variants?: { model?: FileEntry }[] };
  const files = read.files?.filter(({ name }) => name === "tokenizer.json") ?? [];
  const graph = read.variants?.[0]?.model;
  if (!graph || files.length !== 1) throw noManifest(url, "it names no graph, or no tokenizer");
  return { files, graph };
}

function noManifest(url: string, why: string): PageError {
  return new PageError(
    "manifest",
    `The embedding model's description at ${url} cannot be used: ${why}.`,
    "Documents are searched by their words alone; to have both, update Sprat on the gateway.",
  );
}
