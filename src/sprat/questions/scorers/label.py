"""Picks one label out of a closed list."""

import re
from typing import Any, cast

from sprat.questions.scorers.base import Json, Scorer, as_list, unscored
from sprat.questions.scorers.words import bare, normalize, tokens
from sprat.types import Question, Verdict

_FIRST = re.compile(r"[^\n.;!?]+")
_CONJUNCTION = re.compile(r"^(?:and|or|dan|atau|na|au) ")
_LEAD = re.compile(
    r"\A\s*\**(?:label|category|class|sentiment|kategori|aina|lebo)\**\s*:\s*", re.IGNORECASE
)


def label(question: Question, text: str, _finish: str | None = None) -> Verdict:
    """1 if the answer names the expected label of the closed list and no other, else 0.

    A first line, sentence or clause that is a label alone decides ("Billing. It was charged
    twice for a delivery." is billing even where `delivery` is a label too). Otherwise all labels
    named count, the longest first, so that "not urgent" does not name `urgent`; two different ones
    name none: a reader could not file it. `expected` is a mapping: `label` (one, or a list of
    accepted ones) and `labels`.
    """
    if question.expected is None:
        return unscored("label")
    fields = cast("dict[str, Any]", question.expected)
    wanted = as_list(fields["label"])
    named = read_labels(text, fields["labels"])
    if len(named) != 1:
        why = f"names {', '.join(named)}" if named else "names none of the labels"
        return Verdict(scorer="label", value=0.0, answer=bare(text)[:80], why=why)
    hit = named[0] in wanted
    why = f"{named[0]}" if hit else f"{named[0]}, not {wanted[0]}"
    return Verdict(scorer="label", value=float(hit), answer=named[0], why=why)


def read_labels(text: str, labels: list[str]) -> list[str]:
    """Return the labels that `text` chooses: one when it is clear, several when it is not."""
    text = _LEAD.sub("", bare(text))
    by_name = {normalize(name, ""): name for name in labels}
    for first in (text.split("\n", 1)[0], _first_sentence(text), _first_clause(text, by_name)):
        if alone := by_name.get(normalize(bare(first), "")):
            return [alone]
    return _named(tokens(text), labels)


def _first_sentence(text: str) -> str:
    found = _FIRST.search(text)
    return found.group() if found else ""


def _first_clause(text: str, by_name: dict[str, str]) -> str:
    """What stands before a comma, unless it is the first of a list: "yes, no or maybe"."""
    clauses = [normalize(clause, "") for clause in _first_sentence(text).split(",")]
    listed = any(_CONJUNCTION.sub("", clause) in by_name for clause in clauses[1:])
    return "" if listed else clauses[0]


def _named(words: list[str], labels: list[str]) -> list[str]:
    spelled = sorted(((tokens(name), name) for name in labels), key=lambda pair: -len(pair[0]))
    named: set[str] = set()
    at = 0
    while at < len(words):
        fits = [(part, name) for part, name in spelled if _starts(words[at:], part)]
        if fits:
            named.add(fits[0][1])
        at += len(fits[0][0]) if fits else 1
    return [name for name in labels if name in named]


def _starts(words: list[str], label: list[str]) -> bool:
    """Whether `words` begin with the label, in the plural too: "sports" names `sport`."""
    head = words[: len(label)]
    return head == label or head == [*label[:-1], label[-1] + "s"]


def _check(expected: Json) -> str | None:
    if not isinstance(expected, dict):
        return "no mapping with `label` and `labels`"
    fields = cast("dict[str, Any]", expected)
    if set(fields) != {"label", "labels"}:
        return "no mapping with `label` and `labels`"
    labels = as_list(fields["labels"])
    if len(labels) < 2 or not all(isinstance(name, str) and tokens(name) for name in labels):
        return "fewer than two labels to choose from"
    missing = [name for name in as_list(fields["label"]) if name not in labels]
    return f"{missing[0]!r}, which is not one of the labels" if missing else None


LABEL = Scorer(
    name="label",
    grade=label,
    check=_check,
    summary="the answer names the right label of a closed list, and only that",
)
