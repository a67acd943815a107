import { useRef, useState } from "preact/hooks";
import type { VNode } from "preact";

import { usePage, useView } from "../context.ts";
import { countText } from "../figures.ts";
import { Icon } from "../icons.tsx";
import { missingOf, sizeText } from "../need.ts";
import { awake, busy, chosen, chosenThere, isKept } from "../state.ts";
import type { State } from "../state.ts";
import { ask } from "../verbs/ask.ts";
import { hereText } from "../words.ts";

const MOST_CHARS = 100_000;

export function Composer(): VNode {
  const page = usePage();
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const waits = useView(busy);
  const label = useView(sendLabel);
  const send = () => {
    if (text.trim() === "" || busy(page.state)) return;
    setText("");
    void ask(page, text);
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const onSubmit = (event: Event) => {
    event.preventDefault();
    send();
  };
  return (
    <form class="composer" onSubmit={onSubmit}>
      <div class="composer-field">
        <label class="unseen" for="question">Your question</label>
        <textarea
          id="question" ref={field} rows={1} maxLength={MOST_CHARS} value={text} placeholder="Ask something"
          aria-describedby="composer-hint" onInput={(event) => setText(event.currentTarget.value)} onKeyDown={onKeyDown}
        />
        {waits
          ? <button type="button" class="send" onClick={() => page.stop()} aria-label="Stop the answer"><Icon name="stop" /></button>
          : <button type="submit" class="send" disabled={text.trim() === ""} aria-label={label}><Icon name="send" /></button>}
      </div>
      <p id="composer-hint" class="unseen">Enter sends, Shift and Enter begins a new line.</p>
      <Foot />
    </form>
  );
}

function sendLabel(state: State): string {
  const missing = missingText(state);
  return missing === null ? "Send" : `Download ${missing} and send`;
}

/** What the first answer would download; null: nothing. */
function missingText(state: State): string | null {
  const model = chosen(state);
  const here = state.settings.mode !== "gateway";
  return !here || !model || awake(state) || isKept(state, model.name) ? null : sizeText(missingOf(state, model));
}

/** Who answers, and what has left the page. */
function Foot(): VNode {
  const page = usePage();
  const who = useView(whoText);
  const empty = useView((state) => state.turns.length === 0);
  const texts = useView((state) => state.references);
  return (
    <div class="foot">
      <button type="button" class="quiet" onClick={() => page.open("models")}>{who}</button>
      {texts > 0 && <button type="button" class="quiet" onClick={() => page.open("documents")}>{countText(texts, "document")}</button>}
      <RequestBadge />
      {!empty && <button type="button" class="quiet push" onClick={() => page.newChat()}>New chat</button>}
    </div>
  );
}

function RequestBadge(): VNode {
  const page = usePage();
  const during = useView((state) => state.turns.reduce((sum, turn) => sum + (turn.requests ?? 0), 0));
  const text = `${countText(during, "request")} during answers`;
  return <button type="button" class={during === 0 ? "quiet badge none" : "quiet badge"} onClick={() => page.open("requests")}>{text}</button>;
}

function whoText(state: State): string {
  const { mode } = state.settings;
  const there = chosenThere(state) ?? "no model";
  if (mode === "gateway") return `${there} · gateway`;
  const model = chosen(state);
  const missing = missingText(state);
  const ready = missing !== null && state.here.phase === "idle" ? `${missing} to download` : hereText(state.here);
  const here = model ? `${model.title} · ${ready}` : "no model here";
  return mode === "here" ? here : `${here}, then ${there}`;
}
