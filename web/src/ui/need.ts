/** What a model weighs, and what of it is still to be downloaded. */

import type { FileEntry, Manifest, Variant, WebModel } from "../manifest.ts";
import { bytesText } from "./figures.ts";
import type { State } from "./state.ts";
import { variantKey } from "./state.ts";

/** Both bounds are one where it is known which weights will be used. */
export interface Size {
  readonly leastBytes: number;
  readonly mostBytes: number;
  /** The list of models said so: its manifest is not read yet. */
  readonly about: boolean;
}

/** Of all files that it is opened from here. */
export function sizeOf(state: State, model: WebModel): Size {
  return measured(state, model, ({ bytes }) => bytes);
}

/** Of what is not here yet. */
export function missingOf(state: State, model: WebModel): Size {
  const kept = state.kept.find((one) => one.name === model.name)?.files ?? [];
  const here = new Map(kept.map(({ sha256, keptBytes }) => [sha256, keptBytes]));
  return measured(state, model, ({ sha256, bytes }) => Math.max(0, bytes - (here.get(sha256) ?? 0)));
}

function measured(state: State, model: WebModel, bytesOf: (file: FileEntry) => number): Size {
  const manifest = state.manifests[model.name];
  const variants = manifest ? variantsOf(state, model.name, manifest) : [];
  if (!manifest || variants.length === 0) return { leastBytes: model.bytes, mostBytes: model.bytes, about: true };
  const sums = variants.map((variant) => filesOf(manifest, variant).reduce((sum, file) => sum + bytesOf(file), 0));
  return { leastBytes: Math.min(...sums), mostBytes: Math.max(...sums), about: false };
}

export function filesOf(manifest: Manifest, variant: Variant): FileEntry[] {
  return [...manifest.files, variant.model, ...variant.data];
}

/** The weights that would be used: those of last time, else whichever may be. */
export function variantsOf(state: State, name: string, manifest: Manifest): Variant[] {
  const { backend } = state.settings;
  const last = manifest.variants.find(({ id }) => id === state.variants[variantKey(name, backend)]);
  if (last) return [last];
  return manifest.variants.filter((variant) => (backend === "auto" || variant.backend === backend) && runs(state, variant));
}

/** As far as the device was looked at. */
function runs({ probed }: State, { backend, needs }: Variant): boolean {
  if (backend === "wasm" || probed === null) return true;
  return probed.gpu !== null && needs.every((need) => need === "shader-f16" && probed.gpu?.half);
}

/** "138 MB", "138 to 157 MB", "about 98 MB". */
export function sizeText({ leastBytes, mostBytes, about }: Size): string {
  const [least, most] = [bytesText(leastBytes), bytesText(mostBytes)];
  if (about) return `about ${most}`;
  if (least === most) return most;
  const [, unit] = most.split(" ");
  return `${least.endsWith(` ${unit}`) ? least.slice(0, -1 - String(unit).length) : least} to ${most}`;
}
