import type { VNode } from "preact";

import { usePage, useView } from "../context.ts";
import type { Theme } from "../settings.ts";
import { chosenThere, offeredThere } from "../state.ts";
import type { Permission } from "../state.ts";
import { TroubleNote } from "../Notices.tsx";
import { About } from "./About.tsx";
import { CheckField, ChoiceField, NumberField } from "./fields.tsx";
import { KeyField } from "./KeyField.tsx";

const THEMES: readonly (readonly [Theme, string])[] = [["auto", "As the system"], ["light", "Light"], ["dark", "Dark"]];
const PERMISSIONS: readonly (readonly [Permission, string])[] = [["ask", "Ask me each time"], ["always", "Always, in this chat"], ["never", "Never, in this chat"]];

export function SettingsPanel(): VNode {
  return (
    <div class="settings">
      <Answers />
      <Hybrid />
      <Gateway />
      <Looks />
      <About />
    </div>
  );
}

function Answers(): VNode {
  const page = usePage();
  const settings = useView((state) => state.settings);
  return (
    <fieldset class="fields">
      <legend>Answers</legend>
      <NumberField name="maxTokens" label="Length" value={settings.maxTokens} step={1} hint="Tokens at most; a word is one or two." onChoose={(maxTokens) => page.choose({ maxTokens })} />
      <NumberField name="temperature" label="Temperature" value={settings.temperature} step={0.1} hint="0: the same answer each time." onChoose={(temperature) => page.choose({ temperature })} />
      <NumberField name="passages" label="Passages" value={settings.passages} step={1} hint="Of your documents, for each answer." onChoose={(passages) => page.choose({ passages })} />
    </fieldset>
  );
}

function Hybrid(): VNode {
  const page = usePage();
  const settings = useView((state) => state.settings);
  const policies = useView((state) => state.policies) ?? [];
  const permission = useView((state) => state.permission);
  const usable = policies.filter((policy) => policy.usable).map((policy) => [policy.name, policy.name] as const);
  return (
    <fieldset class="fields">
      <legend>Hybrid</legend>
      <ChoiceField
        name="policy" label="Policy" value={settings.policy} options={[["", "This page's own rules"], ...usable]}
        hint="Decides whether a draft is good enough. The gateway's policies run here unchanged."
        onChoose={(policy) => page.choose({ policy })}
      />
      <ChoiceField name="permission" label="Sending to the gateway" value={permission} options={PERMISSIONS} onChoose={(value) => page.store.set({ permission: value as Permission })} />
    </fieldset>
  );
}

function Gateway(): VNode {
  const page = usePage();
  const models = useView((state) => offeredThere(state).join("\n")).split("\n").filter(Boolean);
  const there = useView(chosenThere);
  const trouble = useView((state) => state.gatewayTrouble);
  return (
    <fieldset class="fields">
      <legend>Gateway</legend>
      {trouble && <TroubleNote trouble={trouble} />}
      <ChoiceField name="there" label="Model" value={there ?? ""} options={models.length > 0 ? models.map((model) => [model, model] as const) : [["", "none offered"]]} onChoose={(model) => page.choose({ there: model })} />
      <KeyField />
    </fieldset>
  );
}

function Looks(): VNode {
  const page = usePage();
  const settings = useView((state) => state.settings);
  const keepChat = (keep: boolean) => {
    page.choose({ keepChat: keep });
    page.keepChat();
  };
  return (
    <fieldset class="fields">
      <legend>This page</legend>
      <ChoiceField name="theme" label="Theme" value={settings.theme} options={THEMES} onChoose={(theme) => page.choose({ theme: theme as Theme })} />
      <CheckField label="Keep this chat on this device" checked={settings.keepChat} onChoose={keepChat} />
    </fieldset>
  );
}
