// Files with an address of their own: each is named after what is in it, so that it never changes.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";

export const WEB = fileURLToPath(new URL("..", import.meta.url));
const COMMITTED = path.join(WEB, "../src/sprat/page/assets");

export function hashOf(bytes) {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 10);
}

export class Assets {
  #made = new Map();
  #bundled = new Map();
  /** Names of the packages that something was taken from. */
  packages = new Set();

  /** Takes a file in; its name from now on. */
  put(name, bytes) {
    const { name: stem, ext } = path.parse(name);
    return this.keep(`${stem}-${hashOf(bytes)}${ext}`, bytes);
  }

  /** Takes in a file that bears its hash already. */
  keep(name, bytes) {
    this.#made.set(name, bytes);
    return name;
  }

  async copy(file) {
    this.note(path.relative(WEB, file));
    return this.put(path.basename(file), await readFile(file));
  }

  /** One build of each entry, however often it is asked for. */
  once(entry, build) {
    if (!this.#bundled.has(entry)) this.#bundled.set(entry, build());
    return this.#bundled.get(entry);
  }

  note(file) {
    const found = /node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file);
    if (found) this.packages.add(found[1].replace("\\", "/"));
  }

  names() {
    return [...this.#made.keys()].sort();
  }

  /** Address → bytes. The runtime is kept compressed: it is most of the page. */
  async files() {
    const all = this.names().map(async (name) => {
      const bytes = this.#made.get(name);
      const packed = name.endsWith(".wasm");
      return [`assets/${name}${packed ? ".gz" : ""}`, packed ? await packedOf(name, bytes) : bytes];
    });
    return Promise.all(all);
  }
}

/** As it was committed, if that is the same: two versions of zlib write different bytes. */
async function packedOf(name, bytes) {
  const kept = await readFile(path.join(COMMITTED, `${name}.gz`)).catch(() => null);
  return kept && gunzipSync(kept).equals(bytes) ? kept : gzipSync(bytes, { level: 9 });
}
