/** Fetches a manifest, and refuses what is none: sizes and shapes are used without another look. */

import type { FileEntry, Manifest } from "../manifest.ts";
import { PageError } from "../types.ts";

const MOST_BYTES = 1_000_000;
const NAME = /^(?:[\w.-]+\/)*[\w.-]+$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** `key`: of a locked gateway. Raises PageError "network" (an abort too), "manifest". */
export async function readManifest(
  url: string, key?: string, signal: AbortSignal | null = null,
): Promise<Manifest> {
  const headers: HeadersInit = key ? { Authorization: `Bearer ${key}` } : {};
  const response = await fetch(url, { headers, signal }).catch((error: unknown) => {
    throw unreachable(url, String(error));
  });
  if (!response.ok) throw unreachable(url, `status ${response.status}`);
  const text = await response.text();
  if (text.length > MOST_BYTES) throw damaged(url, `it has ${text.length} characters`);
  return parseManifest(text, url);
}

export function parseManifest(text: string, url: string): Manifest {
  const manifest = parsed(text, url) as Manifest;
  const fault = faultOf(manifest);
  if (fault) throw damaged(url, fault);
  return manifest;
}

function parsed(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(url, String(error));
  }
}

/** What is wrong with it; null: nothing. */
function faultOf(manifest: Manifest): string | null {
  if (manifest?.format !== 1) return `its format is ${manifest?.format}, not 1`;
  for (const name of ["contextTokens", "layers", "kvHeads", "headSize", "vocabulary"] as const) {
    if (!isCount(manifest[name])) return `its ${name} is ${manifest[name]}`;
  }
  if (!manifest.ends?.every(Number.isInteger)) return "it does not say what ends an answer";
  if (!manifest.variants?.length) return "it has no variants";
  const files = manifest.variants.flatMap(({ model, data }) => [model, ...data]);
  const wrong = [...manifest.files, ...files].find((entry) => !isEntry(entry));
  if (wrong) return `${String(wrong.name)} is no file with a size and a SHA-256`;
  const mute = manifest.variants.find(({ canary }) => !canary?.prompt?.length || !canary.top?.length);
  return mute ? `${mute.id} has no canary` : null;
}

const isCount = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 2 ** 24;

const isEntry = ({ name, bytes, sha256 }: FileEntry): boolean =>
  NAME.test(name) && !name.split("/").includes("..") && Number.isSafeInteger(bytes) && bytes >= 0 &&
  SHA256.test(sha256);

function unreachable(url: string, why: string): PageError {
  return new PageError(
    "network",
    `The model's description at ${url} could not be had: ${why}.`,
    "See whether `sprat serve` is running, then try again.",
  );
}

function damaged(url: string, why: string): PageError {
  return new PageError(
    "manifest",
    `The model's description at ${url} cannot be used: ${why}.`,
    "Export the model again: sprat models export NAME --target web",
  );
}
