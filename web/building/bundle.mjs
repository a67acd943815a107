// Modules → a few files. `new URL("./it", import.meta.url)` in our own sources is an address: a script
// there is bundled on its own (a worker), anything else is copied; the name with the hash is put in.
import { readFile } from "node:fs/promises";
import path from "node:path";
import * as esbuild from "esbuild";
import { WEB } from "./assets.mjs";

const ADDRESS = /new URL\(\s*"(\.[^"]+)",\s*import\.meta\.url,?\s*\)/g;
const SCRIPT = /\.tsx?$/;

const COMMON = {
  absWorkingDir: WEB,
  bundle: true,
  write: false,
  metafile: true,
  minify: true,
  target: ["chrome113", "firefox121", "safari17"],
  legalComments: "none",
  logLevel: "warning",
  jsx: "automatic",
  jsxImportSource: "preact",
  conditions: ["onnxruntime-web-use-extern-wasm"], // its threads start from a file of their own
  define: { "process.env.NODE_ENV": '"production"' },
};

/** Bundles an entry and all that it needs into `assets`; the names of its script and its style. */
export function bundle(entry, assets) {
  return assets.once(entry, async () => {
    const built = await esbuild.build({
      ...COMMON,
      entryPoints: [entry],
      outdir: "out",
      format: "esm",
      splitting: true,
      entryNames: "[name]-[hash]",
      chunkNames: "[name]-[hash]",
      plugins: [addresses(assets)],
    });
    for (const { path: file, contents } of built.outputFiles) {
      assets.keep(path.basename(file), Buffer.from(contents));
    }
    for (const file of Object.keys(built.metafile.inputs)) assets.note(file);
    return namesOf(built.metafile.outputs);
  });
}

/** A script that is no module, on its own: the service worker. */
export async function classic(entry, constants) {
  const define = { ...COMMON.define, ...constants };
  const built = await esbuild.build({ ...COMMON, entryPoints: [entry], format: "iife", define });
  return Buffer.from(built.outputFiles[0].contents);
}

function namesOf(outputs) {
  const [file, made] = Object.entries(outputs).find(([, one]) => one.entryPoint);
  return { script: path.basename(file), styles: made.cssBundle ? [path.basename(made.cssBundle)] : [] };
}

function addresses(assets) {
  return {
    name: "addresses",
    setup(build) {
      build.onLoad({ filter: SCRIPT }, async ({ path: file }) => {
        if (file.includes("node_modules")) return undefined;
        const text = await readFile(file, "utf8");
        return { contents: await addressed(text, file, assets), loader: file.endsWith("x") ? "tsx" : "ts" };
      });
    },
  };
}

async function addressed(text, file, assets) {
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const target = path.resolve(path.dirname(file), found[1]);
    const name = SCRIPT.test(target)
      ? (await bundle(path.relative(WEB, target), assets)).script
      : await assets.copy(target);
    parts.push(text.slice(done, found.index), `new URL("./${name}", import.meta.url)`);
    done = found.index + found[0].length;
  }
  return parts.join("") + text.slice(done);
}
