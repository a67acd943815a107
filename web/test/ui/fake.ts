/** Other rooms for the page's own tests: a model that knows a few sentences, a gateway that is not there. */

import { GatewayEngine } from "../../src/gateway/engine.ts";
import type { Manifest, WebModel } from "../../src/manifest.ts";
import { PageError } from "../../src/types.ts";
import type { Entry } from "../../src/privacy/entry.ts";
import type { Count } from "../../src/privacy/ledger.ts";
import type { Ask, Engine, Message, Reply, Step } from "../../src/types.ts";
import type {
  EngineState, Gateway, Here, HereOptions, Kept, KeptModel, Looked, Machine, Parts, Passage, PolicyOptions, Probed,
  Reference, Requests, Shelf, There,
} from "../../src/ui/parts.ts";

export interface Script {
  /** Between two words. */
  readonly gapMs: number;
  /** What the model here says: the first whose key is in the question, else the last. */
  readonly says: Readonly<Record<string, string>>;
  readonly models: readonly WebModel[];
  readonly confidence: number;
  readonly obstacle: PageError | null;
}

export const SMALL: WebModel = {
  name: "smollm2-135m", title: "SmolLM2 135M Instruct", task: "chat",
  manifest: "/api/web/models/smollm2-135m/manifest.json", bytes: 98_000_000,
};

export const SCRIPT: Script = {
  gapMs: 0,
  says: { fail: "", "": "Paris is the capital of **France**." },
  models: [SMALL, { ...SMALL, name: "qwen2.5-coder-0.5b", title: "Qwen2.5 Coder 0.5B Instruct", bytes: 390_000_000 }],
  confidence: 0.31,
  obstacle: null,
};

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function replyOf(text: string, engine: string, where: string, sent: number, first: number | null, role: Step["role"], cancelled: boolean): Reply {
  const done = performance.now();
  const usage = { inputTokens: 24, outputTokens: text.split(" ").length, cachedTokens: 0 };
  const timing = { sent, firstToken: first, lastToken: done, done, loadMs: 0 };
  const steps: Step[] = [{ role, engine, why: "asked", kept: true, usage, timing, confidence: null }];
  return { text, finish: cancelled ? "cancelled" : "stop", engine, where, usage, timing, logprobs: [], steps };
}

/** Says its words one by one. */
class Speaker implements Engine {
  readonly name: string;
  readonly #where: string;
  readonly #script: Script;

  constructor(name: string, where: string, script: Script) {
    this.name = name;
    this.#where = where;
    this.#script = script;
  }

  async answer(ask: Ask, onText: (text: string) => void, signal?: AbortSignal): Promise<Reply> {
    const question = ask.messages.at(-1)?.content ?? "";
    const key = Object.keys(this.#script.says).find((one) => question.includes(one)) ?? "";
    if (key === "fail") throw new PageError("lost", "The graphics device was lost.", "Ask again: the model starts anew.");
    const sent = performance.now();
    let first: number | null = null;
    let text = "";
    for (const word of (this.#script.says[key] ?? "").split(/(?<= )/)) {
      if (this.#script.gapMs > 0) await wait(this.#script.gapMs);
      if (signal?.aborted) break;
      first ??= performance.now();
      text += word;
      onText(word);
    }
    return replyOf(text, this.name, this.#where, sent, first, "answer", signal?.aborted === true);
  }
}

export class FakeHere extends Speaker implements Here {
  state: EngineState = { phase: "idle" };
  readonly machine: Probed = { gpu: { name: "a card", fallback: false, half: false }, why: null };
  readonly #options: HereOptions;
  readonly #stepMs: number;
  readonly #kept: () => boolean;
  #closed = false;

  constructor(options: HereOptions, script: Script, kept: () => boolean) {
    super("smollm2-135m", options.backend === "wasm" ? "wasm" : "webgpu", script);
    this.#options = options;
    this.#stepMs = script.gapMs;
    this.#kept = kept;
  }

  async warm(): Promise<void> {
    if (this.state.phase === "ready") return;
    for (let done = 0; done <= 10 && !this.#closed && !this.#kept(); done += 1) {
      this.#tell({ phase: "downloading", doneBytes: done * 15_700_000, totalBytes: 157_000_000 });
      await wait(this.#stepMs * 3);
    }
    if (this.#closed) throw new PageError("closed", "The model here was closed.", "Ask again: it starts anew.");
    this.#tell({ phase: "ready", backend: this.#options.backend === "wasm" ? "wasm" : "webgpu", variant: "webgpu-f32", threads: 2, });
  }

  override async answer(ask: Ask, onText: (text: string) => void, signal?: AbortSignal): Promise<Reply> {
    await this.warm();
    return super.answer(ask, onText, signal);
  }

  close(): void {
    this.#closed = true;
  }

  #tell(state: EngineState): void {
    if (this.#closed) return;
    this.state = state;
    this.#options.onState(state);
  }
}

class FakeThere extends Speaker implements There {
  readonly address = "/v1/chat/completions";

  payload(ask: Ask): string {
    return new GatewayEngine({ model: this.name }).payload(ask);
  }
}

/** Asks when `confidence` is below one half; else the draft is the answer. */
function fakePolicy({ small, large, permit }: PolicyOptions, confidence: number): Engine {
  const answer: Engine["answer"] = async (ask, onText, signal) => {
    const draft = await small.answer(ask, () => {}, signal);
    const why = `confidence ${confidence} is below 0.5`;
    const draftStep: Step = { ...(draft.steps[0] as Step), role: "draft", confidence, why, kept: false };
    const escalation = { to: large.address, payload: large.payload(ask), why, confidence, calibrated: false, draft: draft.text };
    if (confidence >= 0.5 || !(await permit(escalation))) {
      onText(draft.text);
      return { ...draft, steps: [{ ...draftStep, kept: true }] };
    }
    const reply = await large.answer(ask, onText, signal);
    return { ...reply, steps: [draftStep, ...reply.steps] };
  };
  return { name: "policy", answer };
}

class FakeShelf implements Shelf {
  readonly note = "Passages are found by their words.";
  readonly #texts = new Map<number, { readonly name: string; readonly text: string }>();
  readonly #changed: (() => void)[] = [];

  get references(): Reference[] {
    return Array.from(this.#texts, ([id, { name, text }]) => ({ id, name, chars: text.length }));
  }

  async add(name: string, text: string): Promise<void> {
    this.#texts.set(this.#texts.size + 1, { name, text });
    this.#tell();
  }

  async addFile(file: File): Promise<void> {
    if (file.name.endsWith(".pdf")) throw new PageError("file", `${file.name} is a PDF, which this page does not read.`, "Use: sprat index");
    await this.add(file.name, await file.text());
  }

  remove(id: number): void {
    this.#texts.delete(id);
    this.#tell();
  }

  text(id: number): string {
    return this.#texts.get(id)?.text ?? "";
  }

  async look(messages: readonly Message[], most: number): Promise<Looked> {
    const question = messages.at(-1)?.content ?? "";
    const words = question.toLowerCase().split(/\W+/).filter((word) => word.length > 3);
    const passages = [...this.#texts.keys()].flatMap((id) => this.#within(id, words)).slice(0, most);
    const step: Step = { role: "retrieve", engine: "documents", why: `${passages.length} passages`, kept: false, usage: null, timing: null, confidence: null };
    const check = (text: string) => ({ text, silent: false, doubt: text.includes("sure") ? "Not shown in the documents: no such words." : null, rests: null });
    return { messages, passages, silence: passages.length === 0 ? "no passage is near" : null, step, check };
  }

  #within(reference: number, words: readonly string[]): Passage[] {
    const { name, text } = this.#texts.get(reference) ?? { name: "", text: "" };
    const hits = [...text.matchAll(/[^.]+\.?/g)].filter(([sentence]) => words.some((word) => sentence.toLowerCase().includes(word)));
    return hits.map((hit) => ({ reference, name, text: hit[0], start: hit.index, end: hit.index + hit[0].length }));
  }

  subscribe(changed: () => void): () => void {
    this.#changed.push(changed);
    return () => {};
  }

  #tell(): void {
    for (const changed of this.#changed) changed();
  }
}

class FakeKept implements Kept {
  models: KeptModel[] = [];
  verified: string[] = [];

  async list(): Promise<readonly KeptModel[]> {
    return this.models;
  }

  async remove(name: string): Promise<void> {
    this.models = this.models.filter((one) => one.name !== name);
  }

  /** Whether another tab has the files, and keeps them. */
  elsewhere = false;

  async verify(
    name: string, onBytes: (done: number, total: number, waits: boolean) => void, signal: AbortSignal,
  ): Promise<readonly string[]> {
    onBytes(0, 9, this.elsewhere);
    if (this.elsewhere) await new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)));
    this.verified.push(name);
    return [];
  }

  async usage() {
    const keptBytes = this.models.reduce((sum, one) => sum + one.keptBytes, 0);
    return { keptBytes, freeBytes: 12_000_000_000, persisted: false };
  }

  async persist(): Promise<boolean> {
    return true;
  }
}

export class FakeRequests implements Requests {
  entries: Entry[] = [];
  unseen = ["What the browser does by itself."];
  #changed: (() => void)[] = [];

  since(stamp: number, until = Infinity): Count {
    const requests = this.entries.filter((entry) => entry.stamp >= stamp && entry.stamp < until).length;
    return { requests, elsewhere: 0, called: requests, observed: requests, passed: null, refused: 0 };
  }

  add(path: string): void {
    const rest = { kind: "fetch", own: true, from: "page", sentBytes: 412, kept: null } as const;
    this.entries = [...this.entries, { witness: "called", address: `http://localhost:5273${path}`, stamp: performance.now(), ...rest }];
    for (const changed of this.#changed) changed();
  }

  subscribe(changed: () => void): () => void {
    this.#changed.push(changed);
    return () => {};
  }
}

const MACHINE: Omit<Machine, "obstacle"> = { webgpu: true, isolated: true, keeps: true, cores: 4 };

export const HASH = "5a1395716f7913741cc51d98581b9b1228d80987a9f7d3664106742eb06bba83";

function fakeGateway(script: Script, requests: FakeRequests): Gateway {
  const manifest = (model: WebModel) => ({
    format: 1, name: model.name, title: model.title, licence: "Apache-2.0", sha256: HASH,
    files: [{ name: "config.json", bytes: 1, sha256: HASH }],
    variants: [
      { id: "webgpu-f32", backend: "webgpu", needs: [], model: { name: "onnx/model_q4.onnx", bytes: 157_000_000, sha256: HASH }, data: [] },
      { id: "wasm-int8", backend: "wasm", needs: [], model: { name: "onnx/model_quantized.onnx", bytes: 138_000_000, sha256: HASH }, data: [] },
    ],
  }) as unknown as Manifest;
  return {
    models: async () => ["gpt-oss-20b", "phi-4-mini", "policy:careful"],
    policies: async () => [{ name: "policy:careful", usable: true, kind: "cascade" }],
    policy: async () => "{}",
    webModels: async () => [...script.models],
    manifest: async (model) => manifest(model),
    paths: async () => ["/docs", "/v1/models"],
    open: (model) => {
      const there = new FakeThere(model, "gateway", { ...script, says: { "": "Paris, on the Seine, has been the capital of **France** since 987, with interruptions [1].\n\n| Year | Capital |\n|---|--:|\n| 1940 | Vichy |\n| 1944 | Paris |" } });
      const answer = there.answer.bind(there);
      there.answer = (...all) => {
        requests.add(there.address);
        return answer(...all);
      };
      return there;
    },
  };
}

export interface FakeParts extends Parts {
  readonly requests: FakeRequests;
  readonly kept: FakeKept;
}

export function fakeParts(script: Script = SCRIPT): FakeParts {
  const requests = new FakeRequests();
  const kept = new FakeKept();
  return {
    requests,
    gateway: fakeGateway(script, requests),
    machine: { ...MACHINE, obstacle: () => script.obstacle },
    shelf: new FakeShelf(),
    kept,
    here: (options) => new FakeHere(options, script, () => kept.models.length > 0),
    policy: async (options) => fakePolicy(options, script.confidence),
    versions: [["Sprat", "0.0.0"], ["onnxruntime-web", "1.30.0"]],
    renew: () => location.reload(),
  };
}
