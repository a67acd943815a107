import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Embedder } from "../../src/rag/embedder.ts";
import { Library, MOST } from "../../src/rag/library.ts";
import { PageError, type Message } from "../../src/types.ts";

const LONG = readFileSync(new URL("../../../LICENSE", import.meta.url), "utf8");
const LEAVE = "# Leave\n\nLeave is 25 days a year. Interns have 12 days.\n";

function said(content: string): Message[] {
  return [{ role: "user", content }];
}

/** As near to each other as texts share the word "patent". */
class Meaning implements Embedder {
  readonly asked: string[] = [];
  async embed(texts: readonly string[]): Promise<readonly Float32Array[]> {
    this.asked.push(...texts);
    return texts.map((text) => Float32Array.from(/patent|invent/i.test(text) ? [1, 0] : [0, 1]));
  }
}

function refusal(code: string, words: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof PageError && error.code === code && words.test(error.message) && error.fix !== "";
}

test("short text goes in whole, and the prompt begins alike from question to question", async () => {
  const library = new Library();
  const entry = library.add("handbook.md", LEAVE);
  const one = await library.ask(said("How many days do interns have?"));
  const talk: Message[] = [...said("How many days do interns have?"), { role: "assistant", content: "12" }, ...said("And others?")];
  const two = await library.ask(talk);
  assert.ok(one.whole && two.whole && one.silence === null);
  const text = `[1] ${library.text(entry.id)}`;
  for (const asked of [one, two]) assert.ok(asked.messages.at(-1)?.content.startsWith(text));
  assert.ok(two.messages.at(-1)?.content.includes("Earlier:\nuser: How many days do interns have?"));
});

test("of long text the best passages are shown, and each stands where it says", async () => {
  const library = new Library();
  const entry = library.add("licence.txt", LONG);
  const asked = await library.ask([{ role: "system", content: "Be kind." }, ...said("What happens to a patent licence after litigation?")]);
  assert.ok(!asked.whole && asked.passages.length > 1);
  assert.match(asked.passages[0]?.text ?? "", /patent litigation/);
  for (const { found: { passage } } of asked.passages) {
    assert.equal(library.text(entry.id).slice(passage.start, passage.end), passage.text);
  }
  assert.deepEqual(asked.messages.map(({ role }) => role), ["system", "user"]);
  assert.match(asked.step.why, /^\d passages, the best one 0\.\d\d$/);
});

test("a question that no passage can answer is not put to a model", async () => {
  const library = new Library();
  library.add("licence.txt", LONG);
  const asked = await library.ask(said("Siapa melukis Guernica?"));
  assert.equal(asked.silence, "no passage shares a word with the question");
});

test("without documents a conversation is as it was", async () => {
  const messages = said("Hello");
  assert.equal((await new Library().ask(messages)).messages, messages);
});

test("what is removed is found no more, and its text is gone", async () => {
  const library = new Library();
  const [first, second] = [library.add("a", LEAVE), library.add("b", LONG)];
  library.remove(second.id);
  assert.deepEqual(library.entries.map(({ id }) => id), [first.id]);
  assert.deepEqual((await library.find("patent litigation")).found, []);
  assert.equal(library.text(second.id), "");
});

test("words alone are searched until every passage has its vector, then meaning too", async () => {
  let changes = 0;
  const [library, meaning] = [new Library(() => (changes += 1)), new Meaning()];
  library.add("licence.txt", LONG);
  assert.equal((await library.find("inventors")).found.length, 0);
  library.embedWith(meaning);
  assert.equal((await library.find("inventors")).embedMs, null);
  await library.settled();
  assert.ok(library.entries.every(({ embedded }) => embedded) && changes > 2);
  const { found, embedMs } = await library.find("inventors");
  assert.ok(embedMs !== null && /patent|invent/i.test(found[0]?.passage.text ?? "") && found[0]?.lexical === null);
  library.add("leave.md", LEAVE);
  await library.settled();
  assert.ok(meaning.asked.some((text) => text.startsWith("Leave\n")), "a passage is embedded under its headings");
  assert.ok(library.entries.every(({ embedded }) => embedded));
});

test("an embedding model that fails leaves words to be searched, and it is said", async () => {
  const library = new Library();
  library.add("licence.txt", LONG);
  library.embedWith({ embed: () => Promise.reject(new PageError("embed", "It stopped.", "Reload.")) });
  await library.settled();
  assert.equal(library.note, "It stopped. Reload.");
  assert.ok((await library.find("patent litigation")).found.length > 0);
});

test("an embedding model that stays silent keeps no question waiting: words are searched", async () => {
  const library = new Library(() => {}, 20);
  library.add("licence.txt", LONG);
  const meaning = new Meaning();
  library.embedWith(meaning);
  await library.settled();
  meaning.embed = () => new Promise(() => {});
  const { found, embedMs } = await library.find("patent litigation");
  assert.equal(embedMs, null);
  assert.ok(found.length > 0);
});

test("what is too much, empty or no text is refused in one line", async () => {
  const library = new Library();
  const file = (name: string, bytes: Uint8Array<ArrayBuffer>) => library.addFile(new File([bytes], name));
  const text = new TextEncoder();
  assert.throws(() => library.add("big", "x ".repeat(MOST.chars)), refusal("file", /big is too much/));
  assert.throws(() => library.add("empty", " \n- "), refusal("file", /no words/));
  await assert.rejects(file("a.pdf", text.encode("%PDF-1.7 …")), refusal("file", /a\.pdf is a PDF/));
  await assert.rejects(file("a.docx", Uint8Array.of(80, 75, 3, 4, 0)), refusal("file", /Office/));
  await assert.rejects(file("a.png", Uint8Array.of(0x89, 80, 78, 71)), refusal("file", /picture/));
  await assert.rejects(file("a.bin", new Uint8Array(999)), refusal("file", /no text/));
  const paragraph = `${"A sprat is a small fish of the herring family. ".repeat(15)}\n\n`;
  const much = paragraph.repeat(MOST.chars / paragraph.length);
  for (let count = 0; count < 4; count += 1) library.add(`part ${count}`, much);
  assert.throws(() => library.add("last", much), refusal("file", /in all/));
  assert.equal(library.entries.length, 4);
});

test("files are read in the encodings that people have", async () => {
  const library = new Library();
  const texts: [string, Uint8Array<ArrayBuffer>][] = [
    ["utf8", new TextEncoder().encode("\ufeffcafé\r\nau lait")],
    ["utf16", Uint8Array.from([0xff, 0xfe, ...[..."café\r\nau lait"].flatMap((char) => [char.charCodeAt(0), 0])])],
    ["latin1", Uint8Array.from([..."café\r\nau lait"], (char) => char.charCodeAt(0))],
  ];
  for (const [name, bytes] of texts) {
    const { id } = await library.addFile(new File([bytes], `${name}.txt`));
    assert.equal(library.text(id), "café\nau lait", name);
  }
});
