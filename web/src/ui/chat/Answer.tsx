import type { VNode } from "preact";

import { CopyButton } from "../CopyButton.tsx";
import { usePage, useView } from "../context.ts";
import { Markdown } from "../markdown/Markdown.tsx";
import { TroubleNote } from "../Notices.tsx";
import { chosenThere } from "../state.ts";
import type { Turn } from "../state.ts";
import { ask } from "../verbs/ask.ts";
import { metaOf, requestsText, waitingText, whereText } from "../words.ts";
import { EscalationMark } from "./EscalationMark.tsx";
import { Passages } from "./Passages.tsx";
import { Steps } from "./Steps.tsx";

export function Answer({ turn }: { turn: Turn }): VNode {
  const page = usePage();
  const over = turn.phase === "done" || turn.phase === "stopped" || turn.phase === "failed";
  const cited = (number: number) => {
    const passage = turn.passages[number - 1];
    return passage ? () => page.openPassage(passage) : null;
  };
  return (
    <div class="answer" aria-busy={!over}>
      {turn.draft !== null && turn.text === "" && <Draft turn={turn} />}
      {turn.text !== "" && <Markdown text={turn.text} cited={cited} />}
      {!over && turn.text === "" && <Waiting turn={turn} />}
      {turn.phase === "stopped" && <p class="soft">Stopped.</p>}
      {turn.reply?.finish === "length" && <p class="soft">Cut at the length set under Settings.</p>}
      {turn.trouble && <Failed turn={turn} />}
      {turn.doubt && <p class="doubt">{turn.doubt}</p>}
      {turn.escalation && <EscalationMark turn={turn} />}
      {over && turn.reply && <Meta turn={turn} />}
      {turn.passages.length > 0 && over && <Passages passages={turn.passages} />}
    </div>
  );
}

function Draft({ turn }: { turn: Turn }): VNode {
  return (
    <div class="draft">
      <p class="draft-head">Draft, here</p>
      <Markdown text={turn.draft ?? ""} cited={() => null} />
    </div>
  );
}

function Waiting({ turn }: { turn: Turn }): VNode {
  const text = useView((state) => (turn.phase === "drafting" ? "The draft is judged when it is whole" : waitingText(turn, state)));
  return <p class="waiting"><span class="pulse" aria-hidden="true" />{text}</p>;
}

function Failed({ turn }: { turn: Turn }): VNode | null {
  const page = usePage();
  const there = useView(chosenThere);
  if (!turn.trouble) return null;
  const askThere = () => {
    page.choose({ mode: "gateway" });
    void ask(page, turn.question);
  };
  return (
    <div class="blocked">
      <TroubleNote trouble={turn.trouble} />
      <div class="row">
        <button type="button" onClick={() => void ask(page, turn.question)}>{turn.trouble.code === "paused" ? "Resume and ask again" : "Ask again"}</button>
        {turn.mode !== "gateway" && there && <button type="button" onClick={askThere}>Ask {there} at the gateway</button>}
      </div>
    </div>
  );
}

function Meta({ turn }: { turn: Turn }): VNode | null {
  const { reply } = turn;
  if (!reply) return null;
  const figures = [`${reply.engine}, ${whereText(reply)}`, ...metaOf(reply)];
  return (
    <div class="meta">
      <p class="figures">{figures.map((figure) => <span>{figure}</span>)}
        {turn.requests !== null && <span class={turn.requests === 0 ? "none" : undefined}>{requestsText(turn.requests)}</span>}
      </p>
      <div class="actions"><CopyButton text={turn.text} what="answer" /></div>
      {reply.steps.length > 1 && <Steps reply={reply} />}
    </div>
  );
}
