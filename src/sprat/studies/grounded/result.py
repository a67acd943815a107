"""What an evaluation of grounded answers found. Reports and `--json` show exactly this."""

from typing import Any

import msgspec

from sprat.studies.comparison import PathSummary, QuestionSet
from sprat.studies.grounded.figures import Figure


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One number: what it is called, and what it came to."""

    name: str
    """As docs/metrics.md has it: `context_recall`, `f1` …"""
    group: str
    """`answers`, `abstention`, `grounding`, `retrieval`."""
    figure: Figure


class RiskSpot(msgspec.Struct, frozen=True):
    """Giving only the surest so many of all answers, so many of those are wrong."""

    coverage: float
    risk: float


class RiskSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What the confidence is worth."""

    calibrated: bool
    """Whether it was learned from labelled answers; else it follows rules or scores."""
    coverage: Figure
    risk: Figure
    aurc: Figure
    best_aurc: float | None
    """Of a confidence that knows which answers are right."""
    curve: tuple[RiskSpot, ...]


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What the answers took; failed ones included, for they cost time too."""

    seconds_p50: float | None
    seconds_p95: float | None
    retrieve_p50_s: float | None
    """Of finding the passages."""
    seconds_per_right: float | None
    """All seconds over the right answers; None: none was right."""
    input_tokens: int
    output_tokens: int
    """Of all attempts."""
    cost_usd: float | None
    """None: one of them has no price."""
    cost_usd_per_right: float | None
    energy_joules: float | None
    energy_source: str | None


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What the judge holds, and how far it can be believed."""

    aspect: str
    """`supported`: all of the answer stands in the passages; `same`: it says what the gold does."""
    yes: Figure
    """Share of the decided ones."""
    undecided: int
    """Yes in one order of the choices and no in the other, or no letter."""
    failed: int
    consistent: Figure
    """Share of the answers on which both orders said the same."""
    kappa: Figure
    """Cohen's kappa with `against`, over what was decided."""
    against: str


class AnswerLine(msgspec.Struct, frozen=True, kw_only=True):
    """One question and what came of it."""

    id: str
    kind: str
    question: str
    answers: tuple[str, ...]
    text: str
    error: str | None
    abstained: bool
    right: bool | None
    scores: dict[str, float | None]
    """Every measure of this one answer."""
    confidence: float | None
    path: str | None
    seconds: float
    cost_usd: float | None
    judged: dict[str, bool | None]
    reviewed: bool
    sources: tuple[dict[str, Any], ...]
    """`file`, `page`, `start`, `end`, `score`, `number`, and if it is `gold` (None: not known)."""


class GroundedEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """One way to answer from documents, on one set of questions."""

    schema: int = 1
    run: str
    created: str
    name: str
    questions: QuestionSet
    answerable: int
    unanswerable: int
    asked: int
    """Questions that there is an answer or an error of, so far."""
    failed: int
    right: Figure
    """Share of right answers over all questions that say what is right; failed ones are wrong."""
    measures: tuple[Measure, ...]
    risk: RiskSummary
    spent: Spent
    paths: tuple[PathSummary, ...]
    judge: str | None
    judged: tuple[Judged, ...]
    answers: tuple[AnswerLine, ...]
    settings: dict[str, Any]
    environment: dict[str, Any]
    warnings: tuple[str, ...]
    complete: bool
