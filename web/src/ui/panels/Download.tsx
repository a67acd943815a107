import type { VNode } from "preact";

import { usePage, useView } from "../context.ts";
import { missingOf, sizeText } from "../need.ts";
import { chosen, isKept } from "../state.ts";
import { downloadText, hereText } from "../words.ts";

/** Gets the chosen model ready, shows how far it is, and can be halted. */
export function Download(): VNode | null {
  const page = usePage();
  const here = useView((state) => state.here);
  const rate = useView((state) => state.bytesPerS);
  const model = useView(chosen);
  const kept = useView((state) => model !== null && isKept(state, model.name));
  const part = useView((state) => state.kept.some((one) => one.name === model?.name && !one.whole));
  const missing = useView((state) => (model ? sizeText(missingOf(state, model)) : ""));
  if (!model) return null;
  const start = () => void page.own.warm();
  if (here.phase === "downloading") {
    return (
      <div class="download">
        <progress aria-label={`Downloading ${model.title}`} max={here.totalBytes ?? 1} value={here.doneBytes ?? 0} />
        <p class="soft">{downloadText(here, rate)}</p>
        <button type="button" onClick={() => void page.own.pause()}>Pause</button>
      </div>
    );
  }
  if (here.phase === "idle" || here.phase === "failed") {
    if (kept) return <button type="button" class="primary" onClick={start}>Start</button>;
    if (part) return <button type="button" class="primary" onClick={start}>Resume, {missing} left</button>;
    return <button type="button" class="primary" onClick={start}>Download {missing}</button>;
  }
  if (here.phase === "ready" || here.phase === "answering") return null;
  return <div class="download"><progress aria-label={hereText(here)} /><p class="soft">{hereText(here)}…</p></div>;
}
