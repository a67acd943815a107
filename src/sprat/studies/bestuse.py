"""Which kind of question is which model's best use: a stated rule over paired answers."""

from collections.abc import Mapping, Sequence
from statistics import mean, median
from typing import NamedTuple

import msgspec

from sprat.runs.intervals import Interval, mean_interval
from sprat.runs.statistics import MIN_PAIRS
from sprat.runs.study import Study
from sprat.studies.plan import DEFAULT_MARGIN
from sprat.studies.tally import group_of, score_of
from sprat.types import Run

USABLE = 0.5
"""A kind of question that even the best model gets less than half right is nobody's best use."""


class KindUse(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of question that a model is the one to take for."""

    kind: str
    n: int
    """Questions that every model of the study has a score for."""
    score: float
    answer_s: float
    """Median."""
    shown: bool
    """Whether the intervals leave no doubt; else it is only likely."""


class Unfit(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of question that the rule gives to nobody."""

    kind: str
    n: int
    best: float | None
    """The best model's score; None where there are too few questions to say."""


class BestUse(msgspec.Struct, frozen=True, kw_only=True):
    """What one model is to be taken for."""

    kinds: tuple[KindUse, ...]
    nobody: tuple[Unfit, ...]
    margin: float
    run: str
    """The study of its answers."""
    among: int
    """How many models were compared."""


class Told(NamedTuple):
    """One model's answers in one study."""

    study: Study
    key: str
    """What makes it this model; the same in every study."""
    runs: tuple[Run, ...]


Answers = Mapping[str, Run]
"""By question."""


class Field(NamedTuple):
    """Models that answered the same questions."""

    study: Study
    margin: float
    answers: dict[str, Answers]
    """By model."""
    runs: dict[str, str]
    """The study that a model's answers are from."""


def best_uses(told: Sequence[Told]) -> dict[str, BestUse]:
    """Each model's best use, from the largest field that it stands in."""
    fields = sorted(
        _fields(told), key=lambda f: (len(f.answers), len(f.study.questions)), reverse=True
    )
    found: dict[str, BestUse] = {}
    for field in fields:
        for key, use in _uses(field).items():
            found.setdefault(key, use)
    return found


def _fields(told: Sequence[Told]) -> list[Field]:
    """One per question set; of a model's several studies of it the fullest, then the newest.

    The margin is that study's too: the fullest, then newest, whose answers are used for sure.
    """
    fields: dict[str, Field] = {}
    for one in sorted(told, key=lambda t: (len(t.runs), t.study.created)):
        study, margin = one.study, one.study.settings.get("margin", DEFAULT_MARGIN)
        before = fields.get(study.questions_sha256, Field(study, margin, {}, {}))
        field = fields[study.questions_sha256] = before._replace(study=study, margin=margin)
        field.answers[one.key] = {run.question: run for run in one.runs}
        field.runs[one.key] = study.id
    return list(fields.values())


def _uses(field: Field) -> dict[str, BestUse]:
    taken: dict[str, list[KindUse]] = {key: [] for key in field.answers}
    nobody: list[Unfit] = []
    for kind in dict.fromkeys(question.kind for question in field.study.questions):
        judged = _judge(field, kind)
        if isinstance(judged, Unfit):
            nobody.append(judged)
        else:
            taken[judged[0]].append(judged[1])
    return {
        key: BestUse(
            kinds=tuple(kinds),
            nobody=tuple(nobody),
            margin=field.margin,
            run=field.runs[key],
            among=len(field.answers),
        )
        for key, kinds in taken.items()
    }


def _judge(field: Field, kind: str) -> tuple[str, KindUse] | Unfit:
    """Of the models within the margin of the best, the one that answers in the fewest seconds."""
    contest = _contest(field, kind)
    n = len(contest.groups)
    if n < MIN_PAIRS:
        return Unfit(kind=kind, n=n, best=None)
    if contest.score(contest.best) < USABLE:
        return Unfit(kind=kind, n=n, best=contest.score(contest.best))
    winner = contest.winner(field.margin)
    return winner, KindUse(
        kind=kind,
        n=n,
        score=contest.score(winner),
        answer_s=contest.seconds[winner],
        shown=contest.is_shown(winner, field.margin),
    )


class Contest(NamedTuple):
    """All models of a field on the questions of one kind that every one has a score for."""

    scores: dict[str, list[float]]
    """By model, in the order of the questions."""
    seconds: dict[str, float]
    """By model: median per answer."""
    groups: list[str]
    """By question: which of them are translations of one another."""

    def score(self, key: str) -> float:
        """A model's mean score."""
        return mean(self.scores[key])

    @property
    def best(self) -> str:
        """The model of the highest score."""
        return max(self.scores, key=self.score)

    def winner(self, margin: float) -> str:
        """The quickest of those within the margin of the best."""
        enough = self.score(self.best) - margin
        return min(
            (key for key in self.scores if self.score(key) >= enough),
            key=lambda key: self.seconds[key],
        )

    def is_shown(self, winner: str, margin: float) -> bool:
        """The winner is surely good enough beside each other, and no quicker one beside the best.

        As in a comparison's verdict, by the interval of the paired differences.
        """
        others = [key for key in self.scores if key != winner]
        quicker = [key for key in others if self.seconds[key] < self.seconds[winner]]
        return all(self._gap(winner, key).low > -margin for key in others) and all(
            self._gap(key, self.best).high < -margin for key in quicker
        )

    def _gap(self, one: str, other: str) -> Interval:
        """The interval of the difference of two models' scores, -1..1."""
        gaps = [a - b for a, b in zip(self.scores[one], self.scores[other], strict=True)]
        return mean_interval(gaps, -1, 1, groups=self.groups) or Interval(-1.0, 1.0)


def _contest(field: Field, kind: str) -> Contest:
    asked = [question for question in field.study.questions if question.kind == kind]
    values = [_scores(field, question.id) for question in asked]
    kept = [(question, told) for question, told in zip(asked, values, strict=True) if told]
    return Contest(
        {key: [told[key] for _, told in kept] for key in field.answers},
        {
            key: _seconds([answers[question.id] for question, _ in kept])
            for key, answers in field.answers.items()
        },
        [group_of(question) for question, _ in kept],
    )


def _scores(field: Field, question: str) -> dict[str, float]:
    """Every model's score of one question; empty if one of them has none."""
    found: dict[str, float] = {}
    for key, answers in field.answers.items():
        value = score_of(answers[question]) if question in answers else None
        if value is None:
            return {}
        found[key] = value
    return found


def _seconds(runs: Sequence[Run]) -> float:
    """Median of what came; a model that never answered is slower than any."""
    known = [run.reply.timing.answer_s for run in runs if run.reply is not None]
    return median(known) if known else float("inf")
