import { useEffect } from "preact/hooks";
import type { VNode } from "preact";

import { usePage, useView } from "../context.ts";
import { chosen } from "../state.ts";
import { lookForLinks } from "../verbs/look.ts";
import { backendText } from "../words.ts";

const LINKS: Readonly<Record<string, string>> = { "/status": "What the gateway runs", "/docs": "The gateway's reference", "/runs": "Recorded runs" };

/** What runs here: versions, and the hashes of the weights. */
export function About(): VNode {
  const page = usePage();
  const model = useView(chosen);
  const manifest = useView((state) => (model ? state.manifests[model.name] : undefined));
  const here = useView((state) => state.here);
  const links = useView((state) => state.links);
  useEffect(() => void lookForLinks(page), [page]);
  const variant = manifest?.variants.find((one) => one.id === here.variant);
  const files = variant ? [variant.model, ...variant.data] : [];
  return (
    <section class="about" aria-labelledby="about">
      <h3 id="about">About</h3>
      <dl>
        {page.parts.versions.map(([name, version]) => <Pair name={name} value={version} />)}
        {manifest && <Pair name="Model" value={`${manifest.title}, licence ${manifest.licence}`} />}
        {manifest && <Pair name="Exported from" value={manifest.sha256} hash />}
        {backendText(here) && <Pair name="Computed on" value={`${backendText(here)}${here.variant ? `, ${here.variant}` : ""}`} />}
        {files.map((file) => <Pair name={file.name} value={file.sha256} hash />)}
      </dl>
      {links.map((path) => <p><a href={path}>{LINKS[path] ?? path}</a></p>)}
    </section>
  );
}

function Pair({ name, value, hash }: { name: string; value: string; hash?: boolean }): VNode {
  return <div><dt>{name}</dt><dd class={hash ? "hash" : undefined}>{value}</dd></div>;
}
