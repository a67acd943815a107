/** The policy over the model here and the gateway's; nothing is sent before somebody said yes. */

import type { Page } from "../page.ts";
import type { Escalation, Here, There } from "../parts.ts";
import type { Ask, Engine, Reply } from "../../types.ts";
import { chosen } from "../state.ts";
import type { Pen } from "./pen.ts";

export async function hybrid(page: Page, id: number, pen: Pen, large: There): Promise<Engine> {
  const { settings } = page.state;
  const file = settings.policy === "" ? null : await page.parts.gateway.policy(settings.policy);
  const small = new Watched(page.own.open(), (text) => pen.draft(text));
  const permit = (escalation: Escalation) => {
    pen.flush(); // A person decides over the whole draft.
    return permitted(page, id, escalation);
  };
  return page.parts.policy({ small, large, file, permit, weights: () => weightsOf(page) });
}

function weightsOf({ state }: Page): { sha256: string; variant: string } | null {
  const manifest = state.manifests[chosen(state)?.name ?? ""];
  return manifest && state.here.variant ? { sha256: manifest.sha256, variant: state.here.variant } : null;
}

/** Says yes or no: by what was allowed for this chat, else a person does. Its answer is kept with the turn. */
async function permitted(page: Page, id: number, escalation: Escalation): Promise<boolean> {
  const { permission } = page.state;
  const yes = permission === "ask" ? await decided(page, id, escalation) : permission === "always";
  page.changeTurn(id, { escalation: { ...escalation, permitted: yes }, phase: yes ? "waiting" : "drafting" });
  return yes;
}

function decided(page: Page, id: number, escalation: Escalation): Promise<boolean> {
  page.changeTurn(id, { phase: "asking" });
  if (page.stopping?.signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const decide = (yes: boolean, forChat: boolean) => {
      page.store.set({ pending: null, ...(forChat ? { permission: yes ? "always" : "never" } : {}) });
      resolve(yes);
    };
    page.store.set({ pending: { ...escalation, decide } });
  });
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
