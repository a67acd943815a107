"""The answers as the page shows them: bounded, named, and countable by the filters."""

import json
from collections import Counter
from typing import Any

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
    return [_shown(pair, limit) for pair in kept]


def _shown(pair: Pair, limit: int) -> dict[str, Any]:
    return {
        "id": pair.id,
        "kind": pair.kind,
        "kind_name": kind_name(pair.kind),
        "outcome": pair.outcome,
        "language": pair.language,
        "troubled": pair.troubled,
        "short": _short(pair.prompt),
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
        f"scored by {answer.scorer}" if answer.score is not None else "",
    ]
    if answer.error:
        parts = parts[-1:]
    return " · ".join(part for part in parts if part)


def _short(prompt: str) -> str:
    """The question's last line: passages come first, the question itself at the end."""
    lines = [line.strip() for line in prompt.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "(empty)"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]} … ({len(text):,} characters)"


def expected_text(expected: object) -> str:
    """What the scorer compares with, for reading."""
    if expected is None:
        return ""
    if isinstance(expected, str):
        return expected
    return json.dumps(expected, ensure_ascii=False, indent=2, default=str)


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
