// The licences of everything in the page that is not ours.
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { WEB } from "./assets.mjs";

const FILE = /^(licen[cs]e|notice|thirdpartynotices)/i;

export async function licences(packages) {
  const all = await Promise.all([...packages].sort().map(one));
  return `What the page is made of, beside Sprat's own code (Apache-2.0).\n\n${all.join("\n")}`;
}

async function one(name) {
  const folder = path.join(WEB, "node_modules", name);
  const { version, license, homepage, repository } = JSON.parse(
    await readFile(path.join(folder, "package.json"), "utf8"),
  );
  const where = homepage ?? repository?.url ?? repository ?? "";
  const texts = (await readdir(folder)).filter((file) => FILE.test(file)).sort();
  const said = await Promise.all(texts.map((file) => readFile(path.join(folder, file), "utf8")));
  const head = `${"=".repeat(72)}\n${name} ${version} (${license}) ${where}\n${"=".repeat(72)}\n`;
  return `${head}\n${said.map((text) => text.replaceAll("\r\n", "\n").trim()).join("\n\n")}\n`;
}
