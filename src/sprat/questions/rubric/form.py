"""Has an answer the form that was asked for?"""

import re
from typing import Any, cast

from sprat.questions.rubric.faults import Fault
from sprat.questions.rubric.prompt import ending_asked
from sprat.questions.scorers.fields import read_json
from sprat.questions.scorers.label import read_labels
from sprat.questions.scorers.rules import RULES
from sprat.questions.scorers.words import bare, fold, tokens
from sprat.types import Question

SHAPES = (
    "bullets", "numbered", "lines", "starts_with", "ends_with", "table_row", "title_case", "upper",
    "lower",
)  # fmt: skip
"""Rules of form; those of length are conciseness, those of content (`equals`, …) factuality."""
_MARKED = re.compile(r"\s*(?:\d{1,3}[.)]|[-*\u2022\u2013|])\s*\S")


def form_faults(question: Question, text: str) -> list[Fault]:
    """What is wrong with the form of `text`, by what the question's scorer and prompt ask for."""
    found = [_shape(question, text), _json(question, text), _label(question, text)]
    return [fault for fault in (*found, _last_line(question, text)) if fault]


def _shape(question: Question, text: str) -> Fault | None:
    """A broken rule of form costs 2; 1 where there is a list or table, but not the right one."""
    asked = _shapes(question)
    broken = _broken(asked, text)
    if not broken:
        return None
    inner = "\n".join(line for line in text.splitlines() if _MARKED.match(line))
    if inner and not _broken(asked, inner):
        return Fault(1, "has lines around what was asked for")
    return Fault(1 if inner else 2, f"breaks the form ({', '.join(broken)})")


def asks_for_shape(question: Question) -> bool:
    """Whether the answer is to be a list, a table or the like, by the question's own rules."""
    return bool(_shapes(question))


def _shapes(question: Question) -> dict[str, Any]:
    if question.scorer not in ("facts", "format") or question.expected is None:
        return {}
    rules: dict[str, Any] = cast("dict[str, Any]", question.expected).get("rules", {})
    return {name: rules[name] for name in SHAPES if name in rules}


def _broken(asked: dict[str, Any], text: str) -> list[str]:
    return [name for name, argument in asked.items() if RULES[name](bare(text), argument) < 1]


def _json(question: Question, text: str) -> Fault | None:
    if question.scorer != "json" or question.expected is None:
        return None
    found, _ = read_json(text, question.expected)
    if not found:
        return Fault(2, "is no JSON")
    whole = bare(text)
    if whole[:1] in "{[" and whole[-1:] in "}]":
        return None
    return Fault(1, "has words around the JSON")


def _label(question: Question, text: str) -> Fault | None:
    """One label and nothing else; a full stop and another case do not count."""
    if question.scorer != "label" or question.expected is None:
        return None
    labels: list[str] = cast("dict[str, Any]", question.expected)["labels"]
    given = tokens(bare(text))
    if any(given == tokens(label) for label in labels):
        return None
    named = read_labels(text, labels)
    if len(named) > 1:
        return Fault(1, f"names {len(named)} labels")
    return Fault(2 if len(given) > 8 else 1, "is no label alone")


def _last_line(question: Question, text: str) -> Fault | None:
    word = ending_asked(question)
    if question.scorer != "numeric" or word is None:
        return None
    ends = [line.lstrip(" *_#") for line in fold(text).splitlines() if line.strip()]
    if ends and ends[-1].startswith(fold(word)):
        return None
    return Fault(2, f"does not end with {word!r}")
