"""The answers as the page shows them: bounded, named, and countable by the filters."""

import json
from collections import Counter
from typing import Any, cast

from sprat.report import numbers
from sprat.report.facts import OUTCOMES, Pair, kind_name
from sprat.studies.comparison import Answer

MAX_PAIRS = 2000
MAX_TEXT_CHARS = 6000
MAX_PAGE_CHARS = 6_000_000
LANGUAGES = {"en": "English", "ms": "Malay", "sw": "Swahili"}

Choices = dict[str, list[tuple[str, str, int]]]


def shown_pairs(pairs: list[Pair]) -> list[dict[str, Any]]:
    """The pairs with texts cut so that the page stays a size that a browser likes."""
    kept = pairs[:MAX_PAIRS]
    limit = max(400, min(MAX_TEXT_CHARS, MAX_PAGE_CHARS // (4 * len(kept) or 1)))
    seen = Counter(line for pair in pairs for line in _lines(pair.prompt))
    return [_shown(pair, limit, seen) for pair in kept]


def _shown(pair: Pair, limit: int, seen: Counter[str]) -> dict[str, Any]:
    return {
        "id": pair.id,
        "kind": pair.kind,
        "kind_name": kind_name(pair.kind),
        "outcome": pair.outcome,
        "language": pair.language,
        "troubled": pair.troubled,
        "short": _short(pair.prompt, seen),
        "prompt": _cut(pair.prompt, limit),
        "expected": _cut(expected_text(pair.expected), limit),
        "small": _side(pair.small, limit),
        "large": _side(pair.large, limit),
    }


def _side(answer: Answer | None, limit: int) -> dict[str, Any]:
    text = answer.text or "" if answer else ""
    return {
        "full": answer,
        "text": text[:limit],
        "cut": f"{len(text) - limit:,}" if len(text) > limit else "",
        "line": _line(answer) if answer else "",
    }


def _line(answer: Answer) -> str:
    tokens = answer.usage.get("output_tokens")
    parts = [
        f"first token {numbers.seconds(answer.timing.get('ttft_s'))}",
        f"answer {numbers.seconds(answer.timing.get('answer_s'))}",
        f"{tokens:,} tokens" if isinstance(tokens, int) else "",
        "cut off by the token limit" if answer.finish == "length" else "",
    ]
    if answer.error:
        return ""
    return " · ".join(part for part in parts if part)


def _lines(prompt: str) -> list[str]:
    return [line.strip() for line in prompt.splitlines() if line.strip()]


def _short(prompt: str, seen: Counter[str]) -> str:
    """The line that tells this question from the others: the last of those seen least often."""
    lines = _lines(prompt)
    if not lines:
        return "(empty)"
    return min(reversed(lines), key=lambda line: seen[line])[:200]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]} … ({len(text):,} characters)"


def expected_text(expected: object) -> str:
    """What the scorer compares with, for reading."""
    if expected is None:
        return ""
    if isinstance(expected, dict):
        items = cast("dict[str, object]", expected).items()
        return "\n".join(f"{key}: {_plain(value)}" for key, value in items)
    if isinstance(expected, list | tuple):
        return " or ".join(_plain(value) for value in cast("list[object]", expected))
    return _plain(expected)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def choices(pairs: list[Pair]) -> Choices:
    """What each filter offers, with counts."""
    kinds = Counter(pair.kind for pair in pairs)
    outcomes = Counter(pair.outcome for pair in pairs)
    languages = Counter(pair.language for pair in pairs)
    return {
        "kind": [(kind, kind_name(kind), n) for kind, n in kinds.items()],
        "outcome": [
            (key, words, outcomes[key]) for key, words in OUTCOMES.items() if outcomes[key]
        ],
        "language": [(code, LANGUAGES.get(code, code), n) for code, n in languages.items()],
    }
