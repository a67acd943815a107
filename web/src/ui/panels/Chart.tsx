import { useEffect, useRef } from "preact/hooks";
import type { VNode } from "preact";
import uPlot from "uplot";

import { useView } from "../context.ts";
import { rateText, seriesOf, timeText } from "../figures.ts";
import type { Measure } from "../figures.ts";
import type { State } from "../state.ts";

export interface Figure {
  readonly id: "firstTokenMs" | "tokensPerS" | "totalMs";
  readonly title: string;
  readonly unit: string;
  readonly scale: number;
}

type Running = State["running"];

const HEIGHT_PX = 116;
/** Told apart without colours too. */
const DASHES = [[], [6, 4], [2, 3], [8, 3, 2, 3]];

/** One figure over the answers, a line for each model. The table beside it says the same in words. */
export function Chart({ figure, measures, running }: { figure: Figure; measures: readonly Measure[]; running: Running }): VNode {
  const box = useRef<HTMLDivElement>(null);
  const theme = useView((state) => state.settings.theme);
  const drawn = useRef<uPlot | null>(null);
  const data = dataOf(figure, measures, running);
  const models = data.models.join("\n");
  useEffect(() => {
    if (!box.current || data.models.length === 0) return;
    const plot = new uPlot(optionsOf(figure, data.models, box.current), data.rows, box.current);
    drawn.current = plot;
    const stop = fitted(plot, box.current);
    return () => {
      stop();
      plot.destroy();
      drawn.current = null;
    };
  }, [models, theme, figure]);
  useEffect(() => drawn.current?.setData(data.rows), [measures, running]);
  return (
    <figure class="chart">
      <figcaption>{figure.title} <span class="soft">{latestText(figure, measures)}</span></figcaption>
      <div class="plot" ref={box} role="img" aria-label={`${figure.title} by answer. ${latestText(figure, measures)}`} />
    </figure>
  );
}

/** The answer under way counts as far as it is known. */
function dataOf(figure: Figure, measures: readonly Measure[], running: Running): { models: string[]; rows: uPlot.AlignedData } {
  const all = running ? [...measures, asMeasure(running)] : measures;
  const { answers, models, values } = seriesOf(all, figure.id);
  const scaled = values.map((row) => row.map((value) => (value === null ? null : value * figure.scale)));
  return { models, rows: [answers, ...scaled] };
}

function asMeasure({ answer, model, firstTokenMs, totalMs }: NonNullable<Running>): Measure {
  const rest = { where: "", role: "answer", kept: true, tokensPerS: null, loadMs: null } as const;
  return { answer, model, firstTokenMs, totalMs, ...rest, inputTokens: null, cachedTokens: null, outputTokens: null };
}

function latestText(figure: Figure, measures: readonly Measure[]): string {
  const value = measures.findLast((measure) => measure.kept && measure[figure.id] !== null)?.[figure.id];
  if (value === undefined || value === null) return "not measured yet";
  return `latest ${figure.id === "tokensPerS" ? rateText(value) : timeText(value)}`;
}

function optionsOf(figure: Figure, models: readonly string[], box: HTMLElement): uPlot.Options {
  const soft = colourOf(box, "probe-soft");
  const rule = colourOf(box, "probe-rule");
  const axis = { stroke: soft, grid: { stroke: rule, width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  return {
    width: box.clientWidth || 320,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    padding: [6, 8, 0, 0],
    scales: { x: { time: false, range: aroundAnswers }, y: { range: (_, __, most) => [0, Math.max(most, 1e-3) * 1.15] } },
    axes: [
      { ...axis, grid: { show: false }, size: 22, splits: answersOf },
      { ...axis, size: 52, splits: ticksOf, values: (_, ticks) => ticks.map((tick) => tickText(figure, tick, ticks.at(-1) ?? 0)) },
    ],
    series: [{}, ...models.map((model, index) => lineOf(model, index, box))],
  };
}

const MOST_LABELS = 8;

function aroundAnswers(plot: uPlot): [number, number] {
  const answers = plot.data[0];
  return [(answers[0] ?? 1) - 0.5, (answers.at(-1) ?? 1) + 0.5];
}

/** The last is always among them. */
function answersOf(plot: uPlot): number[] {
  const answers = [...plot.data[0]];
  const every = Math.ceil(answers.length / MOST_LABELS);
  return answers.filter((_, index) => (answers.length - 1 - index) % every === 0);
}

/** A few round numbers from nothing on. */
function ticksOf(_: uPlot, __: number, ___: number, most: number): number[] {
  const step = roundStep(most / 3.2);
  return [0, 1, 2, 3, 4].map((count) => count * step).filter((tick) => tick <= most);
}

/** The nearest above of 1, 2, 5 × 10ⁿ. */
function roundStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const digit = value / power;
  return (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10) * power;
}

function tickText({ unit }: Figure, tick: number, most: number): string {
  if (unit === "s" && most < 0.5) return `${+(tick * 1000).toPrecision(3)} ms`;
  return `${+tick.toPrecision(3)}${unit ? ` ${unit}` : ""}`;
}

function lineOf(model: string, index: number, box: HTMLElement): uPlot.Series {
  const stroke = colourOf(box, `series-${(index % 4) + 1}`);
  const points = { show: true, size: 6, stroke, fill: stroke };
  return { label: model, stroke, width: 1.5, dash: DASHES[index % 4] ?? [], spanGaps: true, points };
}

/** Of a class in the present theme: a canvas knows no style sheet. */
function colourOf(box: HTMLElement, name: string): string {
  const probe = document.createElement("i");
  probe.className = name;
  box.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Keeps the plot as wide as its box, and of the present theme. */
function fitted(plot: uPlot, box: HTMLElement): () => void {
  const watcher = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: HEIGHT_PX }));
  watcher.observe(box);
  return () => watcher.disconnect();
}
