import type { VNode } from "preact";

import { useView } from "../context.ts";
import { csvOf } from "../figures.ts";
import { save } from "../save.ts";
import { Chart } from "./Chart.tsx";
import type { Figure } from "./Chart.tsx";
import { FigureTable } from "./FigureTable.tsx";

const FIGURES: readonly Figure[] = [
  { id: "firstTokenMs", title: "First token", unit: "s", scale: 1e-3 },
  { id: "tokensPerS", title: "Tokens per second", unit: "", scale: 1 },
  { id: "totalMs", title: "Whole answer", unit: "s", scale: 1e-3 },
];

export function SpeedPanel(): VNode {
  const measures = useView((state) => state.measures);
  const running = useView((state) => state.running);
  if (measures.length === 0 && !running) return <p class="soft">Every answer is measured here: its first token, its tokens per second, its whole time, for each model.</p>;
  const models = [...new Set(measures.map((measure) => measure.model))];
  return (
    <div>
      <ul class="legend">{models.map((model, index) => <li><span class={`swatch series-${(index % 4) + 1}`} aria-hidden="true" />{model}</li>)}</ul>
      {FIGURES.map((figure) => <Chart figure={figure} measures={measures} running={running} />)}
      <p class="soft">By answer. Loading the model is not in these times; the table has it.</p>
      <FigureTable measures={measures} />
      <div class="row">
        <button type="button" onClick={() => save("sprat-speed.csv", "text/csv", csvOf(measures))}>Save as CSV</button>
        <button type="button" onClick={() => save("sprat-speed.json", "application/json", JSON.stringify(measures, null, 2))}>Save as JSON</button>
      </div>
    </div>
  );
}
