"""Which model is held against which, and what comes of it."""

from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

import msgspec

from sprat.studies.asked import Asked
from sprat.studies.brief.material import Material
from sprat.studies.comparison import VerdictSummary
from sprat.studies.paired import Pair, pairs_of, verdict_of


class Contest(NamedTuple):
    """A smaller model beside a larger one, on the questions that both were asked."""

    small: Asked
    large: Asked
    pairs: tuple[Pair, ...]
    verdict: VerdictSummary | None
    """None where nothing was scored."""
    declared: bool
    """Whether the margin was declared before the first question."""

    @property
    def seed(self) -> int:
        """Of the resampling."""
        return self.small.study.settings["seed"]


class Field(NamedTuple):
    """The models of the brief, the quickest first, and the contest that it is about."""

    models: tuple[Asked, ...]
    contest: Contest | None
    """None: one model alone, or none that was scored."""


def field_of(material: Material, margin: float) -> Field:
    """A comparison of two models decides as it was declared; several models decide in turn.

    Of several the one that takes longest is the yardstick, for it is what the others would spare;
    a model that never answered is none.
    The others are held against it from the dearest to the cheapest, and the first that is not
    good enough ends the series: so no claim needs a wider interval for the others' sake.

    Source: Maurer, Hothorn & Lehmacher (1995), in Biometrie in der chemisch-pharmazeutischen
    Industrie 6:3 (tests in an order fixed beforehand).
    """
    models = _models(material.asked)
    if len(models) == 2 and material.comparisons:
        return _declared(material, margin)
    models = sorted(models, key=_seconds)
    answering = [one for one in models if one.summary().answered]
    if len(answering) < 2:
        return Field(tuple(models), None)
    rivals = [contest_of(one, answering[-1], margin) for one in reversed(answering[:-1])]
    return Field(tuple(models), _decisive(rivals))


def _declared(material: Material, margin: float) -> Field:
    """The comparison's own small and large model; the first one that was named."""
    sides = material.sides_of(material.comparisons[0].run)
    by_role = {one.model.role: one for one in sides}
    small, large = by_role.get("small", sides[0]), by_role.get("large", sides[-1])
    return Field((small, large), contest_of(small, large, margin))


def _decisive(rivals: Sequence[Contest]) -> Contest:
    """The cheapest of those that are good enough in a row; if none is, the first that is not."""
    enough = list(
        takewhile(lambda one: one.verdict and one.verdict.decision == "good-enough", rivals)
    )
    return enough[-1] if enough else rivals[0]


def contest_of(small: Asked, large: Asked, margin: float) -> Contest:
    """Paired by question, over those that are the same on both sides.

    `margin` is that of studies which declared none.
    """
    declared = small.study.settings.get("margin") if small.study.id == large.study.id else None
    theirs = {question.id: question for question in large.study.questions}
    shared = [one for one in small.study.questions if theirs.get(one.id) == one]
    runs = [msgspec.structs.replace(run, role="small") for run in small.runs]
    runs += [msgspec.structs.replace(run, role="large") for run in large.runs]
    pairs = pairs_of(shared, runs)
    scored = any(question.scorer != "none" for question in shared)
    return Contest(
        small,
        large,
        tuple(pairs),
        verdict_of(
            pairs,
            margin if declared is None else declared,
            small.study.settings["seed"],
            (small.model.name, large.model.name),
        )
        if scored
        else None,
        declared is not None,
    )


def _models(asked: Sequence[Asked]) -> list[Asked]:
    """Each model once, by its newest study; one that holds more answers goes before it."""
    found: dict[str, Asked] = {}
    for one in sorted(asked, key=lambda a: (len(a.runs), a.study.created)):
        found[one.model.name] = one
    return [found[name] for name in dict.fromkeys(one.model.name for one in asked)]


def _seconds(asked: Asked) -> float:
    """Median of an answer; a model that never answered takes for ever."""
    median_s = asked.summary().answer_s.p50
    return float("inf") if median_s is None else median_s
