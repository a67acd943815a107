import { useEffect } from "preact/hooks";
import type { VNode } from "preact";

import { Composer } from "./chat/Composer.tsx";
import { EscalationDialog } from "./chat/EscalationDialog.tsx";
import { Turns } from "./chat/Turns.tsx";
import { Welcome } from "./chat/Welcome.tsx";
import { usePage, useView } from "./context.ts";
import { Header } from "./Header.tsx";
import { Notices } from "./Notices.tsx";
import { PanelSide } from "./panels/PanelSide.tsx";
import { useNarrow } from "./useNarrow.ts";

export function App(): VNode {
  const page = usePage();
  const panel = useView((state) => state.panel);
  const empty = useView((state) => state.turns.length === 0);
  const narrow = useNarrow();
  useTheme();
  useFiles();
  const behind = narrow && panel !== null; // On a phone a panel covers the chat.
  return (
    <div class={panel ? "app with-panel" : "app"}>
      <a class="skip" href="#question">Skip to the question</a>
      <Header />
      <main class="main" inert={behind}>
        <Notices />
        {empty ? <Welcome /> : <Turns />}
        <Composer />
      </main>
      {panel && <PanelSide panel={panel} close={() => page.show(null)} />}
      <EscalationDialog />
      <Said />
    </div>
  );
}

/** Whole sentences, once: text that streams is not read out while it grows. */
function Said(): VNode {
  const said = useView((state) => state.said);
  return <div class="unseen" role="status" aria-live="polite" aria-atomic="true">{said}</div>;
}

function useTheme(): void {
  const theme = useView((state) => state.settings.theme);
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
  }, [theme]);
}

/** Files may be dropped anywhere on the page. */
function useFiles(): void {
  const page = usePage();
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      page.open("documents");
      void page.addFiles(files);
    };
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
    };
  }, [page]);
}
