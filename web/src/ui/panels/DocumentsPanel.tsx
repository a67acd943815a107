import { useEffect, useRef, useState } from "preact/hooks";
import type { VNode } from "preact";

import { usePage, useView } from "../context.ts";
import { countText } from "../figures.ts";
import type { Passage, Reference } from "../parts.ts";

const MOST_CHARS = 2_000_000;

export function DocumentsPanel(): VNode {
  const page = usePage();
  const count = useView((state) => state.references);
  const note = useView((state) => state.shelfNote);
  const opened = useView((state) => state.opened);
  const reference = opened && page.parts.shelf.references.find((one) => one.id === opened.reference);
  if (opened && reference) return <Reading passage={opened} reference={reference} />;
  return (
    <div>
      <p class="soft">Answers are looked up in these texts. They stay in this page, and are gone when it is closed.</p>
      {count > 0 && <Shelf />}
      {count > 0 && note && <p class="soft">{note}</p>}
      <Files />
      <Paste />
    </div>
  );
}

function Shelf(): VNode {
  const page = usePage();
  const { shelf } = page.parts;
  return (
    <ul class="rows">
      {shelf.references.map((reference) => (
        <li key={reference.id}>
          <button type="button" class="link grow" onClick={() => page.openPassage(startOf(reference))}>{reference.name}</button>
          <span class="soft">{countText(reference.chars, "character")}</span>
          <button type="button" class="quiet small" aria-label={`Remove ${reference.name}`} onClick={() => shelf.remove(reference.id)}>Remove</button>
        </li>
      ))}
    </ul>
  );
}

function startOf({ id, name }: Reference): Passage {
  return { reference: id, name, text: "", start: 0, end: 0 };
}

function Files(): VNode {
  const page = usePage();
  const field = useRef<HTMLInputElement>(null);
  const take = () => {
    void page.addFiles([...(field.current?.files ?? [])]);
    if (field.current) field.current.value = "";
  };
  return (
    <div class="drop">
      <p>Drop files anywhere on the page, or</p>
      <button type="button" onClick={() => field.current?.click()}>Choose files</button>
      <input ref={field} type="file" multiple hidden accept=".txt,.md,.html,.htm,.csv,.json,text/*" onChange={take} aria-label="Files" />
      <p class="soft">Text, Markdown, HTML, CSV, JSON</p>
    </div>
  );
}

function Paste(): VNode {
  const page = usePage();
  const [text, setText] = useState("");
  const add = async () => {
    await page.addText(titleOf(text), text);
    setText("");
  };
  return (
    <div class="field">
      <label for="paste">Reference text</label>
      <textarea id="paste" rows={6} maxLength={MOST_CHARS} value={text} placeholder="Paste a text here" onInput={(event) => setText(event.currentTarget.value)} />
      <button type="button" disabled={text.trim() === ""} onClick={() => void add()}>Add this text</button>
    </div>
  );
}

/** Its first words. */
export function titleOf(text: string): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length > 40 ? `${line.slice(0, 40).trimEnd()}…` : line;
}

/** The whole text, at the passage. */
function Reading({ passage, reference }: { passage: Passage; reference: Reference }): VNode {
  const page = usePage();
  const mark = useRef<HTMLElement>(null);
  useEffect(() => mark.current?.scrollIntoView({ block: "center" }), [passage]);
  const text = page.parts.shelf.text(reference.id);
  return (
    <div>
      <button type="button" class="small start" onClick={() => page.store.set({ opened: null })}>All documents</button>
      <h3 class="reading-name">{reference.name}</h3>
      <div class="reading" tabIndex={0} role="region" aria-label={reference.name}>
        {text.slice(0, passage.start)}<mark ref={mark}>{text.slice(passage.start, passage.end)}</mark>{text.slice(passage.end)}
      </div>
    </div>
  );
}
