/** The policy over the model here and the gateway's; nothing is sent before somebody said yes. */

import type { Page } from "../page.ts";
import type { Escalation, Here, There } from "../parts.ts";
import type { Ask, Engine, Reply } from "../../types.ts";
import { chosen } from "../state.ts";
import type { Pen } from "./pen.ts";
import { permitted } from "./permit.ts";
import { unlessStopped } from "./stopping.ts";

export async function hybrid(page: Page, id: number, pen: Pen, large: There, signal: AbortSignal): Promise<Engine> {
  const name = page.state.settings.policy;
  const file = name === "" ? null : await unlessStopped(() => page.policies.text(name), signal);
  const small = new Watched(page.own.open(), (text) => pen.draft(text));
  const permit = (escalation: Escalation) => {
    pen.flush(); // A person decides over the whole draft.
    return permitted(page, id, escalation, signal);
  };
  try {
    const engine = await page.parts.policy({ small, large, file, permit, weights: () => weightsOf(page) });
    if (file !== null) page.policies.verified(name, file);
    return engine;
  } catch (error) {
    page.policies.forget();
    throw error;
  }
}

function weightsOf({ state }: Page): { sha256: string; variant: string } | null {
  const manifest = state.manifests[chosen(state)?.name ?? ""];
  return manifest && state.here.variant ? { sha256: manifest.sha256, variant: state.here.variant } : null;
}

/** The same engine; what it writes is seen as it comes, also where the policy holds it back. */
class Watched implements Engine {
  readonly #engine: Here;
  readonly #onText: (text: string) => void;

  constructor(engine: Here, onText: (text: string) => void) {
    this.#engine = engine;
    this.#onText = onText;
  }

  get name(): string {
    return this.#engine.name;
  }

  answer(ask: Ask, onText: (text: string) => void, signal?: AbortSignal): Promise<Reply> {
    const both = (text: string) => {
      this.#onText(text);
      onText(text);
    };
    return this.#engine.answer(ask, both, signal);
  }
}
