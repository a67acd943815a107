import type { VNode } from "preact";

import { usePage, useView } from "../context.ts";
import { TroubleNote } from "../Notices.tsx";
import { missingOf, sizeOf, sizeText } from "../need.ts";
import { Download } from "../panels/Download.tsx";
import { awake, chosen, isKept } from "../state.ts";
import { troubleOf } from "../trouble.ts";
import { cautions, MODE_HINTS } from "../words.ts";

/** The first screen: what this is, what it would download, and that nothing is sent. */
export function Welcome(): VNode {
  const mode = useView((state) => state.settings.mode);
  const { keeps } = usePage().parts.machine;
  return (
    <section class="welcome" aria-labelledby="welcome">
      <h2 id="welcome">Ask a model that runs in this page</h2>
      <p class="lead">
        The model is {keeps ? "downloaded once, kept in this browser," : "downloaded at each visit, held in memory,"} and computed on this device. What you ask, and the documents
        you add, stay in the page. {mode !== "here" && <strong>{MODE_HINTS[mode]}</strong>}
      </p>
      {mode !== "gateway" && <Offer />}
      <ul class="promises">
        <li><strong>Nothing is sent</strong> unless you choose the gateway. Documents, and what was said here, go there only after you saw the exact text and said yes. Every request that leaves the page is counted.</li>
        <li><strong>Works offline</strong> once the model is here{keeps ? "" : ", until the page is closed"}.</li>
        <li><strong>Takes your documents.</strong> Paste or drop texts, and answers show the passages that they rest on.</li>
      </ul>
    </section>
  );
}

function Offer(): VNode | null {
  const page = usePage();
  const model = useView(chosen);
  const listed = useView((state) => state.webModels);
  const kept = useView((state) => model !== null && isKept(state, model.name));
  const ready = useView(awake);
  const trouble = useView((state) => state.gatewayTrouble);
  const most = useView((state) => (model ? sizeOf(state, model).mostBytes : 0));
  const missing = useView((state) => (model ? sizeText(missingOf(state, model)) : ""));
  if (listed === null) return <p class="offer">Looking for models…</p>;
  if (!model) return trouble ? <TroubleNote trouble={trouble} /> : <p class="offer">No model for this page is offered. The gateway can answer instead.</p>;
  const { machine } = page.parts;
  const obstacle = machine.obstacle(model.title, most);
  if (obstacle) {
    return (
      <div class="blocked">
        <TroubleNote trouble={troubleOf(obstacle)} />
        <button type="button" onClick={() => page.choose({ mode: "gateway" })}>Let the gateway answer</button>
      </div>
    );
  }
  return (
    <div class="offer">
      <div>
        <p class="offer-name">{model.title}</p>
        <p class="soft">{ready ? "Ready to answer" : kept ? "Kept in this browser" : `${missing} to download${machine.keeps ? ", once" : ""}`} · <Licence model={model.name} /></p>
      </div>
      <Download />
      {cautions(machine).map((text) => <p class="soft whole">{text}</p>)}
    </div>
  );
}

function Licence({ model }: { model: string }): VNode {
  const licence = useView((state) => state.manifests[model]?.licence);
  return <span>{licence ? `licence ${licence}` : "looking up its licence"}</span>;
}
