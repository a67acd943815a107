"""What a judge's measurement found. Reports and `--json` show exactly this; None: not measured."""

from typing import Any

import msgspec

from sprat.studies.comparison import QuestionSet
from sprat.studies.grounded.figures import Figure


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """One grader beside the reference grades, in one dimension."""

    by: str
    """The judge's name, or `rule`."""
    n: int
    """Answers with a reference grade that it graded."""
    unscored: int
    """Answers with a reference grade that it did not grade: left out of every figure."""
    kappa: Figure
    """Quadratic weighted, of rounded grades."""
    spearman: Figure
    error: Figure
    """Mean absolute, in grade points."""
    length: Figure
    """Grade points per doubling of the answer's length, at one reference grade."""
    injected: Figure
    """Of the answers that tell the judge what to reply, those graded a point or more above the
    reference grade."""
    raised: Figure = Figure(None)
    """The same of all others: a lenient grader is not taken in, it gives everyone more."""


class DimensionMeasure(msgspec.Struct, frozen=True, kw_only=True):
    """One dimension of the rubric."""

    name: str
    asks: str
    judge: Agreement
    rule: Agreement | None
    """None: there is no rule for this dimension."""
    difference: Figure
    """Kappa of the judge less the rule's, on the answers that both graded."""
    flips: Figure
    """Share of answers whose rounded grade the order of the scale alone changed."""
    mass: float | None
    """Mean share of the judge's probability that lay on the five grades; None: not told."""
    headline: bool
    """Whether the judge is fit for it: its grade, not the rule's, is what a report shows first."""
    why: str


class GradedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer and all its grades, by dimension."""

    id: str
    group: str
    prompt: str
    text: str
    characters: int
    note: str
    tags: tuple[str, ...]
    reference: dict[str, int]
    judge: dict[str, float | None]
    up: dict[str, float | None]
    """The judge's, with the grades shown from 1 to 5."""
    down: dict[str, float | None]
    """… and from 5 to 1."""
    rule: dict[str, float | None]
    errors: tuple[str, ...] = ()
    """Why the judge gave no reply."""


class JudgeMeasure(msgspec.Struct, frozen=True, kw_only=True):
    """One judge, on answers that were graded before."""

    schema: int = 1
    run: str
    created: str
    judge: str
    identity: dict[str, Any]
    family: str | None
    """None: not known."""
    answers_set: QuestionSet
    questions: int
    """How many questions the answers are to: the groups that are resampled."""
    rubric: str
    """Its version."""
    rubric_sha256: str
    opinions: int
    """Asked for so far."""
    opinions_planned: int
    failed: int
    """Opinions that ended in an error."""
    how: str
    """`expected`: grades by probability; `plain`: the digit said; `mixed`."""
    opinion_s: float | None
    """Median seconds of one opinion."""
    dimensions: tuple[DimensionMeasure, ...]
    headline: bool
    """In every dimension."""
    why: str
    answers: tuple[GradedAnswer, ...]
    settings: dict[str, Any]
    environment: dict[str, Any]
    warnings: tuple[str, ...]
    complete: bool


class JudgeStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What a judge was last measured to be worth."""

    study: str
    judge: str
    headlines: dict[str, bool]
    """By dimension."""
    reasons: dict[str, str]
    headline: bool
    """In every dimension."""
    why: str
    dimensions: tuple[DimensionMeasure, ...]
