"""The nouns of a change: two sides over their common questions, and what it comes to in words."""

from typing import Literal

import msgspec

from sprat.runs.flips import Method
from sprat.studies.evaluation.pace import Pace

SIGNIFICANCE = 0.01
"""A gate runs on every change: at 0.05 one harmless change in twenty would be stopped, and people
learn to wave it through. At 0.01 six questions lost and none won are still enough to be caught."""

Decision = Literal["regression", "improvement", "no evidence", "too few"]


class SideOf(msgspec.Struct, frozen=True, kw_only=True):
    """Which answers one side of a change is."""

    run: str
    model: str
    role: str
    created: str
    """ISO 8601, UTC: when the study began."""
    score: float | None
    """Mean over the common questions; None: there is none."""
    right: int
    """Of the common questions, how many count as right."""


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A question whose score is not what it was."""

    question: str
    kind: str
    before: float
    now: float
    right_before: bool
    right_now: bool


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Two sides over their common questions. Differences are now minus before, of a score 0..1."""

    before: SideOf
    now: SideOf
    decision: Decision
    """`too few`: fewer than 10 common questions, which decide nothing."""
    why: str
    """The decision in one sentence."""
    n: int
    """Questions that both sides have a score for."""
    difference: float | None
    low: float | None
    high: float | None
    """The interval of `difference`, two-sided at 1 - 2 `significance`."""
    p_worse: float | None
    """One-sided p-value of "it did not get worse by more than the margin"."""
    p_better: float | None
    """One-sided p-value of "it did not get better by more than the margin"."""
    method: Method | Literal["score test"]
    margin: float
    significance: float
    lost: int
    """Right before, wrong now."""
    won: int
    """Wrong before, right now."""
    moved: tuple[Moved, ...] = ()
    """The worst first."""
    changed_questions: tuple[str, ...] = ()
    """Ids that name another content now: left out."""
    only_before: int = 0
    """Questions that only the side before was asked: left out."""
    only_now: int = 0
    unscored: int = 0
    """Common questions that a side has no score for: left out."""
    pace: Pace
    differs: tuple[str, ...] = ()
    """What else is not the same, one line each: weights, machine, settings …"""


def sentence(change: Change) -> str:
    """The decision in one sentence, for a person and for the line of a gate."""
    if change.difference is None:
        return "Both sides share no question with a score, so nothing can be said."
    if change.decision == "too few":
        return f"{_found(change)}: fewer than 10 questions decide nothing."
    if change.decision == "regression":
        p = _probability(change.p_worse)
        return f"{_found(change)}: by chance alone a loss like this has a probability of {p}."
    if change.decision == "improvement":
        p = _probability(change.p_better)
        return f"{_found(change)}: by chance alone a gain like this has a probability of {p}."
    return f"{_found(change)}: no more than chance may do{_beyond(change)}."


def _found(change: Change) -> str:
    before, now = change.before.score or 0.0, change.now.score or 0.0
    questions = f"{change.n} common question{'' if change.n == 1 else 's'}"
    return (
        f"{change.now.model} scores {_percent(now)}, and {_percent(before)} before, on {questions} "
        f"({change.lost} lost, {change.won} won)"
    )


def _beyond(change: Change) -> str:
    return f" beyond the margin of {100 * change.margin:g} points" if change.margin else ""


def _percent(score: float) -> str:
    return f"{100 * score:.1f}%"


def _probability(p: float | None) -> str:
    if p is None:
        return "?"
    return f"{p:.4f}" if p >= 0.0001 else "less than 0.0001"
