import { useEffect, useRef } from "preact/hooks";
import type { VNode } from "preact";

import { Icon } from "../icons.tsx";
import type { PanelId } from "../state.ts";
import { DocumentsPanel } from "./DocumentsPanel.tsx";
import { ModelsPanel } from "./ModelsPanel.tsx";
import { RequestsPanel } from "./RequestsPanel.tsx";
import { SettingsPanel } from "./SettingsPanel.tsx";
import { SpeedPanel } from "./SpeedPanel.tsx";

const PANELS: Readonly<Record<PanelId, readonly [string, () => VNode]>> = {
  documents: ["Documents", DocumentsPanel],
  speed: ["Speed", SpeedPanel],
  requests: ["Requests", RequestsPanel],
  models: ["Models", ModelsPanel],
  settings: ["Settings", SettingsPanel],
};

/** Beside the chat, or over it on a phone; Escape closes it and goes back to its button. */
export function PanelSide({ panel, close }: { panel: PanelId; close: () => void }): VNode {
  const title = useRef<HTMLHeadingElement>(null);
  const [name, Inside] = PANELS[panel];
  useEffect(() => title.current?.focus(), [panel]);
  const leave = () => {
    close();
    document.getElementById(`to-${panel}`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.defaultPrevented) leave();
  };
  return (
    <aside class="panel" id="panel" aria-labelledby="panel-title" onKeyDown={onKeyDown}>
      <div class="panel-head">
        <h2 id="panel-title" ref={title} tabIndex={-1}>{name}</h2>
        <button type="button" class="bare" onClick={leave} aria-label={`Close ${name}`}><Icon name="close" /></button>
      </div>
      <div class="panel-body"><Inside /></div>
    </aside>
  );
}
