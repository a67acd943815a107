import { useEffect, useState } from "preact/hooks";
import type { VNode } from "preact";

import { usePage, useView } from "../context.ts";
import type { Entry } from "../../privacy/entry.ts";
import { bytesText, countText, timeText } from "../figures.ts";

const SHOWN = 200;

const WITNESSES = { called: "script", observed: "browser", passed: "service worker", refused: "stopped, did not leave" } as const;

export function RequestsPanel(): VNode {
  const page = usePage();
  const [, draw] = useState({});
  const turns = useView((state) => state.turns);
  useEffect(() => page.parts.requests.subscribe(() => draw({})), [page]);
  const { entries, unseen } = page.parts.requests;
  const all = page.parts.requests.since(0);
  const during = turns.reduce((sum, turn) => sum + (turn.requests ?? 0), 0);
  return (
    <div>
      <p class="tally"><strong class={during === 0 ? "none" : undefined}>{countText(during, "request")}</strong> during answers, {all.requests.toLocaleString("en")} since the page was loaded{all.elsewhere > 0 ? `, ${all.elsewhere} of them to other places than this one` : ""}.</p>
      <p class="soft">
        Counted three times: {all.called} by the page's own scripts, {all.observed} by the browser's record,{" "}
        {all.passed === null ? "and from the second visit on by the page's service worker" : `${all.passed} by the page's service worker`}.
        The highest counts. To be sure, go offline: the model here goes on.
      </p>
      <details><summary>What a page cannot see</summary><ul class="unseen-list">{unseen.map((text) => <li class="soft">{text}</li>)}</ul></details>
      {turns.length > 0 && <ByAnswer />}
      <h3>Latest</h3>
      {entries.length === 0 ? <p class="soft">None yet.</p> : (
        <ol class="rows requests">
          {entries.slice(-SHOWN).toReversed().map((entry) => (
            <li>
              <span class="kind">{entry.kind}</span>
              <span class="soft">{timeText(Math.max(0, entry.stamp))} · {WITNESSES[entry.witness]}{entry.sentBytes ? ` · ${bytesText(entry.sentBytes)} sent` : ""}</span>
              <span class="place">{placeText(entry)}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

/** Its own place goes without saying. */
function placeText({ address, own }: Entry): string {
  return own ? new URL(address).pathname : address;
}

function ByAnswer(): VNode {
  const turns = useView((state) => state.turns);
  return (
    <ol class="rows one-line">
      {turns.map((turn) => (
        <li key={turn.id}>
          <span class="grow clip">{turn.question}</span>
          <span class={turn.requests === 0 ? "none" : "soft"}>{turn.requests ?? (turn.phase === "failed" ? "not asked" : "…")}</span>
        </li>
      ))}
    </ol>
  );
}
