import type { VNode } from "preact";

import { usePage, useView } from "../context.ts";
import type { Backend } from "../parts.ts";
import { busy } from "../state.ts";
import { ChoiceField } from "./fields.tsx";

const BACKENDS: readonly (readonly [Backend, string])[] = [["auto", "Whatever is fastest"], ["webgpu", "WebGPU"], ["wasm", "Processor"]];

/** A change closes the model; the next answer starts it anew. */
export function Backends(): VNode {
  const page = usePage();
  const settings = useView((state) => state.settings);
  const locked = useView(busy);
  const { cores, isolated } = page.parts.machine;
  const most = Math.min(16, Math.max(1, cores));
  const threads = Array.from({ length: most }, (_, index) => [String(index + 1), String(index + 1)] as const);
  return (
    <fieldset class="fields" disabled={locked}>
      <legend class="unseen">How the model here is computed</legend>
      <ChoiceField name="backend" label="Compute with" value={settings.backend} options={BACKENDS} onChoose={(backend) => changed({ backend: backend as Backend })} />
      {settings.backend !== "webgpu" && isolated && (
        <ChoiceField name="threads" label="Threads" value={String(settings.threads)} options={[["0", "Automatic"], ...threads]} onChoose={(text) => changed({ threads: Number(text) })} />
      )}
    </fieldset>
  );

  function changed(change: { backend?: Backend; threads?: number }): void {
    page.own.close();
    page.choose(change);
  }
}
