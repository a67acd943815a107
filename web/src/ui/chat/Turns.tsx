import { useEffect, useRef } from "preact/hooks";
import type { VNode } from "preact";

import { useView } from "../context.ts";
import type { Turn } from "../state.ts";
import { Answer } from "./Answer.tsx";

/** How near the end still counts as reading along. */
const NEAR_PX = 120;

export function Turns(): VNode {
  const turns = useView((state) => state.turns);
  const box = useRef<HTMLDivElement>(null);
  const along = useRef(true);
  const count = turns.length;
  useEffect(() => {
    along.current = true; // A new question is looked at, wherever one was reading.
  }, [count]);
  useEffect(() => {
    if (along.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [turns]);
  const onScroll = () => {
    const { scrollHeight = 0, scrollTop = 0, clientHeight = 0 } = box.current ?? {};
    along.current = scrollHeight - scrollTop - clientHeight < NEAR_PX;
  };
  return (
    <div class="turns" ref={box} onScroll={onScroll} tabIndex={0} role="region" aria-label="Chat">
      <ol>{turns.map((turn) => <li key={turn.id}><One turn={turn} /></li>)}</ol>
    </div>
  );
}

function One({ turn }: { turn: Turn }): VNode {
  return (
    <article class="turn" aria-label={`Question ${turn.id}`}>
      <h2 class="unseen">Question {turn.id}</h2>
      <p class="question">{turn.question}</p>
      <Answer turn={turn} />
    </article>
  );
}
