import assert from "node:assert/strict";
import { test } from "node:test";
import { ASK, stage } from "./stage.ts";
import type { Part } from "./stage.ts";

/** How it ends: "fine", or the code of an error; "never" after a second. */
function ending(promise: Promise<unknown>): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => (timer = setTimeout(resolve, 1000, "never")));
  const end = promise.then(() => "fine", (error: { code?: string }) => String(error.code));
  return Promise.race([end, late]).finally(() => clearTimeout(timer));
}

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
/** Shows some text, and nothing more. */
const half: Part = { answer: (id, _, say) => say({ kind: "text", id, text: "half", token: 7 }) };

/** Resolves when something was shown. */
function shown(): { show: () => void; seen: Promise<void> } {
  let show = (): void => undefined;
  const seen = new Promise<void>((resolve) => (show = resolve));
  return { show: () => show(), seen };
}

test("closing ends the answer under way and those in line, and a stop afterwards harms nothing", async () => {
  const { engine, states } = stage([half]);
  const [{ show, seen }, stop] = [shown(), new AbortController()];
  const first = ending(engine.answer(ASK, show, stop.signal));
  const second = ending(engine.answer(ASK, () => undefined));
  await seen;
  engine.close();
  await tick();
  stop.abort();
  assert.deepEqual([await first, await second], ["closed", "closed"]);
  assert.deepEqual([states.at(-1)?.phase, engine.state.phase], ["idle", "idle"]);
});

test("an answer that was stopped before the engine was closed is a cancelled reply", async () => {
  const { engine } = stage([half]);
  const [{ show, seen }, stop] = [shown(), new AbortController()];
  const reply = engine.answer(ASK, show, stop.signal);
  await seen;
  stop.abort();
  engine.close();
  const { text, finish } = await reply;
  assert.deepEqual([text, finish], ["half", "cancelled"]);
});

test("an engine that is closed while it asks for the manifest starts no worker", async () => {
  const { engine, actors, states } = stage([{}]);
  const ends = [engine.answer(ASK, () => undefined), engine.warm()].map(ending);
  engine.close();
  assert.deepEqual(await Promise.all(ends), ["closed", "closed"]);
  assert.equal(await ending(engine.warm()), "closed");
  await tick();
  assert.deepEqual([actors.length, states.map(({ phase }) => phase)], [0, ["probing", "idle"]]);
});

test("a manifest that never comes is waited for no longer than the engine is open", async () => {
  const { engine } = stage([{}]);
  globalThis.fetch = (_, init) => new Promise((_, refuse) => {
    init?.signal?.addEventListener("abort", () => refuse(init.signal?.reason));
  });
  const warm = ending(engine.warm());
  engine.close();
  assert.equal(await warm, "closed");
});

test("an engine that is closed while it probes or loads ends its worker, starts no other, and is silent", async () => {
  for (const last of ["probing", "loading"]) {
    const load: Part = { open: (_, say) => say({ kind: "phase", phase: "loading" }) };
    const { engine, actors, states } = stage([{ ...load, isDumb: last === "probing" }]);
    const warm = ending(engine.warm());
    for (let tries = 0; tries < 20; tries++) await tick();
    assert.equal(states.at(-1)?.phase, last);
    engine.close();
    assert.equal(await warm, "closed");
    await tick();
    assert.deepEqual([actors.map(({ ended }) => ended), states.at(-1)?.phase], [[true], "idle"]);
  }
});

test("a worker that never said what the machine is, is replaced by the next start", async () => {
  const patience = { probing: 20, starting: 1000, loading: 1000, answering: 1000 };
  const { engine, actors } = stage([{ isDumb: true }, {}], { patience });
  await assert.rejects(engine.warm(), { code: "hang" });
  await engine.warm();
  assert.deepEqual(actors.map(({ ended }) => ended), [true, false]);
  engine.close();
});
