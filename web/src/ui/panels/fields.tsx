/** Fields of a form: a label, a control, what it means. */

import { useState } from "preact/hooks";
import type { VNode } from "preact";

import { bounded, BOUNDS } from "../settings.ts";

type Options = readonly (readonly [value: string, text: string])[];

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly options: Options;
  readonly hint?: string;
  readonly onChoose: (value: string) => void;
}

export function ChoiceField({ name, label, value, options, hint, onChoose }: ChoiceProps): VNode {
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <select id={name} value={value} onChange={(event) => onChoose(event.currentTarget.value)} aria-describedby={hint ? `${name}-hint` : undefined}>
        {options.map(([one, text]) => <option value={one} selected={one === value}>{text}</option>)}
      </select>
      {hint && <p class="soft" id={`${name}-hint`}>{hint}</p>}
    </div>
  );
}

interface NumberProps {
  readonly name: keyof typeof BOUNDS;
  readonly label: string;
  readonly value: number;
  readonly step: number;
  readonly hint: string;
  readonly onChoose: (value: number) => void;
}

/** Whatever is typed is held within its bounds when the field is left. */
export function NumberField({ name, label, value, step, hint, onChoose }: NumberProps): VNode {
  const [typed, type] = useState<string | null>(null);
  const [least, most] = BOUNDS[name];
  const leave = () => {
    const number = bounded(name, typed ?? String(value));
    if (number !== null) onChoose(number);
    type(null);
  };
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input id={name} type="number" min={least} max={most} step={step} value={typed ?? value} onInput={(event) => type(event.currentTarget.value)} onBlur={leave} aria-describedby={`${name}-hint`} />
      <p class="soft" id={`${name}-hint`}>{hint}</p>
    </div>
  );
}

interface CheckProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onChoose: (checked: boolean) => void;
}

export function CheckField({ label, checked, onChoose }: CheckProps): VNode {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChoose(event.currentTarget.checked)} />
      {label}
    </label>
  );
}
