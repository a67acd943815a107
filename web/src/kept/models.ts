/** What is kept, by model: read from the notes beside the files, so that no list can go stale. */

import type { FileEntry } from "../manifest.ts";
import { PageError } from "../types.ts";
import type { Note } from "./note.ts";
import { hashPieces, hashWhole } from "./pieces.ts";
import { Sha256 } from "./sha256.ts";
import type { Store } from "./store.ts";
import { type Lock, type World, browserWorld, lockName } from "./world.ts";

export interface KeptFile {
  readonly name: string;
  readonly sha256: string;
  /** Of the whole file. */
  readonly bytes: number;
  /** Here; fewer than `bytes` where a download was interrupted. */
  readonly keptBytes: number;
  /** When it was last hashed whole and right, in ms since 1970; null: unfinished. */
  readonly verifiedMs: number | null;
}

export interface KeptModel {
  /** "": files that no note tells the model of. */
  readonly name: string;
  readonly files: readonly KeptFile[];
  readonly bytes: number;
  readonly keptBytes: number;
  /** The latest of its files'; null: none is finished. */
  readonly verifiedMs: number | null;
  /** Every file that was asked for is here. */
  readonly whole: boolean;
}

export interface Room {
  /** Of all models together; what two share counts once. */
  readonly keptBytes: number;
  /** Of these: of unfinished downloads. */
  readonly unfinishedBytes: number;
  /** null: the browser does not tell. */
  readonly freeBytes: number | null;
  /** The browser does not clear it when the disk fills up. */
  readonly persisted: boolean;
}

interface Item {
  readonly sha256: string;
  readonly note: Note | null;
  readonly keptBytes: number;
}

/** How long to wait for a tab that has the file. */
const BUSY_MS = 3000;

/** Empty where nothing can be kept. */
export async function keptModels(world: World = browserWorld()): Promise<KeptModel[]> {
  const { store } = await world.store();
  const models = new Map<string, KeptFile[]>();
  for (const item of store ? await itemsOf(store) : []) {
    for (const { model, name } of item.note?.uses ?? [{ model: "", name: item.sha256 }]) {
      models.set(model, [...(models.get(model) ?? []), fileOf(item, name)]);
    }
  }
  return [...models].map(([name, files]) => modelOf(name, files)).sort(byName);
}

/**
 * What the model has for itself; files that it shares stay for the others.
 *
 * @throws PageError "busy": another tab is downloading it.
 */
export async function remove(model: string, world: World = browserWorld()): Promise<void> {
  const { store } = await world.store();
  for (const item of store ? await itemsOf(store) : []) {
    if (isOf(item, model)) await drop(store!, item, model, () => true, world.lock);
  }
}

/**
 * Hashes every finished file of the model again, whole, and alone among tabs; the wrong ones are deleted.
 *
 * Gives the names of these. `onBytes` tells how many bytes are read and how many there are, and whether
 * another tab has had the next file for some seconds. An abort throws the signal's reason.
 */
export async function verifyAgain(
  model: string,
  onBytes: (doneBytes: number, totalBytes: number, waits: boolean) => void,
  signal?: AbortSignal,
  world: World = browserWorld(),
): Promise<string[]> {
  const { store } = await world.store();
  const items = (store ? await itemsOf(store) : []).filter((item) => isDone(item, model));
  const totalBytes = items.reduce((sum, { keptBytes }) => sum + keptBytes, 0);
  const wrong: string[] = [];
  let doneBytes = 0;
  const tell = (more: number) => onBytes((doneBytes += more), totalBytes, false);
  const wait = () => onBytes(doneBytes, totalBytes, true);
  for (const { sha256, note } of items) {
    const work = () => isRight(store!, sha256, tell, world, signal);
    if (await held(world.lock, sha256, work, wait, signal)) continue;
    wrong.push(note!.uses.find((use) => use.model === model)!.name);
  }
  return wrong;
}

export async function usage(world: World = browserWorld()): Promise<Room> {
  const { store } = await world.store();
  const items = store ? await itemsOf(store) : [];
  const sum = (some: readonly Item[]) => some.reduce((bytes, { keptBytes }) => bytes + keptBytes, 0);
  return {
    keptBytes: sum(items),
    unfinishedBytes: sum(items.filter(({ note }) => !note?.verifiedMs)),
    freeBytes: store ? await world.freeBytes() : null,
    persisted: (await globalThis.navigator?.storage?.persisted?.()) ?? false,
  };
}

/** Asks the browser not to clear what is kept; only after a click, as some browsers ask the person. */
export async function keepForGood(): Promise<boolean> {
  return (await navigator.storage?.persist?.()) ?? false;
}

/** The model has a name for other bytes now: the old ones go, unless another model has them too. */
export async function dropOthers(
  store: Store,
  model: string,
  entries: readonly FileEntry[],
  lock: Lock,
): Promise<void> {
  const wanted = new Map(entries.map(({ name, sha256 }) => [name, sha256]));
  for (const item of await itemsOf(store)) {
    const isOld = (name: string) => wanted.has(name) && wanted.get(name) !== item.sha256;
    const old = item.note?.uses.some((use) => use.model === model && isOld(use.name));
    if (old) await drop(store, item, model, isOld, lock);
  }
}

async function drop(
  store: Store,
  { sha256 }: Item,
  model: string,
  isGone: (name: string) => boolean,
  lock: Lock,
): Promise<void> {
  const work = async () => {
    const note = await store.note(sha256);
    const uses = (note?.uses ?? []).filter((use) => use.model !== model || !isGone(use.name));
    if (note && uses.length > 0) await store.putNote(sha256, { ...note, uses });
    else await store.remove(sha256);
  };
  try {
    await lock(lockName(sha256), work, AbortSignal.timeout(BUSY_MS));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    throw new PageError(
      "busy",
      `${model || sha256} is in use in another tab: nothing more of it was deleted.`,
      "Stop the download or close the model there, then delete it again.",
    );
  }
}

/** `onWait` is called where another tab goes on having the file. */
async function held<T>(
  lock: Lock, sha256: string, work: () => Promise<T>, onWait: () => void, signal?: AbortSignal,
): Promise<T> {
  const timer = setTimeout(onWait, BUSY_MS);
  const begun = () => {
    clearTimeout(timer);
    return work();
  };
  return lock(lockName(sha256), begun, signal).finally(() => clearTimeout(timer));
}

/** Of what is finished now: another tab may have removed it, or begun it again, while we waited. */
async function isRight(
  store: Store,
  sha256: string,
  tell: (bytes: number) => void,
  world: World,
  signal?: AbortSignal,
): Promise<boolean> {
  const [file, note] = [await store.file(sha256), await store.note(sha256)];
  if (!note?.verifiedMs) return true;
  const hash = new Sha256();
  if (file) await hashWhole(file, hash, tell, signal);
  const right = file !== null && hash.hex() === sha256;
  if (!right) await store.removeFile(sha256);
  const verifiedMs = right ? world.nowMs() : null;
  const pieces = right ? await hashPieces(file) : null;
  await store.putNote(sha256, { ...note, verifiedMs, pieces });
  return right;
}

async function itemsOf(store: Store): Promise<Item[]> {
  const items: Item[] = [];
  for (const sha256 of await store.hashes()) {
    const [file, note] = [await store.file(sha256), await store.note(sha256)];
    items.push({ sha256, note, keptBytes: file?.size ?? 0 });
  }
  return items;
}

function isOf({ note }: Item, model: string): boolean {
  return note ? note.uses.some((use) => use.model === model) : model === "";
}

function isDone(item: Item, model: string): boolean {
  return isOf(item, model) && Boolean(item.note?.verifiedMs);
}

function fileOf({ sha256, note, keptBytes }: Item, name: string): KeptFile {
  const verifiedMs = note?.verifiedMs ?? null;
  return { name, sha256, bytes: note?.bytes ?? keptBytes, keptBytes, verifiedMs };
}

function modelOf(name: string, files: readonly KeptFile[]): KeptModel {
  const sum = (of: (file: KeptFile) => number) => files.reduce((bytes, file) => bytes + of(file), 0);
  return {
    name,
    files,
    bytes: sum((file) => file.bytes),
    keptBytes: sum((file) => file.keptBytes),
    verifiedMs: files.reduce<number | null>((last, { verifiedMs: ms }) => latest(last, ms), null),
    whole: files.every(({ verifiedMs }) => verifiedMs !== null),
  };
}

function latest(a: number | null, b: number | null): number | null {
  return a === null ? b : Math.max(a, b ?? a);
}

function byName(a: KeptModel, b: KeptModel): number {
  return a.name < b.name ? -1 : 1;
}
