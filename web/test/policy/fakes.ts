/** Engines that say what they are told, and remember what they were asked. */

import { PageError, type Ask, type Engine, type Reply } from "../../src/types.ts";
import type { Escalation } from "../../src/policy/permit.ts";

export type Said = Pick<Reply, "text" | "finish" | "logprobs">;

export class Fake implements Engine {
  readonly name: string;
  readonly asked: Ask[] = [];
  private readonly said: Said | null;
  address = "/v1/chat/completions";

  /** null: it is down. */
  constructor(name: string, said: Said | string | null) {
    this.name = name;
    this.said = typeof said === "string" ? { text: said, finish: "stop", logprobs: [] } : said;
  }

  payload(ask: Ask): string {
    return JSON.stringify({ model: this.name, messages: ask.messages });
  }

  async answer(ask: Ask, onText: (text: string) => void, signal?: AbortSignal): Promise<Reply> {
    this.asked.push(ask);
    if (!this.said) throw new PageError("gateway", `${this.name} died.`, "Ask again.");
    const said = begun(this.said, ask);
    if (said.text) onText(said.text);
    const finish = signal?.aborted ? "cancelled" : said.finish;
    return { ...said, finish, engine: this.name, where: "wasm", steps: [], ...COSTS };
  }
}

const COSTS = {
  usage: { inputTokens: 10, outputTokens: 1, cachedTokens: 0 },
  timing: { sent: 0, firstToken: 1, lastToken: 2, done: 3, loadMs: 0 },
};

/** As much of it as was asked for. */
function begun(said: Said, ask: Ask): Said {
  const logprobs = ask.logprobs ? said.logprobs : [];
  const most = ask.maxTokens ?? 256;
  if (said.logprobs.length <= most) return { ...said, logprobs };
  const text = said.logprobs.slice(0, most).map((token) => token.text).join("");
  return { text, finish: "length", logprobs: logprobs.slice(0, most) };
}

/** Says yes or no to everything, and remembers it. */
export class Doorkeeper {
  readonly seen: Escalation[] = [];
  private readonly yes: boolean;
  constructor(yes: boolean) {
    this.yes = yes;
  }
  readonly permit = async (escalation: Escalation): Promise<boolean> => {
    this.seen.push(escalation);
    return this.yes;
  };
}
