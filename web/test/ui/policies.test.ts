import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { unreachable } from "../../src/gateway/problems.ts";
import { PageError } from "../../src/types.ts";
import { Page } from "../../src/ui/page.ts";
import { ask } from "../../src/ui/verbs/ask.ts";
import { fakeParts } from "./fake.ts";

const kept = new Map<string, string>();
const storage = { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, text: string) => void kept.set(name, text), removeItem: (name: string) => void kept.delete(name) };
Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true });

let files: (string | null)[] = [];
let fetched = 0;
let trouble: PageError | null = null;

/** A page whose policy is certain of every draft. */
function opened(): { page: Page; parts: ReturnType<typeof fakeParts> } {
  const parts = fakeParts();
  const policy = async () => {
    fetched += 1;
    parts.requests.add("/api/policies/careful");
    if (trouble) throw trouble;
    return "signed";
  };
  Object.assign(parts.gateway, { policy });
  Object.assign(parts, { policy: async (options: { small: object; file: string | null }) => {
    files.push(options.file);
    return options.small;
  } });
  const page = new Page(parts);
  page.store.set({ webModels: [{ name: "small", title: "Small", task: "chat", manifest: "/m", bytes: 1 }], gatewayModels: ["large"] });
  return { page, parts };
}

const last = (page: Page) => page.state.turns.at(-1)!;

beforeEach(() => {
  kept.clear();
  [files, fetched, trouble] = [[], 0, null];
});

test("a policy is fetched when it is chosen, and no question fetches it again", async () => {
  const { page } = opened();
  page.choose({ mode: "hybrid", policy: "policy:careful" });
  assert.equal(fetched, 1);
  await ask(page, "One?");
  await ask(page, "Two?");
  assert.equal(fetched, 1);
  assert.deepEqual(files, ["signed", "signed"]);
  assert.deepEqual(page.state.turns.map((turn) => turn.requests), [0, 0]);
});

test("a policy that a question has to fetch is counted with it", async () => {
  const { page } = opened();
  page.choose({ mode: "hybrid", policy: "policy:careful" });
  page.policies.forget();
  await new Promise((wake) => setTimeout(wake, 5));
  await ask(page, "One?");
  assert.equal(fetched, 2);
  assert.equal(last(page).requests, 1);
});

test("without a gateway the last policy that was right decides; without one, or refused, nothing does", async () => {
  const { page } = opened();
  page.choose({ mode: "hybrid", policy: "policy:careful" });
  await ask(page, "One?");
  trouble = unreachable();
  const later = opened().page;
  later.choose({ mode: "hybrid", policy: "policy:careful" });
  await ask(later, "Two?");
  assert.equal(last(later).phase, "done");
  assert.deepEqual(files, ["signed", "signed"]);
  later.choose({ policy: "policy:other" });
  await ask(later, "Three?");
  assert.equal(last(later).trouble?.code, "gateway");
  trouble = new PageError("http-404", "There is none.", "Choose another.");
  later.choose({ policy: "policy:careful" });
  await ask(later, "Four?");
  assert.equal(last(later).trouble?.code, "http-404");
});

test("a file that is not right is not kept", async () => {
  const { page, parts } = opened();
  Object.assign(parts, { policy: async () => { throw new PageError("policy", "Wrong signature.", "Fetch it again."); } });
  page.choose({ mode: "hybrid", policy: "policy:careful" });
  await ask(page, "One?");
  assert.equal(last(page).trouble?.code, "policy");
  assert.deepEqual([...kept.keys()].filter((name) => name.includes("policy.")), []);
});
