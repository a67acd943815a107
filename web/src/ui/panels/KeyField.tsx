import { useState } from "preact/hooks";
import type { VNode } from "preact";

import { usePage, useView } from "../context.ts";
import { lookAround } from "../verbs/look.ts";
import { CheckField } from "./fields.tsx";

const MOST_CHARS = 512;

/** The gateway's key: in memory, unless a person wants it kept. */
export function KeyField(): VNode {
  const page = usePage();
  const [typed, type] = useState(page.key.value ?? "");
  const keepKey = useView((state) => state.settings.keepKey);
  const use = () => {
    if (typed === (page.key.value ?? "")) return;
    page.key.set(typed, keepKey);
    void lookAround(page);
  };
  const choose = (keep: boolean) => {
    page.choose({ keepKey: keep });
    page.key.set(typed, keep);
  };
  return (
    <div class="field">
      <label for="key">Key</label>
      <input id="key" type="password" autocomplete="off" spellcheck={false} maxLength={MOST_CHARS} value={typed} onInput={(event) => type(event.currentTarget.value)} onBlur={use} aria-describedby="key-hint" />
      <p class="soft" id="key-hint">Only where the gateway asks for one. Forgotten when the page is closed.</p>
      <CheckField label="Keep the key on this device" checked={keepKey} onChoose={choose} />
    </div>
  );
}
