import type { VNode } from "preact";

import { usePage, useView } from "./context.ts";
import { Mark } from "./icons.tsx";
import type { Mode } from "./settings.ts";
import { busy } from "./state.ts";
import type { PanelId } from "./state.ts";
import { MODE_HINTS, MODE_NAMES } from "./words.ts";

const PANELS: readonly (readonly [PanelId, string])[] = [
  ["documents", "Documents"], ["speed", "Speed"], ["requests", "Requests"], ["models", "Models"], ["settings", "Settings"],
];

export function Header(): VNode {
  return (
    <header class="top">
      <h1 class="brand"><Mark /> Sprat</h1>
      <ModeSwitch />
      <Panels />
    </header>
  );
}

function ModeSwitch(): VNode {
  const page = usePage();
  const mode = useView((state) => state.settings.mode);
  const locked = useView(busy);
  return (
    <fieldset class="modes" disabled={locked}>
      <legend class="unseen">Who answers</legend>
      {(Object.keys(MODE_NAMES) as Mode[]).map((one) => (
        <label class="mode" title={MODE_HINTS[one]}>
          <input type="radio" name="mode" value={one} checked={mode === one} onChange={() => page.choose({ mode: one })} />
          <span>{MODE_NAMES[one]}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Panels(): VNode {
  const page = usePage();
  const panel = useView((state) => state.panel);
  return (
    <nav class="panels" aria-label="Panels">
      {PANELS.map(([id, name]) => (
        <button type="button" id={`to-${id}`} aria-expanded={panel === id} aria-controls="panel" onClick={() => page.show(id)}>{name}</button>
      ))}
    </nav>
  );
}
