/** The other rooms, as far as the page sees them: `main.tsx` gives the real ones, tests give others. */

import type { Manifest, WebModel } from "../manifest.ts";
import type { PolicyLine } from "../gateway/lists.ts";
import type { Entry } from "../privacy/entry.ts";
import type { Count } from "../privacy/ledger.ts";
import type { Ask, Engine, Message, PageError, Step } from "../types.ts";

export type Phase =
  | "idle" | "probing" | "downloading" | "loading" | "warming" | "ready" | "answering" | "recovering" | "failed";

/** How the model in this page fares; what is absent is not known (yet). */
export interface EngineState {
  readonly phase: Phase;
  readonly backend?: string | undefined;
  readonly variant?: string | undefined;
  readonly threads?: number | undefined;
  readonly doneBytes?: number | undefined;
  readonly totalBytes?: number | undefined;
  readonly loadMs?: number | undefined;
  /** One line for people: why this backend, what was stepped down from. */
  readonly note?: string | undefined;
  readonly error?: PageError | undefined;
}

export type Backend = "auto" | "webgpu" | "wasm";

export interface HereOptions {
  readonly manifestUrl: string;
  readonly backend: Backend;
  /** Absent: as many as the page thinks right. */
  readonly threads?: number;
  /** Of a locked gateway. */
  readonly key?: string;
  readonly onState: (state: EngineState) => void;
}

export interface Probed {
  readonly gpu: { readonly name: string; readonly fallback: boolean; readonly half: boolean } | null;
  /** Why there is no GPU. */
  readonly why: string | null;
}

/** The model in this page. `close` keeps what was downloaded so far. */
export interface Here extends Engine {
  readonly state: EngineState;
  /** What the probe found; null: not looked at yet. */
  readonly machine: Probed | null;
  warm(): Promise<void>;
  close(): void;
}

/** A model behind the gateway, and what exactly would be sent to it. */
export interface There extends Engine {
  readonly address: string;
  payload(ask: Ask): string;
}

/** Everything of the gateway that the page asks for. All throw `PageError`. */
export interface Gateway {
  models(): Promise<string[]>;
  policies(): Promise<PolicyLine[]>;
  /** Its file, as it was signed. */
  policy(name: string): Promise<string>;
  webModels(): Promise<WebModel[]>;
  /** Asking for it exports what is not exported yet: that may take a minute. */
  manifest(model: WebModel): Promise<Manifest>;
  open(model: string): There;
  /** Addresses that it answers at. */
  paths(): Promise<string[]>;
}

/** What would leave this page, and why. */
export interface Escalation {
  readonly to: string;
  /** Word for word. */
  readonly payload: string;
  readonly why: string;
  readonly confidence: number | null;
  /** Whether the confidence was learned for the weights here. */
  readonly calibrated: boolean;
  /** Stays the answer if this is not allowed; null: there is none. */
  readonly draft: string | null;
}

export interface PolicyOptions {
  readonly small: Engine;
  readonly large: There;
  /** As `GET /api/policies/NAME` gave it; null: the page's own rules. */
  readonly file: string | null;
  /** What computes here; null: not known yet. */
  readonly weights: () => { readonly sha256: string; readonly variant: string } | null;
  readonly permit: (escalation: Escalation) => Promise<boolean>;
}

/** A text that answers are looked up in. */
export interface Reference {
  readonly id: number;
  readonly name: string;
  readonly chars: number;
}

/** A piece of a reference, by its place in the text. */
export interface Passage {
  readonly reference: number;
  readonly name: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What the references say to a question. */
export interface Looked {
  /** For the model. */
  readonly messages: readonly Message[];
  /** In the order of their numbers, from 1. */
  readonly passages: readonly Passage[];
  /** Why no model need be asked: the references do not say. Null: ask. */
  readonly silence: string | null;
  /** The finding, for the reply's steps. */
  readonly step: Step;
  check(answer: string): Checked;
}

export interface Checked {
  /** With citations of passages that there are. */
  readonly text: string;
  /** The model says that the passages do not say. */
  readonly silent: boolean;
  /** One line: why its words are not borne out; null: they are, or it is silent. */
  readonly doubt: string | null;
  /** Where exactly it rests, and in the passage of which number; null: nowhere. */
  readonly rests: { readonly number: number; readonly start: number; readonly end: number } | null;
}

export interface Shelf {
  readonly references: readonly Reference[];
  /** One line: how passages are found now. */
  readonly note: string;
  /** Throws `PageError`. */
  add(name: string, text: string): Promise<void>;
  addFile(file: File): Promise<void>;
  remove(id: number): void;
  /** The whole text; "": there is none. */
  text(id: number): string;
  /** The conversation's last question; `most` passages. */
  look(messages: readonly Message[], most: number): Promise<Looked>;
  subscribe(changed: () => void): () => void;
}

/** The page's account of what left it. */
export interface Requests {
  readonly entries: readonly Entry[];
  /** What no page can see: shown beside the count. */
  readonly unseen: readonly string[];
  /** Of what began in between, by `performance.now()`. */
  since(stamp: number, until?: number): Count;
  subscribe(changed: () => void): () => void;
}

export interface KeptModel {
  readonly name: string;
  /** `verifiedMs` null: its download is not over. */
  readonly files: readonly { readonly sha256: string; readonly keptBytes: number; readonly verifiedMs: number | null }[];
  readonly bytes: number;
  readonly keptBytes: number;
  /** When it was last found right, in ms since 1970; null: it is not whole. */
  readonly verifiedMs: number | null;
  /** No download of it is unfinished: not that all that it needs is here. */
  readonly whole: boolean;
}

export interface Usage {
  readonly keptBytes: number;
  /** null: the browser does not tell. */
  readonly freeBytes: number | null;
  /** The browser does not clear it when the disk fills up. */
  readonly persisted: boolean;
}

export interface Kept {
  list(): Promise<readonly KeptModel[]>;
  remove(name: string): Promise<void>;
  /** Reads every byte again; the names of files that were wrong, and are deleted now. `waits`: for another tab. */
  verify(
    name: string, onBytes: (doneBytes: number, totalBytes: number, waits: boolean) => void, signal: AbortSignal,
  ): Promise<readonly string[]>;
  usage(): Promise<Usage>;
  /** Asks the browser to keep them when space gets short; after a click only. */
  persist(): Promise<boolean>;
}

/** What this browser can do here. */
export interface Machine {
  readonly webgpu: boolean;
  /** Cross-origin isolated, and memory is shared: threads work. */
  readonly isolated: boolean;
  /** Files can be kept. */
  readonly keeps: boolean;
  readonly cores: number;
  /** Why no model can answer here, if none can: no secure address, too little memory for so many bytes. */
  obstacle(title: string, bytes: number): PageError | null;
}

export interface Parts {
  readonly gateway: Gateway;
  readonly machine: Machine;
  readonly shelf: Shelf;
  readonly requests: Requests;
  readonly kept: Kept;
  here(options: HereOptions): Here;
  /** Throws `PageError`: a file that this page cannot run as it was meant. */
  policy(options: PolicyOptions): Promise<Engine>;
  /** Name and version of what runs here, for "About". */
  readonly versions: readonly (readonly [string, string])[];
  /** Reloads into the new version of the page, in every tab. */
  renew(): void;
}
