// The page's HTML, with the addresses of what was built.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { WEB } from "./assets.mjs";
import { bundle } from "./bundle.mjs";

const LINK = /\b(src|href)="([^"#:?]+)"/g;

/** `file`, whose links to files beside it become addresses; its scripts' styles are linked. */
export async function pageOf(file, assets) {
  let text = await readFile(path.join(WEB, file), "utf8");
  let styles = [];
  for (const [whole, kind, target] of [...text.matchAll(LINK)]) {
    const source = path.join(WEB, target);
    if (target.startsWith("/") || !existsSync(source)) continue;
    let name;
    if (/\.tsx?$/.test(target)) {
      const made = await bundle(target, assets);
      [name, styles] = [made.script, [...styles, ...made.styles]];
    } else {
      name = target.endsWith(".webmanifest") ? await manifest(source, assets) : await assets.copy(source);
    }
    text = text.replace(whole, `${kind}="assets/${name}"`);
  }
  return text.replace("</head>", `${styles.map(styleLink).join("")}</head>`);
}

/** A page with nothing on it but a script. */
export function bare(script, styles) {
  const links = styles.map(styleLink).join("");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Test</title><link rel="icon" href="data:,">
${links}</head><body><script type="module" src="assets/${script}"></script></body></html>
`;
}

function styleLink(name) {
  return `<link rel="stylesheet" href="assets/${name}">\n`;
}

/** An installable page's manifest; its icons stand beside it. */
async function manifest(file, assets) {
  const said = JSON.parse(await readFile(file, "utf8"));
  for (const icon of said.icons ?? []) {
    icon.src = await assets.copy(path.resolve(path.dirname(file), icon.src));
  }
  return assets.put(path.basename(file), Buffer.from(`${JSON.stringify(said)}\n`));
}
