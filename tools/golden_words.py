"""What Python makes of texts and patterns, for the page's own copy of that code to be held against.

.venv/bin/python tools/golden_words.py   # writes web/test/words/golden.json
"""

import json
import random
import re
import warnings
from pathlib import Path
from typing import Any

from sprat.policies.rules import refuses
from sprat.questions.scorers.abstain import abstains
from sprat.questions.scorers.match import token_f1
from sprat.questions.scorers.words import bare, fold, normalize, tokens

OUT = Path(__file__).parent.parent / "web/test/words/golden.json"

PIECES = [
    "The Seine flows through Paris.",
    "It is not stated in the passage.",
    "I don\u2019t know.",
    "As an AI, I cannot help with that.",
    "I can't provide that",
    "Maaf, saya tidak dapat membantu.",
    "Samahani, siwezi kusaidia.",
    "tiada maklumat",
    "Haijatajwa.",
    "unknown",
    "1,250 guests",
    "3.50",
    "12:30",
    "4pm",
    "\u00bd cup",
    "na\u00efve caf\u00e9",
    "STRASSE stra\u00dfe",
    "\u0130stanbul \u0131l\u0131k",
    "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
    "\uff11\uff12 \uff21\uff22",
    "\U0001f600 smile",
    "x\u00b2 + y\u00b3",
    "\u0967\u0968\u0969",
    "\u4e09\u5341",
    '```json\n{"a": 1}\n```',
    '**Answer:** "Paris"',
    "Final answer: 12",
    "* item",
    "*bold*",
    "\u201cquoted\u201d",
    "\u00abvingt\u00bb",
    "the a an The",
    "e.g. this",
    "a_b_c",
    "don't",
    "\u00a0space\u2003wide",
    "line\u2028break",
    "tab\there",
    "\x1cfile",
    "\x85next",
    "\ufeffbom",
    "[1] cited [2, 3]",
    "/path/to",
    "call 555-0100",
    "key -7, key: 12 -3 *4 /5 ,6 .7",
    "!x bx -x +x ]^_`a-b c-e|d&&f~~g",
    "a@b.example",
    "id: AB-12345",
    "\n\n",
    "\r\n",
    " ",
    ".",
    "?",
    "!",
    "'",
    "(",
    "The document does not mention it",
    "if the passage does not say, write",
    "no answer",
    "N/A",
]

PATTERNS = [
    (r"\b\d{3}-\d{4}\b", ""),
    (r"(?i)paris|SEINE", ""),
    (r"[\w.+-]+@[\w-]+\.\w+", ""),
    (r"^\W*as an? ai\b", "i"),
    (r"\S$", ""),
    (r"s\Z", ""),
    (r"^The", "m"),
    (r"\.$", "m"),
    (r".", ""),
    (r"a.b", "s"),
    (r"[^\W\d_]+", ""),
    (r"[\s\S]{3}", ""),
    (r"(?P<word>\w+)\s+(?P=word)", ""),
    (r"(\w)\1", ""),
    (r"AB-\d{,5}", ""),
    (r"\{\"a\"", ""),
    (r"{", ""),
    (r"[]x]", ""),
    (r"[^]a-c]", ""),
    (r"[a\-z]", ""),
    (r"[-az]", ""),
    (r"[az-]", ""),
    (r"\Bn", ""),
    (r"(?<!\w)caf\u00e9(?!\w)", ""),
    (r"\S+\s\S+", ""),
    (r"\D\D", ""),
    (r"[\d\s]+", ""),
    (r"[&&~]", ""),
    (r"/\w+/", ""),
    (r"\x41|\u00e9", ""),
    (r"\U0001f600", ""),
    (r"(?:ab|a)(?#said)b?", ""),
    (r"\'|\"", ""),
    (r"\@|\#", ""),
    (r"(?s)l.b", ""),
    (r"[\W_]{2,}", ""),
    (r"\w+?\b", ""),
    (r"(?<=\s)\S", ""),
    (r"a{2}|e{1,}", ""),
    (r"\d+(?:[.,]\d+)*", ""),
    (r"key[ --:]+\d", ""),
    (r"[*--/]\d", ""),
    (r"[!--b]x", ""),
    (r"[+--]\d", ""),
    (r"[--9]+", ""),
    (r"[^!--]+", ""),
    (r"[a-c-e]+", ""),
    (r"[a-c--9]+", ""),
    (r"[]-a]+", ""),
    (r"[\--\/]\d", ""),
    (r"[\d-]{2,}", ""),
    (r"[\x20-\x2d-]+", ""),
    (r"[a-z&&b-y~~||]+", ""),
]

REFUSED = [
    r"a++",
    r"(?>ab)",
    r"(?x)a b",
    r"(a)?(?(1)b|c)",
    r"\N{DIGIT ONE}",
    r"(?a)\w",
    r"(",
    r"[a",
    r"[a-",
    r"[z-a]",
    r"[\w-z]",
    r"[!-\d]",
]
"""What the page must not take for another pattern: most are Python's alone, some are nobody's."""


def made() -> dict[str, Any]:
    """All of it; the same every time."""
    texts = made_texts(random.Random(7), 160)
    pairs = list(zip(texts[::2], texts[1::2], strict=True))
    return {
        "texts": [_text(text) for text in texts],
        "alike": [[one, other, token_f1(one, other)] for one, other in pairs],
        "patterns": [_pattern(source, flags, texts) for source, flags in PATTERNS],
        "refused": REFUSED,
    }


def made_texts(rng: random.Random, count: int) -> list[str]:
    """Every piece alone, and some together."""
    glue = ["", " ", ". ", "\n", ", "]
    joined = [
        "".join(
            part
            for _ in range(rng.randint(1, 6))
            for part in (rng.choice(PIECES), rng.choice(glue))
        )
        for _ in range(count - len(PIECES))
    ]
    return [*PIECES, *joined]


def _text(text: str) -> dict[str, Any]:
    return {
        "text": text,
        "length": len(text),
        "fold": fold(text),
        "split": text.split(),
        "lines": text.splitlines(),
        "strip": text.strip(),
        "tokens": tokens(text),
        "bare": bare(text),
        "normal": normalize(text),
        "abstains": abstains(text),
        "refuses": refuses(text),
    }


def _pattern(source: str, flags: str, texts: list[str]) -> dict[str, Any]:
    with warnings.catch_warnings():
        # Python warns that `--` and `&&` in a set may mean more one day.
        warnings.simplefilter("ignore", FutureWarning)
        compiled = re.compile(source, sum(getattr(re, flag.upper()) for flag in flags))
    found = [[match.group() for match in compiled.finditer(text)] for text in texts]
    return {"source": source, "flags": flags, "found": found}


def main() -> None:
    """Write the file."""
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(made(), ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
