/** Nothing that this page holds leaves it before somebody said yes to exactly that. */

import type { Page } from "../page.ts";
import type { Escalation } from "../parts.ts";

/** Says yes or no: by what was allowed for this chat, else a person does. Its answer is kept with the turn. */
export async function permitted(page: Page, id: number, escalation: Escalation, signal: AbortSignal): Promise<boolean> {
  const { permission } = page.state;
  const yes = permission === "ask" ? await decided(page, id, escalation, signal) : permission === "always";
  page.changeTurn(id, { escalation: { ...escalation, permitted: yes }, phase: yes ? "waiting" : "drafting" });
  return yes;
}

function decided(page: Page, id: number, escalation: Escalation, signal: AbortSignal): Promise<boolean> {
  page.changeTurn(id, { phase: "asking" });
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const decide = (yes: boolean, forChat: boolean) => {
      page.store.set({ pending: null, ...(forChat ? { permission: yes ? "always" : "never" } : {}) });
      resolve(yes);
    };
    page.store.set({ pending: { ...escalation, decide } });
  });
}
