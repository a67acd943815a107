"""What a reader must know before believing the numbers."""

from collections.abc import Sequence
from statistics import median

from sprat.questions.scorers.words import tokens
from sprat.runs.study import Study
from sprat.studies.grounded.case import Case
from sprat.studies.grounded.question import unreviewed
from sprat.studies.watching import busy_before, drift_of

FEW = 30
LONG = 10
"""Words of a gold answer from which on a right answer in other words passes for a wrong one."""


def notes_of(study: Study, cases: Sequence[Case], judge_missing: bool) -> tuple[str, ...]:
    """One sentence each, the gravest first."""
    found = [
        _interrupted(study, cases),
        _failed(cases),
        _drafted(cases),
        _one_sided(cases),
        _long(cases),
        _few(cases),
        _own_judge(study),
        _unjudged(study) if judge_missing else "",
        _busy(study),
        drift_of(study.environment),
    ]
    return tuple(note for note in found if note)


def _interrupted(study: Study, cases: Sequence[Case]) -> str:
    if len(cases) >= len(study.questions):
        return ""
    why = f" ({study.note})" if study.note else ""
    return (
        f"Not finished{why}: {len(cases)} of {len(study.questions)} answers. "
        f"Go on with: sprat rag evaluate --resume {study.id}"
    )


def _failed(cases: Sequence[Case]) -> str:
    bad = [case for case in cases if case.error is not None]
    if not bad:
        return ""
    return f"{len(bad)} of {len(cases)} failed, counted as wrong; the first with: {bad[0].error}"


def _drafted(cases: Sequence[Case]) -> str:
    count = unreviewed(case.question for case in cases)
    if not count:
        return ""
    return (
        f"{count} of {len(cases)} questions were drafted by a model and reviewed by nobody: what "
        "is measured may be its mistakes. Review them in their file, or give --reviewed-only."
    )


def _one_sided(cases: Sequence[Case]) -> str:
    kinds = {case.question.kind for case in cases}
    if kinds == {"answerable"}:
        return (
            "Every question can be answered: whether it keeps silent when it should is not known."
        )
    if kinds == {"unanswerable"}:
        return "No question can be answered: whether its answers are right is not known."
    return ""


def _long(cases: Sequence[Case]) -> str:
    sizes = [min(len(tokens(a)) for a in c.question.answers) for c in cases if c.question.answers]
    if not sizes or median(sizes) < LONG:
        return ""
    return (
        f"Half of the gold answers have {median(sizes):.0f} words or more: exact match, F1 and "
        "contains ask for those very words. Give short ones, or ask a --judge."
    )


def _few(cases: Sequence[Case]) -> str:
    if len(cases) >= FEW:
        return ""
    return f"Only {len(cases)} questions: the intervals are wide for that reason."


def _unjudged(study: Study) -> str:
    return f"The judge was not asked yet. Go on with: sprat rag evaluate --resume {study.id}"


def _own_judge(study: Study) -> str:
    """Models prefer what they wrote. Source: Panickssery et al. (2024), arXiv:2404.13076."""
    judge = study.settings.get("judge")
    if judge is None or judge not in {study.settings.get("small"), study.settings.get("large")}:
        return ""
    return f"The judge, {judge}, is a model that answered: models think well of their own answers."


def _busy(study: Study) -> str:
    busy = busy_before(study.environment)
    return busy and f"The machine was busy when the study began ({busy}): do not trust the seconds."
