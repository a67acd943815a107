/** For tests in Python: a folder and conversations → prompts and their tokens, as JSON. */

import { readFileSync } from "node:fs";
import { Tokenizer } from "../../src/engine/tokenize.ts";
import type { Message } from "../../src/types.ts";

const [folder = "", asked = "[]"] = process.argv.slice(2);
const read = (name: string) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8"));
const tokenizer = new Tokenizer(read("tokenizer.json"), read("tokenizer_config.json"));
const found = (JSON.parse(readFileSync(asked, "utf8")) as Message[][]).map((messages) => {
  const prompt = tokenizer.render(messages);
  const ids = tokenizer.encode(prompt);
  return { prompt, ids, texts: ids.map((id) => tokenizer.vocabulary.text(id)) };
});
console.log(JSON.stringify(found));
