import assert from "node:assert/strict";
import { test } from "node:test";
import type { FromWorker, Trouble, Way } from "../../src/engine/protocol.ts";
import { ASK, LOST, PASSED, speak, stage, USAGE } from "./stage.ts";
import type { Part } from "./stage.ts";

test("nothing is started before it is asked for; then it loads and answers", async () => {
  const { engine, states, actors } = stage([{}]);
  assert.deepEqual([engine.name, engine.state.phase, actors.length], ["tiny", "idle", 0]);
  const pieces: string[] = [];
  const reply = await engine.answer(ASK, (text) => pieces.push(text));
  assert.deepEqual(pieces, ["hel", "lo"]);
  assert.deepEqual([reply.text, reply.finish, reply.where], ["hello", "stop", "webgpu"]);
  const { sent, firstToken, lastToken, done, loadMs } = reply.timing;
  assert.ok(sent <= firstToken! && firstToken! <= lastToken! && lastToken! <= done && loadMs > 0);
  assert.deepEqual(states.map(({ phase }) => phase), ["probing", "ready", "answering", "ready"]);
  assert.equal(states.at(-1)?.variant, "webgpu-f32");
});

test("a second question loads nothing, and waits for the first", async () => {
  const { engine, actors } = stage([{}]);
  const order: string[] = [];
  const both = ["a", "b"].map((name) => engine.answer(ASK, () => order.push(name)));
  await Promise.all(both);
  assert.deepEqual(order, ["a", "a", "b", "b"]);
  assert.equal(actors[0]?.heard.filter(({ kind }) => kind === "open").length, 1);
});

test("too many questions at once are refused", async () => {
  const { engine } = stage([{}]);
  const all = Array.from({ length: 12 }, () => engine.answer(ASK, () => undefined));
  const ends = await Promise.allSettled(all);
  const refused = ends.filter(({ status }) => status === "rejected");
  assert.equal(refused.length, 3);
  assert.match(String((refused[0] as PromiseRejectedResult).reason), /questions wait already/);
});

test("what is computed wrongly is computed in another way, and told", async () => {
  const wrong: Trouble = { code: "canary", message: "This machine computes nonsense.", fix: "" };
  const { engine, states, actors } = stage([
    { open: (_, say) => say({ kind: "failed", id: null, trouble: wrong }) }, {},
  ]);
  const reply = await engine.answer(ASK, () => undefined);
  assert.equal(reply.where, "wasm");
  assert.ok(actors[0]?.ended);
  assert.match(states.at(-1)?.note ?? "", /nonsense.*processor/);
});

test("a file that cannot be had is not tried in another way", async () => {
  const gone: Trouble = { code: "network", message: "No.", fix: "Start it." };
  const { engine, actors } = stage([
    { open: (_, say) => say({ kind: "failed", id: null, trouble: gone }) }, {},
  ]);
  await assert.rejects(engine.warm(), { code: "network", fix: "Start it." });
  assert.equal(engine.state.phase, "failed");
  assert.equal(actors.length, 1);
  await engine.warm();
  assert.equal(engine.state.phase, "ready");
});

test("a card that is lost before anything was shown is taken again, and the question too", async () => {
  const { engine, states } = stage([
    { answer: (_, __, say) => say({ kind: "failed", id: null, trouble: LOST }) }, {},
  ]);
  const reply = await engine.answer(ASK, () => undefined);
  assert.deepEqual([reply.text, reply.where], ["hello", "webgpu"]);
  assert.ok(states.some(({ phase, note }) => phase === "recovering" && /taken away/.test(note ?? "")));
});

test("a card that is lost twice is left for the processor", async () => {
  const lose: Part = { answer: (_, __, say) => say({ kind: "failed", id: null, trouble: LOST }) };
  const { engine } = stage([lose, lose, {}]);
  assert.equal((await engine.answer(ASK, () => undefined)).where, "wasm");
});

const loseHalfway: Part = {
  answer: (id, _, say) => {
    say({ kind: "text", id, text: "half", token: 7 });
    say({ kind: "failed", id: null, trouble: LOST });
  },
};

test("a loss after text was shown is told, and another worker goes on where it was", async () => {
  const { engine, actors, states } = stage([
    loseHalfway, { answer: (id, _, say) => {
      say({ kind: "text", id, text: " done", token: 8 });
      say({ kind: "done", id, written: { finish: "stop", rest: "!", usage: USAGE } });
    } },
  ]);
  const pieces: string[] = [];
  const reply = await engine.answer(ASK, (text) => pieces.push(text));
  assert.deepEqual([pieces, reply.text, reply.finish], [["half", " done", "!"], "half done!", "stop"]);
  const begun = actors[1]?.heard.flatMap((order) => (order.kind === "answer" ? order.begun : []));
  assert.deepEqual(begun, [7]);
  assert.match(states.at(-1)?.note ?? "", /taken away/);
  const { loadMs, sent, firstToken } = reply.timing;
  assert.ok(loadMs <= firstToken! - sent, "loading again is not taken from the first token's time");
});

test("where nothing is left that could go on, the answer ends and says after how much", async () => {
  const full: Trouble = { code: "memory", message: "There was not enough memory.", fix: "Close tabs." };
  const { engine } = stage([
    loseHalfway, { open: (_, say) => say({ kind: "failed", id: null, trouble: full }) },
  ]);
  const cut = engine.answer(ASK, () => undefined);
  await assert.rejects(cut, { code: "memory", message: /ended after 4 characters/ });
});

test("a way that has passed its canary is trusted at the next start, until it fails", async (context) => {
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => kept.set(key, text) };
  Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true });
  context.after(() => Reflect.deleteProperty(globalThis, "localStorage"));
  const trusted = async (part: Part): Promise<unknown[]> => {
    const { engine, actors } = stage([part, {}]);
    await engine.answer(ASK, () => undefined);
    return actors.flatMap(({ heard }) => heard.flatMap((order) => (order.kind === "open" ? [order.known?.mostTokens] : [])));
  };
  assert.deepEqual(await trusted({}), [undefined]);
  assert.deepEqual(await trusted({}), [31]);
  const other: Part = { open: (_, say) => say({ kind: "ready", passed: { mostTokens: 64, step: [] } }) };
  assert.deepEqual(await trusted(other), [31]); // it computed the whole canary again
  assert.deepEqual(await trusted({}), [64]);
  const gone: Part = { open: (_, say) => say({ kind: "failed", id: null, trouble: { code: "network", message: "No.", fix: "" } }) };
  await assert.rejects(trusted(gone), { code: "network" });
  assert.deepEqual(await trusted({}), [64]); // that said nothing against it
  const doubt: Trouble = { code: "canary", message: "This machine computed NaN.", fix: "" };
  const wrong: Part = { answer: (id, _, say) => say({ kind: "failed", id, trouble: doubt }) };
  assert.deepEqual(await trusted(wrong), [64, undefined]); // the other way is tried, for it has not passed
  assert.deepEqual(await trusted({}), [undefined]);
});

test("a worker that does not move is ended, and another way is taken", async () => {
  const patience = { probing: 1000, starting: 1000, loading: 1000, answering: 30 };
  const { engine, actors, states } = stage([{ answer: () => undefined }, {}], { patience });
  assert.equal((await engine.answer(ASK, () => undefined)).where, "wasm");
  assert.ok(actors[0]?.ended);
  assert.ok(states.some(({ note }) => /has not moved/.test(note ?? "")));
});

test("a runtime whose threads never start is ended soon, and one thread computes; a session may take long", async () => {
  const patience = { probing: 1000, starting: 30, loading: 1000, answering: 1000 };
  const waits = (_: Way, say: (message: FromWorker) => void): void => say({ kind: "phase", phase: "loading" });
  const slow = (way: Way, say: (message: FromWorker) => void): void => {
    waits(way, say);
    say({ kind: "beat" });
    setTimeout(() => say({ kind: "ready", passed: PASSED }), 100);
  };
  const { engine, actors, states } = stage([{ open: waits }, { open: slow }], { backend: "wasm", patience });
  await engine.warm();
  assert.ok(actors[0]?.ended);
  assert.ok(!actors[1]?.ended);
  const orders = actors.map(({ heard }) => heard.find(({ kind }) => kind === "open"));
  assert.deepEqual(orders.map((order) => order?.kind === "open" && order.way.threads), [2, 1]);
  assert.ok(states.some(({ note }) => /has not moved/.test(note ?? "")));
});

test("where the plainest way fails too, the reason is what the person is told", async () => {
  const full: Trouble = { code: "memory", message: "There was not enough memory.", fix: "Close tabs." };
  const { engine } = stage([{ open: (_, say) => say({ kind: "failed", id: null, trouble: full }) }]);
  await assert.rejects(engine.answer(ASK, () => undefined), { code: "memory", fix: "Close tabs." });
  assert.equal(engine.state.phase, "failed");
});

test("a question that is at fault harms neither the worker nor the next question", async () => {
  const long: Trouble = { code: "length", message: "Too long.", fix: "Shorten." };
  let first = true;
  const { engine, actors } = stage([
    {
      answer: (id, _, say) => {
        if (first) say({ kind: "failed", id, trouble: long });
        else speak(id, say);
        first = false;
      },
    },
  ]);
  await assert.rejects(engine.answer(ASK, () => undefined), { code: "length" });
  assert.equal((await engine.answer(ASK, () => undefined)).text, "hello");
  assert.equal(actors.length, 1);
});

test("an abort is a cancelled reply with what was shown", async () => {
  const { engine } = stage([{ answer: (id, _, say) => say({ kind: "text", id, text: "half", token: 7 }) }]);
  const stop = new AbortController();
  const reply = await engine.answer(ASK, () => stop.abort(), stop.signal);
  assert.deepEqual([reply.text, reply.finish], ["half", "cancelled"]);
});

test("an abort while it loads does not wait for the loading", async () => {
  const { engine } = stage([{ open: () => undefined }], { patience: { probing: 1e4, starting: 1e4, loading: 300, answering: 1e4 } });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 30);
  const reply = await engine.answer(ASK, () => undefined, stop.signal);
  assert.deepEqual([reply.text, reply.finish], ["", "cancelled"]);
  assert.equal(reply.steps[0]?.usage, null, "nothing was counted, which is not 0");
  engine.close();
});

test("a closed engine ends its worker and answers no more", async () => {
  const { engine, actors } = stage([{}]);
  await engine.warm();
  engine.close();
  assert.ok(actors[0]?.ended);
  await assert.rejects(engine.answer(ASK, () => undefined), { code: "closed" });
});
