import type { VNode } from "preact";

import { usePage, useView } from "../context.ts";
import { bytesText, timeText } from "../figures.ts";
import type { WebModel } from "../../manifest.ts";
import type { KeptModel } from "../parts.ts";
import { sizeOf, sizeText } from "../need.ts";
import { awake, busy, chosen, isKept } from "../state.ts";
import { TroubleNote } from "../Notices.tsx";
import { readManifest } from "../verbs/look.ts";
import { troubleOf } from "../trouble.ts";
import { backendText, cautions, hereText, probedText } from "../words.ts";
import { Backends } from "./Backends.tsx";
import { Download } from "./Download.tsx";

export function ModelsPanel(): VNode {
  const page = usePage();
  const models = useView((state) => state.webModels);
  const chats = (models ?? []).filter((model) => model.task === "chat");
  return (
    <div>
      <p class="soft">Models that can run in this page.</p>
      {models !== null && chats.length === 0 && <p>None is offered. On the gateway's machine: <code>sprat models pull smollm2-135m</code></p>}
      <ul class="models">{chats.map((model) => <li key={model.name}><One model={model} /></li>)}</ul>
      <Room />
      <h3>Computed on</h3>
      <Why />
      <Backends />
      {cautions(page.parts.machine).map((text) => <p class="soft">{text}</p>)}
    </div>
  );
}

function One({ model }: { model: WebModel }): VNode {
  const page = usePage();
  const current = useView((state) => chosen(state)?.name === model.name);
  const kept = useView((state) => state.kept.find((one) => one.name === model.name));
  const manifest = useView((state) => state.manifests[model.name]);
  const whole = useView((state) => isKept(state, model.name));
  const locked = useView(busy);
  const size = useView((state) => sizeText(sizeOf(state, model)));
  const most = useView((state) => sizeOf(state, model).mostBytes);
  const obstacle = page.parts.machine.obstacle(model.title, most);
  const choose = () => {
    page.own.close();
    page.choose({ here: model.name });
    void readManifest(page);
    void page.own.look();
  };
  return (
    <div class={current ? "model current" : "model"}>
      <label class="model-name">
        <input type="radio" name="model" checked={current} disabled={locked} onChange={choose} />
        <span>{model.title}</span>
      </label>
      <p class="soft">{[whole ? "" : size, manifest && `licence ${manifest.licence}`, keptText(kept, whole)].filter(Boolean).join(" · ")}</p>
      {obstacle && <TroubleNote trouble={troubleOf(obstacle)} />}
      {current && !obstacle && <Current />}
      {kept && <KeptActions model={kept} />}
    </div>
  );
}

function keptText(kept: KeptModel | undefined, whole: boolean): string {
  if (!kept) return "not downloaded";
  if (kept.whole && !whole) return `${bytesText(kept.keptBytes)} kept, not all that it needs here`;
  return whole ? `kept here, ${bytesText(kept.keptBytes)}` : `${bytesText(kept.keptBytes)} of ${bytesText(kept.bytes)} kept`;
}

function Current(): VNode {
  const here = useView((state) => state.here);
  const starts = useView((state) => state.starts);
  const ready = useView(awake);
  const times = [
    starts.firstMs === null ? "" : `first start ${timeText(starts.firstMs)}, with the download`,
    starts.latestMs === null ? "" : `latest start ${timeText(starts.latestMs)}`,
  ].filter((text) => text !== "");
  return (
    <div class="current-state">
      <p>{ready ? `${hereText(here)}` : ""}</p>
      <Download />
      {times.length > 0 && <p class="soft">{times.join(" · ")}</p>}
    </div>
  );
}

function KeptActions({ model }: { model: KeptModel }): VNode {
  const page = usePage();
  const verifying = useView((state) => (state.verifying?.name === model.name ? state.verifying : null));
  const locked = useView(busy); // The answer under way may need its files.
  const another = useView((state) => state.verifying !== null) && !verifying;
  const verify = () => (verifying ? page.own.stopVerifying() : void page.own.verify(model.name));
  return (
    <div class="row">
      {verifying && <progress aria-label={`Verifying ${model.name}`} max={verifying.totalBytes || 1} value={verifying.doneBytes} />}
      {verifying?.waits && <p class="soft" role="status">Another tab of this page has the model: waiting for it.</p>}
      {model.whole && <button type="button" class="small" disabled={another} onClick={verify} aria-label={`${verifying ? "Cancel verifying" : "Verify again:"} ${model.name}`}>{verifying ? "Cancel" : "Verify again"}</button>}
      <button type="button" class="small" disabled={locked || verifying !== null} onClick={() => void page.own.remove(model.name)} aria-label={`Delete ${model.name}`}>Delete</button>
    </div>
  );
}

/** What is used of the disk, and that the browser may clear it. */
function Room(): VNode | null {
  const page = usePage();
  const usage = useView((state) => state.usage);
  if (!usage || (usage.keptBytes === 0 && usage.freeBytes === null)) return null;
  const free = usage.freeBytes === null ? "" : `, ${bytesText(usage.freeBytes)} free`;
  const persist = () => void page.parts.kept.persist().then(() => page.own.look());
  return (
    <div class="room">
      <p class="soft">{usage.keptBytes > 0 ? `${bytesText(usage.keptBytes)} kept in this browser` : "Nothing kept in this browser"}{free}.</p>
      {!usage.persisted && usage.keptBytes > 0 && <button type="button" class="small" onClick={persist}>Keep when space gets short</button>}
    </div>
  );
}

/** Which backend, and why it was chosen. */
function Why(): VNode {
  const here = useView((state) => state.here);
  const probed = useView((state) => state.probed);
  const name = backendText(here);
  if (!name) return <p class="soft">Chosen by a short trial when the model starts.</p>;
  const why = [here.note, probed && probedText(probed)].filter(Boolean).join(" ");
  return (
    <div>
      <p class="capital">{name}{here.variant ? ` (${here.variant})` : ""}</p>
      {why && <p class="soft">{why}</p>}
    </div>
  );
}
