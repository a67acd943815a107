/** Does an answer say that it does not know? `sprat.questions.scorers.abstain`, pattern for pattern. */

import { python } from "./python.ts";
import { fold, split } from "./text.ts";
import { bare } from "./words.ts";

/** An answer that gives up does so at once; later it is an aside, or the instruction recited. */
const WITHIN_WORDS = 30;
const SAID = "stated|mentioned|specified|given|provided|said|known|disclosed|indicated|listed|included";
const SAYS = "say|state|mention|specify|provide|give|tell|contain|include|indicate|list|disclose";
const SOURCE = "passage|text|notice|message|document|context|e?mail|note|information|article";
const ABSTAINS = python(
  [
    String.raw`(?:\A\W*|[.:;!?\"'(]\W*|\b(?:is|are|was|were|been) )not (?:\w+ly )?(?:${SAID})\b(?! (?:until|before|to exceed))`,
    String.raw`\bit (?:does not|doesn't|did not) (?:\w+ly )?(?:say|state|mention|specify)\b`,
    String.raw`(?<!\bif )(?<!\bif the )\b(?:${SOURCE}) (?:does not|doesn't|did not) (?:\w+ly )?(?:${SAYS})\b`,
    String.raw`\b(?:do not|don't|did not|cannot|can't|can not|couldn't) (?:know|tell|say|determine|answer)\b`,
    String.raw`\b(?:cannot|can't|can not) be (?:determined|answered|known|found|inferred)\b`,
    String.raw`\bno (?:answer|information|mention)\b`,
    String.raw`\bnot enough information\b`,
    String.raw`\bunanswerable\b`,
    String.raw`\A\W*(?:unknown|n/a|not sure|not available|none)\W*\Z`,
    String.raw`\btidak (?:ada )?(?:dinyatakan|disebut(?:kan)?|diberi(?:kan)?|diketahui)\b`,
    String.raw`\btidak (?:menyatakan|menyebut|tahu|pasti)\b`,
    String.raw`\btiada (?:maklumat|jawapan)\b`,
    String.raw`\b(?:haijatajwa|haikutajwa|haijaelezwa|haikuelezwa|haijasemwa|haikusemwa|haijulikani)\b`,
    String.raw`\b(?:hakijatajwa|hayajatajwa|halijatajwa|haitajwi|haisemi|haielezi|haitaji|sijui)\b`,
    String.raw`\bhakuna (?:jibu|taarifa|maelezo|habari)\b`,
  ].join("|"),
);

/** Whether `text` gives up on the question within its first 30 words (English, Malay, Swahili). */
export function abstains(text: string): boolean {
  const said = split(fold(bare(text)).replaceAll("\u2019", "'")).slice(0, WITHIN_WORDS);
  return ABSTAINS.test(said.join(" "));
}
