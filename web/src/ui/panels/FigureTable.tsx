import type { VNode } from "preact";

import { rateText, timeText } from "../figures.ts";
import type { Measure } from "../figures.ts";

/** What the charts show, and more: newest first. */
export function FigureTable({ measures }: { measures: readonly Measure[] }): VNode {
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Figures of each answer">
      <table class="figures-table">
        <caption class="unseen">Figures of each answer, newest first</caption>
        <thead>
          <tr>{["#", "Model", "First token", "Tokens/s", "Whole", "Loading", "Tokens in", "out"].map((head) => <th scope="col">{head}</th>)}</tr>
        </thead>
        <tbody>{measures.toReversed().map((measure) => <Row measure={measure} />)}</tbody>
      </table>
    </div>
  );
}

function Row({ measure }: { measure: Measure }): VNode {
  const rate = measure.tokensPerS === null ? "–" : rateText(measure.tokensPerS).replace(" tokens/s", "");
  return (
    <tr class={measure.kept ? undefined : "discarded"}>
      <td>{measure.answer}</td>
      <th scope="row">{measure.model}{measure.kept ? "" : ", draft"}</th>
      <td>{time(measure.firstTokenMs)}</td>
      <td>{rate}</td>
      <td>{time(measure.totalMs)}</td>
      <td>{measure.loadMs !== null && measure.loadMs >= 1 ? timeText(measure.loadMs) : "–"}</td>
      <td>{inputText(measure)}</td>
      <td>{measure.outputTokens ?? "–"}</td>
    </tr>
  );
}

function time(ms: number | null): string {
  return ms === null ? "–" : timeText(ms);
}

/** Tokens that were read for the turn before need not be read again. */
function inputText({ inputTokens, cachedTokens }: Measure): string {
  if (inputTokens === null) return "–";
  return cachedTokens ? `${inputTokens} (${cachedTokens} known)` : String(inputTokens);
}
