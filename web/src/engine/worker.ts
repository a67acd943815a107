/** The engine's worker: owns the runtime, so that the page never waits for it, and can end it. */

// First: what it asks for is told to the page's count.
import "../privacy/worker.ts";
import { openFiles } from "../kept/open.ts";
import { keepRuntime } from "../offline/register.ts";
import { PageError } from "../types.ts";
import { Model } from "./model.ts";
import type { Files } from "./model.ts";
import { runtimePaths } from "./places.ts";
import { probe } from "./probe.ts";
import { troubleOf, variantOf } from "./protocol.ts";
import type { FromWorker, Piece, ToWorker } from "./protocol.ts";

type Open = Extract<ToWorker, { kind: "open" }>;
type Answer = Extract<ToWorker, { kind: "answer" }>;

/** After an error on a card: how long it may take to say that it was lost. */
const LOST_MS = 500;

let model: Model | null = null;
/** The question that is being answered; null between two. */
let answering: number | null = null;
let cancelled = false;

const say = (message: FromWorker): void => postMessage(message);

onmessage = ({ data }: MessageEvent<ToWorker>): void => {
  switch (data.kind) {
    case "probe":
      return void probe(data.known, data.wanted).then((machine) => say({ kind: "machine", machine }), failed(null));
    case "open":
      return void open(data).catch(failed(null));
    case "answer":
      return void answer(data).catch(failed(data.id));
    case "cancel":
      if (data.id === answering) cancelled = true;
  }
};

async function open(order: Open): Promise<void> {
  const { manifest, way, known } = order;
  const files = download(order);
  const warming = (): void => say({ kind: "phase", phase: "warming" });
  const started = (): void => say({ kind: "beat" });
  model = await Model.open(manifest, way, files, runtimePaths(way.build), { started, warming }, known);
  void model.device?.lost.then(({ message }) => failed(null)(lost(message)));
  // Before the first question, so that nothing is asked for while it is answered.
  await keepRuntime();
  say({ kind: "ready", passed: model.passed });
}

async function download({ manifest, base, way }: Open): Promise<Files> {
  const variant = variantOf(manifest, way.variant);
  const entries = [...manifest.files, variant.model, ...variant.data];
  const files = await openFiles(entries, base, ({ doneBytes, totalBytes, note }) =>
    say({ kind: "phase", phase: "downloading", doneBytes, totalBytes, ...(note ? { note } : {}) }),
  );
  say({ kind: "phase", phase: "loading" });
  return files;
}

async function answer({ id, ask, begun }: Answer): Promise<void> {
  if (!model || answering !== null) throw new Error("the worker was asked too early");
  answering = id;
  cancelled = false;
  try {
    const show = (piece: Piece): void => say({ kind: "text", id, ...piece });
    const written = await model.answer(ask, show, pause, begun);
    say({ kind: "done", id, written });
  } catch (error) {
    if (!(await isLost(model.device))) throw error;
  } finally {
    answering = null;
  }
}

const channel = new MessageChannel();

/** Let messages in: a word to stop may wait among them. */
async function pause(): Promise<"on" | "stop"> {
  say({ kind: "beat" });
  await new Promise<void>((resolve) => {
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(null);
  });
  return cancelled ? "stop" : "on";
}

/** Whether the card is gone; that is told by itself. */
function isLost(device: GPUDevice | null): Promise<boolean> {
  if (!device) return Promise.resolve(false);
  const wait = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), LOST_MS));
  return Promise.race([device.lost.then(() => true), wait]);
}

function failed(id: number | null): (error: unknown) => void {
  return (error) => say({ kind: "failed", id, trouble: troubleOf(error) });
}

function lost(message: string): PageError {
  return new PageError(
    "lost",
    `The graphics card was taken away: ${message.replace(/\.$/, "") || "no reason given"}.`,
    "Ask again; if it happens again, choose WASM in the settings.",
  );
}
