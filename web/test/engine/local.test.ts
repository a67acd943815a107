import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { Manifest, Variant, VariantId } from "../../src/manifest.ts";
import type { Ask } from "../../src/types.ts";
import type { Workers } from "../../src/engine/link.ts";
import { LocalEngine } from "../../src/engine/local.ts";
import type { EngineState, LocalOptions } from "../../src/engine/local.ts";
import type { Machine } from "../../src/engine/probe.ts";
import type { FromWorker, ToWorker, Trouble, Way } from "../../src/engine/protocol.ts";

const SHA = "0".repeat(64);
const ASK: Ask = { messages: [{ role: "user", content: "x" }] };
const USAGE = { inputTokens: 1, outputTokens: 2, cachedTokens: 0 };
const LOST: Trouble = { code: "lost", message: "The graphics card was taken away.", fix: "" };

function variant(id: VariantId, backend: "webgpu" | "wasm"): Variant {
  const canary = { prompt: [1], tokens: [2], top: [{ id: 2, logit: 1 }], tolerance: 1e-3 };
  const model = { name: `${id}.onnx`, bytes: 1000, sha256: SHA };
  return { id, backend, needs: [], model, data: [], cache: "float32", canary };
}

const manifest: Manifest = {
  format: 1, name: "tiny", title: "Tiny", licence: "MIT", architecture: "llama", sha256: SHA,
  contextTokens: 64, layers: 2, kvHeads: 2, headSize: 16, vocabulary: 300, ends: [2], files: [],
  variants: [variant("webgpu-f32", "webgpu"), variant("wasm-int8", "wasm")],
};
const gpu = {
  name: "card", fallback: false, half: false, maxBufferBytes: 1e9, maxBindingBytes: 1e9, pace: null,
};
const machine: Machine = { gpu, why: null, jspi: true, threads: 2, copyBytesPerMs: 1e6, productBytesPerMs: 5e6 };

type Say = (message: FromWorker) => void;
/** What a worker does with a way, and with a question. */
interface Part {
  /** Says nothing of the machine. */
  isDumb?: boolean;
  open?: (way: Way, say: Say) => void;
  answer?: (id: number, way: Way, say: Say) => void;
}

const speak = (id: number, say: Say): void => {
  say({ kind: "text", id, text: "hel", token: 1 });
  say({ kind: "text", id, text: "lo", token: 2 });
  say({ kind: "done", id, written: { finish: "stop", usage: USAGE } });
};

class Actor implements Workers {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  ended = false;
  heard: ToWorker[] = [];
  #way: Way | null = null;
  readonly #part: Part;

  constructor(part: Part) {
    this.#part = part;
  }

  say: Say = (data) => void setTimeout(() => this.onmessage?.({ data } as MessageEvent<FromWorker>));

  postMessage(message: ToWorker): void {
    this.heard.push(message);
    const { open = (_, say) => say({ kind: "ready", passed: { mostTokens: 31 } }), answer = (id, _, say) => speak(id, say) } = this.#part;
    if (message.kind === "probe" && !this.#part.isDumb) this.say({ kind: "machine", machine });
    if (message.kind === "open") open((this.#way = message.way), this.say);
    if (message.kind === "answer") answer(message.id, this.#way as Way, this.say);
    if (message.kind === "cancel") {
      const written = { finish: "cancelled" as const, usage: USAGE };
      this.say({ kind: "done", id: message.id, written });
    }
  }

  terminate(): void {
    this.ended = true;
  }
}

const realFetch = globalThis.fetch;
afterEach(() => void (globalThis.fetch = realFetch));

/** An engine whose n-th worker plays the n-th part; the last plays on. */
function stage(parts: Part[], more: Partial<LocalOptions> = {}) {
  globalThis.fetch = async () => new Response(JSON.stringify(manifest));
  const [states, actors]: [EngineState[], Actor[]] = [[], []];
  const spawn = (): Workers => {
    const actor = new Actor(parts[Math.min(actors.length, parts.length - 1)] ?? {});
    actors.push(actor);
    return actor;
  };
  const manifestUrl = "http://x/api/web/models/tiny/manifest.json";
  const onState = (state: EngineState): void => void states.push(state);
  const engine = LocalEngine.open({ manifestUrl, onState, spawn, ...more });
  return { engine, states, actors };
}

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
      say({ kind: "done", id, written: { finish: "stop", usage: USAGE } });
    } },
  ]);
  const pieces: string[] = [];
  const reply = await engine.answer(ASK, (text) => pieces.push(text));
  assert.deepEqual([pieces, reply.text, reply.finish], [["half", " done"], "half done", "stop"]);
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
    return actors.flatMap(({ heard }) => heard.flatMap((order) => (order.kind === "open" ? [order.passed?.mostTokens] : [])));
  };
  assert.deepEqual(await trusted({}), [undefined]);
  assert.deepEqual(await trusted({}), [31]);
  const doubt: Trouble = { code: "canary", message: "This machine computed NaN.", fix: "" };
  const wrong: Part = { answer: (id, _, say) => say({ kind: "failed", id, trouble: doubt }) };
  assert.deepEqual(await trusted(wrong), [31, undefined]); // the other way is tried, for it has not passed
  assert.deepEqual(await trusted({}), [undefined]);
});

test("a worker that does not move is ended, and another way is taken", async () => {
  const patience = { probing: 1000, loading: 1000, answering: 30 };
  const { engine, actors, states } = stage([{ answer: () => undefined }, {}], { patience });
  assert.equal((await engine.answer(ASK, () => undefined)).where, "wasm");
  assert.ok(actors[0]?.ended);
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
  const { engine } = stage([{ open: () => undefined }], { patience: { probing: 1e4, loading: 300, answering: 1e4 } });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 30);
  const reply = await engine.answer(ASK, () => undefined, stop.signal);
  assert.deepEqual([reply.text, reply.finish], ["", "cancelled"]);
  engine.close();
});

test("a closed engine ends its worker and answers no more", async () => {
  const { engine, actors } = stage([{}]);
  await engine.warm();
  engine.close();
  assert.ok(actors[0]?.ended);
  await assert.rejects(engine.answer(ASK, () => undefined), { code: "closed" });
});

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
  const patience = { probing: 20, loading: 1000, answering: 1000 };
  const { engine, actors } = stage([{ isDumb: true }, {}], { patience });
  await assert.rejects(engine.warm(), { code: "hang" });
  await engine.warm();
  assert.deepEqual(actors.map(({ ended }) => ended), [true, false]);
  engine.close();
});
