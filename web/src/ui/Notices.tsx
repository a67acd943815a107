import type { VNode } from "preact";

import { usePage, useView } from "./context.ts";
import { Icon } from "./icons.tsx";
import type { Trouble } from "./state.ts";

/** What stands above the chat until it is dealt with. */
export function Notices(): VNode {
  const page = usePage();
  const trouble = useView((state) => state.trouble);
  const online = useView((state) => state.online);
  const update = useView((state) => state.update);
  return (
    <div class="notices">
      {!online && <p class="notice">You are offline. The model here goes on answering; the gateway cannot.</p>}
      {update && (
        <p class="notice">A new version of this page is here. <button type="button" class="link" onClick={() => page.parts.renew()}>Reload</button></p>
      )}
      <HereNote />
      {trouble && <TroubleNote trouble={trouble} close={() => page.store.set({ trouble: null })} />}
    </div>
  );
}

/** What is not as usual with the model here: another backend, nothing kept. */
function HereNote(): VNode | null {
  const page = usePage();
  const note = useView((state) => (state.here.note === state.readNote ? undefined : state.here.note));
  if (!note) return null;
  return (
    <div class="notice" role="status">
      <p>{note}</p>
      <button type="button" class="bare" aria-label="Close this message" onClick={() => page.store.set({ readNote: note })}><Icon name="close" /></button>
    </div>
  );
}

export function TroubleNote({ trouble, close }: { trouble: Trouble; close?: () => void }): VNode {
  return (
    <div class={trouble.code === "paused" ? "notice" : "notice trouble"} role="alert" data-code={trouble.code}>
      <p><strong>{trouble.message}</strong> {trouble.fix}</p>
      {close && <button type="button" class="bare" aria-label="Close this message" onClick={close}><Icon name="close" /></button>}
    </div>
  );
}
