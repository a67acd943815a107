"""Risks in the answers of the models that would answer."""

from collections.abc import Callable, Iterable
from statistics import fmean

from sprat.runs.intervals import mean_interval
from sprat.runs.statistics import MIN_PAIRS
from sprat.studies.asked import Asked
from sprat.studies.bestuse import USABLE
from sprat.studies.brief.result import Risk
from sprat.studies.brief.seen import Seen
from sprat.studies.heuristics_cells import ABSTAIN
from sprat.studies.summary import MANY_TRUNCATED
from sprat.studies.tally import right_of, score_of
from sprat.types import Question

MOSTLY = 0.75
"""A model that is right less often than this needs somebody who reads what it says."""
MIN_SILENT = 5
"""Questions without an answer below which nothing is said about silence."""
LANGUAGES = {"en": "English", "ms": "Malay", "sw": "Swahili"}


def often_wrong(seen: Seen) -> Iterable[Risk]:
    """The model that would answer is wrong too often to be left alone."""
    for asked in seen.answering:
        known = [told for run in asked.runs if (told := right_of(run)) is not None]
        if known and fmean(known) < MOSTLY:
            marks = seen.cite(asked, "Right answers", "above their scorer's bar", len(known))
            yield Risk(
                name="often wrong",
                weight=86,
                text=f"{asked.model.name} is right on {sum(known)} of {len(known)} questions "
                f"({fmean(known):.0%}): somebody must read its answers before they are used.",
                marks=marks,
            )


def failed(seen: Seen) -> Iterable[Risk]:
    """Requests that ended in an error."""
    for asked in seen.answering:
        errors = [run for run in asked.runs if run.error is not None]
        if errors:
            marks = seen.cite(asked, "Failures", "requests that ended in an error", len(asked.runs))
            yield Risk(
                name="failures",
                weight=84,
                text=f"{len(errors)} of {len(asked.runs)} requests to {asked.model.name} failed "
                "and count as wrong; the report names the error.",
                marks=marks,
            )


def never_silent(seen: Seen) -> Iterable[Risk]:
    """Where the text holds no answer it makes one up."""
    for asked in seen.answering:
        scorers = {question.id: question.scorer for question in asked.study.questions}
        known = [
            value
            for run in asked.runs
            if scorers[run.question] == ABSTAIN and (value := score_of(run)) is not None
        ]
        if len(known) < MIN_SILENT or fmean(known) >= USABLE:
            continue
        said = sum(value >= USABLE for value in known)
        marks = seen.cite(asked, "Silence", "questions whose text holds no answer", len(known))
        yield Risk(
            name="never says that it does not know",
            weight=80 if said == 0 else 74,
            text=f"{asked.model.name} seldom says that it does not know: on {len(known)} questions "
            f"whose text holds no answer it said so {said} times, and made something up else.",
            marks=marks,
        )


def cut_off(seen: Seen) -> Iterable[Risk]:
    """Answers that ended at their limit of length."""
    for asked in seen.answering:
        replies = [run.reply for run in asked.runs if run.reply]
        cut = sum(reply.finish == "length" for reply in replies)
        if replies and cut / len(replies) > MANY_TRUNCATED:
            marks = seen.cite(asked, "Cut off", "answers that reached their limit", len(replies))
            yield Risk(
                name="cut off",
                weight=68,
                text=f"{cut} of {len(replies)} answers of {asked.model.name} were cut off at their "
                "limit of length: its score is lower, and its time shorter, than without a limit.",
                marks=marks,
            )


def weak_kind(seen: Seen) -> Iterable[Risk]:
    """The kind of question that it is worst at."""
    for asked in seen.answering:
        scores = _by(asked, lambda question: question.kind)
        known = {kind: values for kind, values in scores.items() if len(values) >= MIN_SILENT}
        if len(known) < 2:
            continue
        kind, values = min(known.items(), key=lambda item: fmean(item[1]))
        if fmean(values) < USABLE:
            marks = seen.cite(asked, f"Kind {kind}", "mean score of that kind", len(values))
            yield Risk(
                name="weak kind",
                weight=64,
                text=f"{asked.model.name} is weakest at “{kind}”: it scores {fmean(values):.0%} on "
                f"{len(values)} such questions. Keep that work away from it.",
                marks=marks,
            )


def weak_language(seen: Seen) -> Iterable[Risk]:
    """A language whose scores lie below the rest's, beyond chance."""
    for asked in seen.answering:
        scores = _by(asked, lambda question: question.language)
        for language, values in scores.items():
            rest = [v for other, found in scores.items() if other != language for v in found]
            if _surely_below(values, rest):
                name = LANGUAGES.get(language, language)
                how = f"scores in {name} beside those in the other languages; intervals apart"
                yield Risk(
                    name="weak language",
                    weight=70,
                    text=f"{asked.model.name} is weaker in {name}: {fmean(values):.0%} on "
                    f"{len(values)} questions, {fmean(rest):.0%} on the others.",
                    marks=seen.cite(asked, f"Language {language}", how, len(values)),
                )


def _surely_below(values: list[float], rest: list[float]) -> bool:
    """Whether the two 95% intervals do not even touch: stricter than a test of the difference."""
    if min(len(values), len(rest)) < MIN_PAIRS:
        return False
    ours, theirs = mean_interval(values, 0, 1), mean_interval(rest, 0, 1)
    return ours is not None and theirs is not None and ours.high < theirs.low


def _by(asked: Asked, part: Callable[[Question], str]) -> dict[str, list[float]]:
    """Scores by a part of the question."""
    questions = {question.id: question for question in asked.study.questions}
    found: dict[str, list[float]] = {}
    for run in asked.runs:
        if (value := score_of(run)) is not None:
            found.setdefault(part(questions[run.question]), []).append(value)
    return found


ANSWERS = (often_wrong, failed, never_silent, cut_off, weak_kind, weak_language)
