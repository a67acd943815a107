import { useEffect, useRef, useState } from "preact/hooks";
import type { VNode } from "preact";

import { useView } from "../context.ts";
import type { Pending } from "../state.ts";
import { confidenceText } from "../words.ts";
import { pretty } from "./EscalationMark.tsx";

export function EscalationDialog(): VNode | null {
  const pending = useView((state) => state.pending);
  return pending && <Asked pending={pending} />;
}

/** Shows word for word what would be sent, and where. Escape sends nothing. */
function Asked({ pending }: { pending: Pending }): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const [forChat, setForChat] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const cancel = (event: Event) => {
    event.preventDefault();
    pending.decide(false, false);
  };
  const bytes = new TextEncoder().encode(pending.payload).length;
  return (
    <dialog class="escalation" ref={dialog} onCancel={cancel} aria-labelledby="escalation-title">
      <h2 id="escalation-title">Ask the gateway?</h2>
      <p>Why: {pending.why}. <span class="soft">{confidenceText(pending)}</span></p>
      <p>This would leave the page, and nothing else, to <code>{new URL(pending.to, location.href).href}</code>:</p>
      <pre class="payload" tabIndex={0} aria-label="What would be sent">{pretty(pending.payload)}</pre>
      <p class="soft">{bytes.toLocaleString("en")} bytes. A key that you entered goes with it in a header.</p>
      <label class="check">
        <input type="checkbox" checked={forChat} onChange={(event) => setForChat(event.currentTarget.checked)} />
        Do the same for the rest of this chat
      </label>
      <div class="dialog-actions">
        <button type="button" autofocus onClick={() => pending.decide(false, forChat)}>{forChat ? "Never send" : pending.draft === null ? "Do not send" : "Keep the draft"}</button>
        <button type="button" class="primary" onClick={() => pending.decide(true, forChat)}>{forChat ? "Always send" : "Send it"}</button>
      </div>
    </dialog>
  );
}
