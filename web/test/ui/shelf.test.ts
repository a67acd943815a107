import assert from "node:assert/strict";
import { test } from "node:test";

import type { Library } from "../../src/rag/library.ts";
import { PageShelf } from "../../src/shelf.ts";
import { PageError } from "../../src/types.ts";

const LONG = "Visitors register at the desk. ".repeat(200);
const vectors = async (texts: readonly string[]) => texts.map(() => new Float32Array([1, 0]));
const ask = (shelf: PageShelf) => shelf.look([{ role: "user", content: "Where do visitors register?" }], 2);

/** Fails so many times, then searches by meaning. */
function opening(failures: number) {
  const counted = { tries: 0, open: async (library: Library): Promise<void> => {
    counted.tries += 1;
    if (counted.tries <= failures) throw new PageError("offline", "This device is offline.", "Go online.");
    library.embedWith({ embed: vectors });
    await library.settled();
  } };
  return counted;
}

test("searching by meaning that failed is said, not tried at each question, and tried again when other models are there", async () => {
  const counted = opening(1);
  const shelf = new PageShelf(counted.open);
  await shelf.add("handbook", LONG);
  await ask(shelf);
  assert.match(shelf.note, /by their words\. This device is offline\./);
  await ask(shelf);
  assert.equal(counted.tries, 1);
  shelf.again();
  await ask(shelf);
  assert.equal(counted.tries, 2);
  assert.match(shelf.note, /by their meaning/);
  shelf.again();
  await ask(shelf);
  assert.equal(counted.tries, 2);
});

test("after a while a question tries it again by itself", async () => {
  const counted = opening(1);
  const shelf = new PageShelf(counted.open, 0);
  await shelf.add("handbook", LONG);
  await new Promise((wake) => setTimeout(wake, 1));
  await ask(shelf);
  assert.equal(counted.tries, 2);
  assert.match(shelf.note, /by their meaning/);
});
