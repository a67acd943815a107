import { useEffect, useState } from "preact/hooks";
import type { VNode } from "preact";

import { usePage, useView } from "../context.ts";
import { bytesText, countText, timeText } from "../figures.ts";

const SHOWN = 200;

export function RequestsPanel(): VNode {
  const page = usePage();
  const [, draw] = useState({});
  const turns = useView((state) => state.turns);
  useEffect(() => page.parts.requests.subscribe(() => draw({})), [page]);
  const { entries, count } = page.parts.requests;
  const during = turns.reduce((sum, turn) => sum + (turn.requests ?? 0), 0);
  return (
    <div>
      <p class="tally"><strong class={during === 0 ? "none" : undefined}>{countText(during, "request")}</strong> during answers, {count.toLocaleString("en")} since the page was loaded.</p>
      <p class="soft">
        Counted is everything that this page and its workers ask of the network, whatever the way. What extensions and the
        browser itself send, a page cannot see. To be sure, go offline: the model here goes on.
      </p>
      {turns.length > 0 && <ByAnswer />}
      <h3>Latest</h3>
      {entries.length === 0 ? <p class="soft">None yet.</p> : (
        <ol class="rows requests">
          {entries.slice(-SHOWN).toReversed().map((entry) => (
            <li>
              <span class="kind">{entry.kind}</span>
              <span class="grow wrap">{entry.to}</span>
              <span class="soft">{timeText(entry.at)}{entry.bytes ? ` · ${bytesText(entry.bytes)}` : ""}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function ByAnswer(): VNode {
  const turns = useView((state) => state.turns);
  return (
    <ol class="rows">
      {turns.map((turn) => (
        <li key={turn.id}>
          <span class="grow clip">{turn.question}</span>
          <span class={turn.requests === 0 ? "none" : undefined}>{turn.requests === null ? "answering" : turn.requests}</span>
        </li>
      ))}
    </ol>
  );
}
