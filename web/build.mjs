// Builds the page: web/ → src/sprat/page/. The same sources give the same bytes, whenever and wherever.
//
//   node build.mjs [--out FOLDER] [--entry FILE.ts]
//
// `--entry` builds a bare page around one script instead: what the browser tests open.
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { Assets, WEB, hashOf } from "./building/assets.mjs";
import { bundle, classic } from "./building/bundle.mjs";
import { bare, pageOf } from "./building/html.mjs";
import { licences } from "./building/licences.mjs";

const { values } = parseArgs({ options: { out: { type: "string" }, entry: { type: "string" } } });
const out = path.resolve(values.out ?? path.join(WEB, "../src/sprat/page"));
const assets = new Assets();
const files = values.entry ? await testPage(values.entry) : await wholePage();
await write(new Map([...files, ...(await assets.files())]));

async function wholePage() {
  const html = await pageOf("index.html", assets);
  const words = assets.put("THIRD_PARTY.txt", Buffer.from(await licences(assets.packages)));
  const index = html.replace("</head>", `<link rel="license" href="assets/${words}">\n</head>`);
  const offline = assets.names().filter((name) => name !== words);
  return new Map([["index.html", Buffer.from(index)], ["sw.js", await serviceWorker(index, offline)]]);
}

function serviceWorker(index, names) {
  const offline = ["./", ...names.map((name) => `assets/${name}`)];
  return classic("src/sw.ts", {
    __ASSETS__: JSON.stringify(offline),
    __BUILD__: JSON.stringify(hashOf(Buffer.from(index + offline.join()))),
  });
}

async function testPage(entry) {
  const { script, styles } = await bundle(path.relative(WEB, path.resolve(entry)), assets);
  const index = bare(script, styles);
  const worker = await serviceWorker(index, assets.names());
  return new Map([["index.html", Buffer.from(index)], ["sw.js", worker]]);
}

/** Leaves exactly `made` in the folder; what is there already, and the same, is not touched. */
async function write(made) {
  await mkdir(path.join(out, "assets"), { recursive: true });
  for (const name of await readdir(out, { recursive: true })) {
    const key = name.replaceAll(path.sep, "/");
    if (key !== "assets" && !made.has(key)) await rm(path.join(out, name), { recursive: true });
  }
  for (const [name, bytes] of made) await writeFile(path.join(out, name), bytes);
  const shown = [...made].map(([name, bytes]) => `${String(bytes.length).padStart(9)}  ${name}`);
  console.log(shown.sort().join("\n"));
}
