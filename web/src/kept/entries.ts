/** What may be asked for: names, sizes and hashes of a manifest, checked before any of it is used. */

import type { FileEntry } from "../manifest.ts";
import { PageError } from "../types.ts";

const MOST_FILES = 64;
/** 16 GiB: no browser opens a larger model. */
const MOST_BYTES = 2 ** 34;
const SHA256 = /^[0-9a-f]{64}$/;
/** Folders and names of letters, digits, `_`, `-` and `.`; no part begins with a dot. */
const NAME = /^(?:[\w-][\w.-]*\/){0,4}[\w-][\w.-]*$/;
const NAME_LENGTH = 200;
const SHORT_HASH = 16;

/** @throws PageError "manifest": an entry that no export writes. */
export function checkEntries(entries: readonly FileEntry[]): void {
  if (entries.length > MOST_FILES) {
    throw refused(`it lists ${entries.length} files, more than ${MOST_FILES}`);
  }
  for (const entry of entries) {
    const fault = faultOf(entry);
    if (fault) throw refused(`${String(entry.name).slice(0, NAME_LENGTH)} has ${fault}`);
  }
}

function faultOf({ name, bytes, sha256 }: FileEntry): string | null {
  if (typeof name !== "string" || name.length > NAME_LENGTH || !NAME.test(name)) {
    return "a name that is no plain path";
  }
  if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > MOST_BYTES) return `${bytes} bytes`;
  return SHA256.test(sha256) ? null : "no SHA-256";
}

/** Where a file is: `v` lets the server call it immutable. */
export function addressOf(entry: FileEntry, base: string): URL {
  const address = new URL(entry.name, folderOf(base));
  address.searchParams.set("v", entry.sha256.slice(0, SHORT_HASH));
  return address;
}

/** The model's name: the last folder of `base`, whether or not it ends in a slash or a file. */
export function modelOf(base: string): string {
  const parts = folderOf(base).pathname.split("/").filter(Boolean);
  return decodeURIComponent(parts.at(-1) ?? "");
}

function folderOf(base: string): URL {
  const address = new URL(base, globalThis.location?.href);
  const last = address.pathname.split("/").at(-1) ?? "";
  if (last && !last.endsWith(".json")) address.pathname += "/";
  return new URL(".", address);
}

function refused(what: string): PageError {
  return new PageError(
    "manifest",
    `The model's manifest is not one of ours: ${what}.`,
    "Export the model again with 'sprat models export --target web'.",
  );
}
