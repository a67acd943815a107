/**
 * Words as SQLite's index cuts and stems them (FTS5, `porter unicode61 remove_diacritics 2`), so that
 * the page finds what `sprat index` finds.
 *
 * Source: Porter, "An algorithm for suffix stripping", Program 14(3), 1980; with FTS5's readings of it.
 */

const WORD = /[\p{L}\p{N}\p{Co}][\p{L}\p{N}\p{Co}\u0300-\u0331]*/gu;
const MARKS = /[\u0300-\u036f]/g;
const LONGEST = 64;

type Rule = readonly [ending: string, instead: string];

const STEP_2: readonly Rule[] = [
  ["ational", "ate"], ["tional", "tion"], ["enci", "ence"], ["anci", "ance"], ["izer", "ize"],
  ["logi", "log"], ["bli", "ble"], ["alli", "al"], ["entli", "ent"], ["eli", "e"], ["ousli", "ous"],
  ["ization", "ize"], ["ation", "ate"], ["ator", "ate"], ["alism", "al"], ["iveness", "ive"],
  ["fulness", "ful"], ["ousness", "ous"], ["aliti", "al"], ["iviti", "ive"], ["biliti", "ble"],
];
const STEP_3: readonly Rule[] = [
  ["ical", "ic"], ["ness", ""], ["icate", "ic"], ["iciti", "ic"], ["ful", ""], ["ative", ""],
  ["alize", "al"],
];
const STEP_4: readonly Rule[] = [
  "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism",
  "ate", "iti", "ous", "ive", "ize",
].map((ending) => [ending, ""]);

/** Words that were stemmed before: a text says most of its words often. */
const known = new Map<string, string>();
const MOST_KNOWN = 50_000;

/** The stems of a text's words, in their order. */
export function stems(text: string): string[] {
  return (text.match(WORD) ?? []).map(stemOf);
}

function stemOf(word: string): string {
  const before = known.get(word);
  if (before !== undefined) return before;
  const made = stem(bytes(folded(word)));
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(word, made);
  return made;
}

/** Without case, and without accents where that leaves a Latin letter. */
function folded(word: string): string {
  let made = "";
  for (const char of word) {
    const lower = char.toLowerCase();
    const bare = lower.normalize("NFD").replace(MARKS, "");
    made += /^[a-z]?$/.test(bare) ? bare : [...lower].length === 1 ? lower : char;
  }
  return made;
}

/** FTS5 stems bytes of UTF-8. What comes of it is compared, never shown. */
function bytes(word: string): string {
  return /^[\x00-\x7f]*$/.test(word) ? word : String.fromCharCode(...new TextEncoder().encode(word));
}

function stem(word: string): string {
  if (word.length < 3 || word.length > LONGEST) return word;
  let left = step1b(step1a(word));
  if (left.endsWith("y") && hasVowel(left.slice(0, -1))) left = `${left.slice(0, -1)}i`;
  left = replaced(left, STEP_2, (head) => measure(head) > 0);
  left = replaced(left, STEP_3, (head) => measure(head) > 0);
  left = replaced(left, STEP_4, (head, ending) => measure(head) > 1 && (ending !== "ion" || /[st]$/.test(head)));
  return step5(left);
}

function step1a(word: string): string {
  if (!word.endsWith("s") || word.endsWith("ss")) return word;
  const twice = (word.length > 4 && word.endsWith("sses")) || (word.length > 3 && word.endsWith("ies"));
  return word.slice(0, twice ? -2 : -1);
}

function step1b(word: string): string {
  if (word.length > 3 && word.endsWith("eed")) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  const ending = word.endsWith("ed") ? 2 : word.length > 3 && word.endsWith("ing") ? 3 : 0;
  const head = word.slice(0, word.length - ending);
  return ending > 0 && hasVowel(head) ? step1b2(head) : word;
}

function step1b2(head: string): string {
  if (head.length > 2 && /(?:at|bl|iz)$/.test(head)) return `${head}e`;
  const last = head.at(-1) ?? "";
  if (last === head.at(-2) && !/[aeioulsz]/.test(last)) return head.slice(0, -1);
  return measure(head) === 1 && endsShort(head) ? `${head}e` : head;
}

function step5(word: string): string {
  let left = word;
  if (left.endsWith("e")) {
    const head = left.slice(0, -1);
    if (measure(head) > 1 || (measure(head) === 1 && !endsShort(head))) left = head;
  }
  return left.endsWith("ll") && measure(left.slice(0, -1)) > 1 ? left.slice(0, -1) : left;
}

/** The first rule whose ending is there decides, whether or not its head is long enough. */
function replaced(word: string, rules: readonly Rule[], fits: (head: string, ending: string) => boolean): string {
  const rule = rules.find(([ending]) => word.length > ending.length && word.endsWith(ending));
  if (!rule) return word;
  const head = word.slice(0, -rule[0].length);
  return fits(head, rule[0]) ? head + rule[1] : word;
}

/** For each letter whether it is a consonant; `y` is one after a vowel, and at the beginning. */
function consonants(word: string): boolean[] {
  let before = false;
  return word.split("").map((char) => {
    before = !(/[aeiou]/.test(char) || (char === "y" && before));
    return before;
  });
}

/** How many times a consonant follows a vowel. */
function measure(head: string): number {
  const kinds = consonants(head);
  return kinds.filter((isConsonant, at) => isConsonant && at > 0 && !kinds[at - 1]).length;
}

function hasVowel(head: string): boolean {
  return /[aeiou]|(?!^)y/.test(head);
}

/** Consonant, vowel, consonant, the last of them not w, x or y. */
function endsShort(head: string): boolean {
  if (/[wxy]$/.test(head)) return false;
  const [third, second, last] = consonants(head).slice(-3);
  return last === true && second === false && third === true;
}
