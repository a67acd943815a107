/** The tree of a Markdown text, drawn with elements only. */

import { useMemo } from "preact/hooks";
import type { VNode } from "preact";

import { CopyButton } from "../CopyButton.tsx";
import { blocksOf } from "./blocks.ts";
import type { Block, Inline } from "./types.ts";

/** Opens passage `number` of this answer; null: there is none of that number. */
export type Cited = (number: number) => (() => void) | null;

export function Markdown({ text, cited }: { text: string; cited: Cited }): VNode {
  const blocks = useMemo(() => blocksOf(text), [text]);
  return <div class="prose">{blocks.map((block) => drawn(block, cited))}</div>;
}

function drawn(block: Block, cited: Cited): VNode {
  switch (block.kind) {
    case "paragraph": return <p>{inline(block.inside, cited)}</p>;
    case "heading": return <p class={`heading heading-${Math.min(block.level, 4)}`} role="heading" aria-level={Math.min(block.level + 2, 6)}>{inline(block.inside, cited)}</p>;
    case "code": return <Code language={block.language} text={block.text} />;
    case "quote": return <blockquote>{block.blocks.map((one) => drawn(one, cited))}</blockquote>;
    case "list": return list(block, cited);
    case "table": return table(block, cited);
    case "rule": return <hr />;
  }
}

function Code({ language, text }: { language: string; text: string }): VNode {
  return (
    <div class="code">
      <div class="code-head"><span>{language || "code"}</span><CopyButton text={text} what="code" /></div>
      <pre tabIndex={0}><code>{text}</code></pre>
    </div>
  );
}

function list(block: Block & { kind: "list" }, cited: Cited): VNode {
  const items = block.items.map((item) => <li>{tight(item, cited)}</li>);
  return block.start === null ? <ul>{items}</ul> : <ol start={block.start}>{items}</ol>;
}

/** An item of one paragraph needs no paragraph. */
function tight(item: readonly Block[], cited: Cited) {
  const [only, ...rest] = item;
  if (only?.kind !== "paragraph") return item.map((block) => drawn(block, cited));
  return [...inline(only.inside, cited), ...rest.map((block) => drawn(block, cited))];
}

function table(block: Block & { kind: "table" }, cited: Cited): VNode {
  const [head = [], ...body] = block.rows;
  const aligned = (column: number) => (block.aligns[column] ? `align-${block.aligns[column]}` : undefined);
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Table">
      <table>
        <thead><tr>{head.map((cell, column) => <th scope="col" class={aligned(column)}>{inline(cell, cited)}</th>)}</tr></thead>
        <tbody>{body.map((row) => <tr>{row.map((cell, column) => <td class={aligned(column)}>{inline(cell, cited)}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}

function inline(parts: readonly Inline[], cited: Cited): (VNode | string)[] {
  return parts.map((part) => {
    switch (part.kind) {
      case "text": return part.text;
      case "code": return <code>{part.text}</code>;
      case "strong": return <strong>{inline(part.inside, cited)}</strong>;
      case "emphasis": return <em>{inline(part.inside, cited)}</em>;
      case "struck": return <s>{inline(part.inside, cited)}</s>;
      case "break": return <br />;
      case "cite": return cite(part.number, cited);
      case "link": return link(part.text, part.address);
    }
  });
}

function cite(number: number, cited: Cited): VNode | string {
  const open = cited(number);
  if (!open) return `[${number}]`;
  return <button type="button" class="cite" onClick={open} aria-label={`Passage ${number}`}>{number}</button>;
}

/** Where it leads stands beside it: a model may call any address by any name. */
function link(text: string, address: string): VNode {
  const anchor = <a href={address} target="_blank" rel="noreferrer noopener nofollow">{text}</a>;
  return text === address ? anchor : <span>{anchor} <span class="address">({address})</span></span>;
}
