"""How one answer fared, in a word or two."""

from collections.abc import Mapping
from typing import NamedTuple

from sprat.runs.browse import Outcome
from sprat.types import Run


class Badge(NamedTuple):
    """A word and its colour: `good`, `bad` or `off`."""

    words: str
    tone: str


def bars() -> dict[str, float]:
    """Scorer → the value from which an answer counts as right."""
    from sprat.questions.scorers import SCORERS

    return {name: scorer.right_at for name, scorer in SCORERS.items()}


def outcome_of(run: Run, right_at: Mapping[str, float]) -> Outcome | None:
    """Right, wrong, unscored or failed; None: it has a score, by what says no right or wrong."""
    if run.error is not None:
        return "error"
    verdict = run.verdicts[0] if run.verdicts else None
    if verdict is None or verdict.value is None:
        return "unscored"
    bar = right_at.get(verdict.scorer)
    if bar is None:
        return None
    return "right" if verdict.value >= bar - 1e-9 else "wrong"


def badge_of(run: Run) -> Badge:
    """What stands beside an answer."""
    outcome = outcome_of(run, bars())
    value = run.verdicts[0].value if run.verdicts else None
    shown = f"{value:.2f}" if value is not None else ""
    between = f", {shown}" if value is not None and 0.001 < value < 0.999 else ""
    words: Mapping[Outcome | None, Badge] = {
        "error": Badge("! failed", "bad"),
        "unscored": Badge("not scored", "off"),
        "right": Badge(f"✓ right{between}", "good"),
        "wrong": Badge(f"✕ wrong{between}", "bad"),
    }
    return words.get(outcome, Badge(shown, "off"))
