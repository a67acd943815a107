"""Scores texts that may be worded freely: what they must say, and what form they must have."""

from typing import Any, cast

from sprat.questions.scorers.base import Json, Scorer, as_list, unscored
from sprat.questions.scorers.rules import RULES, check_rules
from sprat.questions.scorers.words import bare, names, tokens
from sprat.types import Question, Verdict


def facts(question: Question, text: str, _finish: str | None = None) -> Verdict:
    """Key-fact recall times how far the form rules hold: for summaries.

    `expected` is a mapping: `facts`, a list whose items are lists of alternatives, one of which
    must stand in the text (whole words in a row; a number must be the whole number; `refund*` also
    finds "refunded"), and `rules` (see `rules.py`). Recall alone is won by copying everything, so
    the length rule multiplies it: twice the words allowed is worth half. A text that breaks off
    at its token limit loses what it did not get to say, and nothing more.
    """
    if question.expected is None:
        return unscored("facts")
    recall, missing, held = _measure(question.expected, text)
    form = sum(held.values()) / len(held) if held else 1.0
    return _verdict("facts", recall * form, text, missing, held)


def form(question: Question, text: str, _finish: str | None = None) -> Verdict:
    """1 if every rule of form holds and every required fact is there: for rewriting.

    The form is the job, so a text that breaks any rule is worth at most half: (share of rules
    that hold) / 2, times the share of the required facts. A text that keeps the form but loses
    content is worth the share of facts it kept: a bullet list that lacks one point of four is .75.
    An echo of the input, which has all facts, gets what its accidental form is worth; an empty
    text has no facts and gets 0 (rules alone, without `facts`, cannot tell: a blank text is 0).
    """
    if question.expected is None:
        return unscored("format")
    if not text.strip():
        return Verdict(scorer="format", value=0.0, answer="", why="empty")
    recall, missing, held = _measure(question.expected, text)
    share = sum(held.values()) / len(held) if held else 1.0
    return _verdict("format", recall * (1.0 if share == 1 else share / 2), text, missing, held)


def _measure(expected: Json, text: str) -> tuple[float, list[str], dict[str, float]]:
    fields = cast("dict[str, Any]", expected)
    given = bare(text)
    wanted, missing = fields.get("facts", []), missing_facts(fields, text)
    recall = 1 - len(missing) / len(wanted) if wanted else 1.0
    return (
        recall,
        missing,
        {name: RULES[name](given, arg) for name, arg in fields.get("rules", {}).items()},
    )


def missing_facts(expected: Json, text: str) -> list[str]:
    """The key facts of `expected` that `text` does not name, each by its first wording."""
    words = tokens(text)
    wanted = [as_list(fact) for fact in cast("dict[str, Any]", expected).get("facts", [])]
    return [str(fact[0]) for fact in wanted if not any(names(words, str(one)) for one in fact)]


def _verdict(
    scorer: str, value: float, text: str, missing: list[str], held: dict[str, float]
) -> Verdict:
    faults = [f"lacks {fact!r}" for fact in missing[:4]]
    faults += [f"breaks {rule}" for rule, degree in held.items() if degree < 1]
    return Verdict(
        scorer=scorer, value=value, answer=bare(text), why="; ".join(faults) or "all there"
    )


def _check(expected: Json) -> str | None:
    if not isinstance(expected, dict):
        return "no mapping with `facts` and `rules`"
    fields = cast("dict[str, Any]", expected)
    wanted, rules = fields.get("facts", []), fields.get("rules", {})
    if set(fields) - {"facts", "rules"} or not (wanted or rules):
        return "a mapping whose keys are not `facts` and `rules`"
    if not isinstance(wanted, list) or not isinstance(rules, dict):
        return "`facts` that are no list or `rules` that are no mapping"
    for fact in cast("list[Any]", wanted):
        if not as_list(fact) or not all(
            isinstance(one, (str, int, float)) and tokens(str(one)) for one in as_list(fact)
        ):
            return f"the fact {fact!r}, which is no text"
    return check_rules(cast("dict[str, Any]", rules))


FACTS = Scorer(
    name="facts",
    grade=facts,
    check=_check,
    right_at=0.8,
    summary="key facts named, times how far the length is kept",
)
FORMAT = Scorer(
    name="format",
    grade=form,
    check=_check,
    summary="all rules of form hold and all required content is there",
)
