import assert from "node:assert/strict";
import { test } from "node:test";

import { PageError } from "../../src/types.ts";
import { Page } from "../../src/ui/page.ts";
import { busy } from "../../src/ui/state.ts";
import { ask } from "../../src/ui/verbs/ask.ts";
import { lookAround } from "../../src/ui/verbs/look.ts";
import { fakeParts, SCRIPT } from "./fake.ts";
import type { Script } from "./fake.ts";

async function opened(change: Partial<Script> = {}): Promise<{ page: Page; parts: ReturnType<typeof fakeParts> }> {
  const parts = fakeParts({ ...SCRIPT, ...change });
  const page = new Page(parts);
  await lookAround(page);
  return { page, parts };
}

const last = (page: Page) => page.state.turns.at(-1)!;

/** Waits until the page asks for permission. */
async function asked(page: Page): Promise<void> {
  for (let tries = 0; tries < 200 && !page.state.pending; tries += 1) await new Promise((wake) => setTimeout(wake, 5));
  assert.ok(page.state.pending, "nobody was asked");
}

test("a question is answered here, measured, and no request leaves", async () => {
  const { page, parts } = await opened();
  await ask(page, "  What is the capital of France? ");
  const turn = last(page);
  assert.equal(turn.question, "What is the capital of France?");
  assert.equal(turn.phase, "done");
  assert.equal(turn.text, "Paris is the capital of **France**.");
  assert.equal(turn.requests, 0);
  assert.equal(parts.requests.entries.length, 0);
  assert.deepEqual(page.state.measures.map(({ model, where, answer }) => [model, where, answer]), [["smollm2-135m", "here", 1]]);
  assert.match(page.state.said, /^Answer: Paris is the capital of France/);
});

/** Lists that come when somebody says so, or fail. */
function late(parts: ReturnType<typeof fakeParts>, failures = 0): { readonly looks: () => number; readonly come: () => void } {
  const list = parts.gateway.webModels;
  let looks = 0;
  let come = () => {};
  const here = new Promise<void>((wake) => (come = wake));
  const webModels = async () => {
    looks += 1;
    if (looks <= failures) throw new PageError("unreachable", "The gateway is not reached.", "Start it.");
    await here;
    return list();
  };
  Object.assign(parts.gateway, { webModels });
  return { looks: () => looks, come };
}

test("who asks before the lists are here is answered when they come", async () => {
  const parts = fakeParts(SCRIPT);
  const lists = late(parts);
  const page = new Page(parts);
  const looking = lookAround(page);
  const answering = ask(page, "What is the capital of France?");
  await new Promise((wake) => setTimeout(wake, 20));
  assert.equal(last(page).phase, "waiting");
  lists.come();
  await Promise.all([looking, answering]);
  assert.equal(last(page).phase, "done");
  assert.equal(lists.looks(), 1);
});

test("who waits for the lists can stop", async () => {
  const parts = fakeParts(SCRIPT);
  late(parts);
  const page = new Page(parts);
  const answering = ask(page, "What is the capital of France?");
  page.stop();
  await answering;
  assert.equal(last(page).phase, "stopped");
});

test("a list that could not be had is asked for once more with the question", async () => {
  const parts = fakeParts(SCRIPT);
  const lists = late(parts, 1);
  lists.come();
  const page = new Page(parts);
  await lookAround(page);
  assert.equal(page.state.gatewayTrouble?.code, "unreachable");
  await ask(page, "What is the capital of France?");
  assert.equal(last(page).phase, "done");
  assert.equal(page.state.gatewayTrouble, null);
  assert.equal(lists.looks(), 2);
});

test("where it cannot be had at all, the question says why", async () => {
  const parts = fakeParts(SCRIPT);
  late(parts, 2);
  const page = new Page(parts);
  await lookAround(page);
  await ask(page, "What is the capital of France?");
  assert.deepEqual(last(page).trouble, { code: "unreachable", message: "The gateway is not reached.", fix: "Start it." });
});

test("a follow-up brings the conversation along, a failed turn not", async () => {
  const { page } = await opened();
  await ask(page, "fail now");
  assert.equal(last(page).phase, "failed");
  assert.deepEqual(last(page).trouble, { code: "lost", message: "The graphics device was lost.", fix: "Ask again: the model starts anew." });
  await ask(page, "And Spain?");
  assert.equal(last(page).phase, "done");
  assert.equal(busy(page.state), false);
});

test("an empty question, or one while another is answered, is none", async () => {
  const { page } = await opened({ gapMs: 5 });
  await ask(page, "   ");
  assert.equal(page.state.turns.length, 0);
  const first = ask(page, "one");
  await ask(page, "two");
  await first;
  assert.deepEqual(page.state.turns.map((turn) => turn.question), ["one"]);
});

test("a stop ends the answer with what there is", async () => {
  const { page } = await opened({ gapMs: 20 });
  await page.own.warm();
  const answer = ask(page, "What?");
  setTimeout(() => page.stop(), 60);
  await answer;
  assert.equal(last(page).phase, "stopped");
  assert.ok(last(page).text.length < "Paris is the capital of **France**.".length);
});

test("a stop while the model is downloaded ends the question, too", async () => {
  const { page } = await opened({ gapMs: 20 });
  const answer = ask(page, "What?");
  setTimeout(() => page.stop(), 60);
  await answer;
  assert.equal(last(page).phase, "stopped");
});

test("a download that is paused under a question is told as that, and asking again goes on", async () => {
  const { page } = await opened({ gapMs: 10 });
  const answer = ask(page, "What?");
  while (page.state.here.phase !== "downloading") await new Promise((wake) => setTimeout(wake, 2));
  await page.own.pause();
  await answer;
  const { phase, trouble } = last(page);
  assert.deepEqual([phase, trouble?.code], ["failed", "paused"]);
  assert.match(trouble?.message ?? "", /^The download was paused: .* of 157 MB\.$/);
  assert.match(trouble?.fix ?? "", /Go on with it/);
  await ask(page, "What?");
  assert.equal(last(page).phase, "done");
});

test("one model is verified at a time, and what is cancelled is that one", async () => {
  const { page, parts } = await opened();
  parts.kept.elsewhere = true;
  const first = page.own.verify("smollm2-135m");
  await page.own.verify("another");
  assert.equal(page.state.verifying?.name, "smollm2-135m");
  page.own.stopVerifying();
  await first;
  assert.equal(page.state.verifying, null);
  assert.deepEqual(parts.kept.verified, []);
});

test("hybrid: nothing is sent before somebody said yes to exactly what is sent", async () => {
  const { page, parts } = await opened();
  page.choose({ mode: "hybrid" });
  const answer = ask(page, "What is the capital of France?");
  await asked(page);
  assert.equal(parts.requests.entries.length, 0);
  assert.equal(last(page).phase, "asking");
  assert.equal(last(page).draft, "Paris is the capital of **France**.");
  const sent = JSON.parse(page.state.pending!.payload) as { model: string; messages: { content: string }[] };
  assert.equal(sent.model, "gpt-oss-20b");
  assert.deepEqual(sent.messages.map((message) => message.content), ["What is the capital of France?"]);
  page.state.pending!.decide(true, false);
  await answer;
  assert.match(last(page).text, /Seine/);
  assert.equal(last(page).escalation?.permitted, true);
  assert.equal(last(page).requests, 1);
  assert.deepEqual(page.state.measures.map(({ model, kept }) => [model, kept]), [["smollm2-135m", false], ["gpt-oss-20b", true]]);
});

test("hybrid: a no keeps the draft, and nothing is sent", async () => {
  const { page, parts } = await opened();
  page.choose({ mode: "hybrid" });
  const answer = ask(page, "What?");
  await asked(page);
  page.state.pending!.decide(false, true);
  await answer;
  assert.equal(last(page).text, "Paris is the capital of **France**.");
  assert.equal(last(page).escalation?.permitted, false);
  assert.equal(page.state.permission, "never");
  await ask(page, "Again?");
  assert.equal(page.state.pending, null);
  assert.equal(parts.requests.entries.length, 0);
});

test("hybrid: what was allowed for a chat is not asked again in it, but in the next", async () => {
  const { page } = await opened();
  page.choose({ mode: "hybrid" });
  page.store.set({ permission: "always" });
  await ask(page, "What?");
  assert.equal(last(page).escalation?.permitted, true);
  page.newChat();
  assert.equal(page.state.permission, "ask");
});

test("hybrid: a stop while a person is asked sends nothing", async () => {
  const { page, parts } = await opened();
  page.choose({ mode: "hybrid" });
  const answer = ask(page, "What?");
  await asked(page);
  page.stop();
  await answer;
  assert.equal(page.state.pending, null);
  assert.equal(parts.requests.entries.length, 0);
});

test("gateway: a question alone is sent as it is, and so is one that follows the gateway's own answers", async () => {
  const { page, parts } = await opened();
  page.choose({ mode: "gateway" });
  await ask(page, "One?");
  await ask(page, "Two?");
  assert.deepEqual(page.state.turns.map((turn) => [turn.phase, turn.escalation]), [["done", null], ["done", null]]);
  assert.equal(parts.requests.entries.length, 2);
});

test("gateway: what was said here before goes along only after a yes to exactly that", async () => {
  const { page, parts } = await opened();
  await ask(page, "A secret?");
  page.choose({ mode: "gateway" });
  const answer = ask(page, "And now?");
  await asked(page);
  assert.equal(parts.requests.entries.length, 0);
  assert.match(page.state.pending!.why, /what was said here before/);
  const sent = JSON.parse(page.state.pending!.payload) as { messages: { content: string }[] };
  assert.deepEqual(sent.messages.map((message) => message.content), ["A secret?", "Paris is the capital of **France**.", "And now?"]);
  page.state.pending!.decide(true, false);
  await answer;
  assert.equal(last(page).phase, "done");
  assert.equal(last(page).escalation?.permitted, true);
  assert.equal(parts.requests.entries.length, 1);
});

test("gateway: a passage of a document goes along only after a yes; a no, or a stop, sends nothing", async () => {
  const { page, parts } = await opened();
  page.choose({ mode: "gateway" });
  await page.addText("handbook", "Visitors register at the desk.");
  const refused = ask(page, "Where do visitors register?");
  await asked(page);
  assert.match(page.state.pending!.why, /passages of your documents$/);
  page.state.pending!.decide(false, false);
  await refused;
  assert.deepEqual([last(page).phase, last(page).trouble?.code], ["failed", "not-sent"]);
  const stopped = ask(page, "Where do visitors register?");
  await asked(page);
  page.stop();
  await stopped;
  assert.equal(last(page).phase, "stopped");
  assert.equal(parts.requests.entries.length, 0);
});

test("gateway: what a silent document left unasked was not seen there either", async () => {
  const { page } = await opened();
  page.choose({ mode: "gateway" });
  await page.addText("handbook", "Visitors register at the desk.");
  await ask(page, "What about dragons?");
  page.parts.shelf.remove(1);
  const answer = ask(page, "And now?");
  await asked(page);
  page.stop();
  await answer;
});

test("a stop while documents are looked through ends the question at once, and nothing is opened after it", async () => {
  const { page, parts } = await opened();
  page.choose({ mode: "gateway" });
  await page.addText("handbook", "Visitors register at the desk.");
  parts.shelf.look = () => new Promise(() => {});
  const answer = ask(page, "Where do visitors register?");
  page.stop();
  await answer;
  assert.equal(last(page).phase, "stopped");
  assert.equal(page.state.pending, null);
  assert.equal(parts.requests.entries.length, 0);
});

test("a question that was left for a new chat does not take the stop from the next one", async () => {
  const { page } = await opened({ gapMs: 20 });
  await page.own.warm();
  const first = ask(page, "One?");
  await new Promise((wake) => setTimeout(wake, 30));
  page.newChat();
  const second = ask(page, "Two?");
  await first;
  assert.notEqual(page.stopping, null);
  page.stop();
  await second;
  assert.equal(last(page).phase, "stopped");
  assert.equal(page.stopping, null);
});

test("documents: the passages are kept with the answer; where there are none, no model is asked", async () => {
  const { page } = await opened();
  await page.addText("handbook", "Visitors register at the desk. Bicycles stay outside.");
  await ask(page, "Where do visitors register?");
  assert.deepEqual(last(page).passages.map(({ name, start, end }) => [name, start, end]), [["handbook", 0, 30]]);
  assert.deepEqual(last(page).reply?.steps.map((step) => step.role), ["retrieve", "answer"]);
  await ask(page, "What about dragons?");
  assert.equal(last(page).text, "The documents do not say.");
  assert.equal(last(page).reply, null);
});

test("a file that cannot be read is told, and the others are taken", async () => {
  const { page } = await opened();
  await page.addFiles([new File(["x"], "a.pdf"), new File(["words"], "b.txt")]);
  assert.equal(page.state.trouble?.code, "file");
  assert.equal(page.state.references, 1);
});

test("a download shows how far it is, can be halted, and its start is timed", async () => {
  const { page } = await opened({ gapMs: 4 });
  const warm = page.own.warm();
  await new Promise((wake) => setTimeout(wake, 30));
  assert.equal(page.state.here.phase, "downloading");
  await page.own.pause();
  await warm;
  assert.equal(page.state.here.phase, "idle");
  assert.equal(page.state.trouble, null);
  await page.own.warm();
  assert.equal(page.state.here.phase, "ready");
});

test("another model closes the first", async () => {
  const { page } = await opened();
  await page.own.warm();
  const first = page.own.open();
  page.choose({ here: "qwen2.5-coder-0.5b" });
  assert.notEqual(page.own.open(), first);
});

test("no model offered: said, with what to do", async () => {
  const { page } = await opened({ models: [] });
  await ask(page, "What?");
  assert.equal(last(page).trouble?.code, "missing");
});
