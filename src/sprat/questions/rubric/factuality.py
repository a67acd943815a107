"""Is an answer right? What a rule can see of it, apart from its form and its length."""

from collections.abc import Iterator
from typing import Any, cast

import msgspec

from sprat.questions.rubric.claims import strange_names, strange_numbers, wrong_sums
from sprat.questions.rubric.coherence import answers_given, echoes
from sprat.questions.rubric.faults import Fault
from sprat.questions.scorers import score
from sprat.questions.scorers.abstain import abstains
from sprat.questions.scorers.base import as_list
from sprat.questions.scorers.facts import missing_facts
from sprat.questions.scorers.fields import read_json
from sprat.questions.scorers.label import read_labels
from sprat.questions.scorers.match import options, token_f1
from sprat.questions.scorers.rules import RULES
from sprat.questions.scorers.words import bare, names, tokens
from sprat.types import Question

CONTENT_RULES = ("equals", "iso_dates", "table_row", "excludes", "regex")
"""Rules of what a text says; those of form are coherence, those of length conciseness."""


def can_tell(question: Question) -> bool:
    """Whether there is anything to hold an answer against."""
    if question.scorer == "abstain":
        return True
    if question.scorer == "none" or question.expected is None:
        return False
    if question.scorer in ("facts", "format"):
        expected = cast("dict[str, Any]", question.expected)
        return bool(expected.get("facts") or set(CONTENT_RULES) & set(expected.get("rules", {})))
    return True


def factuality_faults(question: Question, text: str) -> Iterator[Fault]:
    """What is missing, wrong or invented in `text`, by what is expected and the prompt's text."""
    if echoes(question, text):
        yield Fault(4, "gives the question back")
        return
    share, why = share_right(question, text)
    if share < 1:
        yield Fault(4 * (1 - share), why)
    if question.scorer == "numeric":
        yield from _working(text, right=share == 1)
    elif question.scorer != "json":  # whose fields are held against the expected ones, each
        yield from _invented(question, text)


def _working(text: str, *, right: bool) -> Iterator[Fault]:
    """Under a wrong result, wrong working is the same fault again."""
    count, wrong = wrong_sums(text)
    if right and wrong:
        yield Fault(2, f"{wrong} of {count} sums wrong")
    if right and (answers := answers_given(text)) > 1:
        yield Fault(3, f"gives {answers} answers")


def _invented(question: Question, text: str) -> Iterator[Fault]:
    """A point for each; two where the right answer is that it is not known.

    Three at most, and two where facts are counted: a wrong one is lacking there already.
    """
    each = 2 if question.scorer == "abstain" else 1
    if invented := [*strange_numbers(question, text), *strange_names(question, text)]:
        points = min(2 if question.scorer in ("facts", "format") else 3, each * len(invented))
        yield Fault(points, f"{', '.join(invented[:3])} not in the prompt")


def share_right(question: Question, text: str) -> tuple[float, str]:
    """The share of what was asked for that is there and right, 0 to 1; and what is not."""
    measured = _MEASURES.get(question.scorer, _scored)
    return measured(question, text)


def _scored(question: Question, text: str) -> tuple[float, str]:
    verdict = score(question, text)
    return verdict.value or 0.0, verdict.why


def _numeric(question: Question, text: str) -> tuple[float, str]:
    """All or nothing, but a quarter for working of which one sum is right and one wrong."""
    value, why = _scored(question, text)
    count, wrong = wrong_sums(text)
    return (0.25, why) if value == 0 and 0 < wrong < count else (value, why)


def _texts(question: Question, text: str) -> tuple[float, str]:
    """Of a few words: they stand in the text, whatever is around them; else how many of them do."""
    golds, banned = options(question.expected)
    given = tokens(bare(text))
    if abstains(text):
        return 0.0, "says that it does not know"
    if wrong := [word for word in banned if names(given, word)]:
        return 0.0, f"names {wrong[0]!r}"
    if any(names(given, gold) for gold in golds):
        return 1.0, ""
    nearest = max(token_f1(bare(text), gold, question.language) for gold in golds)
    return (nearest if question.scorer == "f1" else 0.0), f"lacks {golds[0]!r}"


def _label(question: Question, text: str) -> tuple[float, str]:
    """The right label alone is all of it, among others half."""
    fields = cast("dict[str, Any]", question.expected)
    named, wanted = read_labels(text, fields["labels"]), as_list(fields["label"])
    if not set(named) & set(wanted):
        return 0.0, f"not {wanted[0]!r}"
    return (1.0, "") if len(named) == 1 else (0.5, f"names {len(named)} labels")


def _fields(question: Question, text: str) -> tuple[float, str]:
    """Of JSON its right fields; of a text that is none, the values that it names."""
    if read_json(text, question.expected)[0]:
        return _scored(question, text)
    values = list(_scalars(question.expected))
    given = tokens(text)
    missing = [value for value in values if not any(names(given, one) for one in value)]
    share = 1 - len(missing) / len(values) if values else 0.0
    return share, f"lacks {missing[0][0]!r}" if missing else ""


def _scalars(value: object) -> Iterator[list[str]]:
    """Each text or number in a JSON value, as the list of its accepted spellings."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        if "$any" in fields:
            yield [str(option) for option in fields["$any"]]
            return
        for one in fields.values():
            yield from _scalars(one)
    elif isinstance(value, (list, tuple)):
        for one in cast("list[Any]", value):
            yield from _scalars(one)
    else:
        yield [value if isinstance(value, str) else msgspec.json.encode(value).decode()]


def _facts(question: Question, text: str) -> tuple[float, str]:
    """The share of key facts that are named and of rules of content that hold."""
    expected = cast("dict[str, Any]", question.expected)
    missing = missing_facts(expected, text)
    rules: dict[str, Any] = expected.get("rules", {})
    asked = [name for name in CONTENT_RULES if name in rules]
    broken = [name for name in asked if RULES[name](bare(text), rules[name]) < 1]
    total = len(expected.get("facts", [])) + len(asked)
    faults = [f"lacks {fact!r}" for fact in missing[:3]] + [f"breaks {name}" for name in broken]
    share = 1 - (len(missing) + len(broken)) / total if total else 1.0
    return share, ", ".join(faults)


_MEASURES = {
    "numeric": _numeric,
    "exact": _texts,
    "f1": _texts,
    "contains": _texts,
    "label": _label,
    "json": _fields,
    "facts": _facts,
    "format": _facts,
}
